#!/usr/bin/env python3
"""Do the real packages read our sets? The Well's loader (the_well), PDEBench's rules for its Darcy loader,
neuraloperator's HDF5 loader.

usage: packages.py FREDHOLM_BIN_FOLDER     run by an interpreter that has the_well, neuraloperator, h5py
exits 77 (skipped) where they are missing: they come from PyPI and Fredholm does not need them.
"""
import os
import subprocess
import sys
import tempfile

try:
    import h5py
    import torch
    from neuralop.data.datasets.hdf5_dataset import H5pyDataset
    from the_well.data import WellDataset
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

SAMPLES, POINTS = 5, 24


def make(folder):
    data = os.path.join(folder, "datasets", "darcy", "data", "train")
    os.makedirs(data)
    path = os.path.join(data, "darcy.hdf5")
    command = [os.path.join(sys.argv[1], "fredholm"), "generate", "-problem", "darcy", "-n", str(SAMPLES),
               "-size", str(POINTS), "-seed", "1", "-out", path, "-quiet"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return data, path


def expect(truth, what):
    if not truth:
        sys.exit(f"FAIL {what}")


def read_well(folder, a, u):
    well = WellDataset(path=folder, n_steps_input=1, n_steps_output=0, use_normalization=False)
    expect(len(well) == SAMPLES, f"the_well sees {len(well)} samples")
    for i in range(SAMPLES):
        item = well[i]
        expect(torch.equal(item["input_fields"][0, ..., 0], u[i]), f"the_well: u of sample {i}")
        expect(torch.equal(item["constant_fields"][..., 0], a[i]), f"the_well: a of sample {i}")


def read_neuralop(path, a, u):
    data = H5pyDataset(path, resolution=1024)
    expect(len(data) == SAMPLES, f"neuraloperator sees {len(data)} samples")
    for i in range(SAMPLES):
        expect(torch.equal(torch.as_tensor(data[i]["x"]).reshape(a[i].shape), a[i]), f"neuraloperator: x of {i}")
        expect(torch.equal(torch.as_tensor(data[i]["y"]).reshape(u[i].shape), u[i]), f"neuraloperator: y of {i}")


def read_pdebench(path, a, u):
    """The names, ranks and order that PDEBench's FNODatasetSingle asks of a Darcy file."""
    with h5py.File(path) as file:
        expect(file["tensor"].shape == (SAMPLES, 1, POINTS, POINTS), "PDEBench: tensor")
        expect(file["nu"].shape == (SAMPLES, POINTS, POINTS), "PDEBench: nu")
        expect((torch.as_tensor(file["tensor"][:, 0]) == u).all(), "PDEBench: u")
        expect((torch.as_tensor(file["nu"][:]) == a).all(), "PDEBench: a")
        expect(len(file["x-coordinate"]) == POINTS and len(file["y-coordinate"]) == POINTS, "PDEBench: grid")


def read_plate(folder, layout):
    """A plate with a hole, on a grid with a mask that is the same for all samples, or on the nodes of its mesh."""
    data = os.path.join(folder, "datasets", "thermal-" + layout, "data", "train")
    os.makedirs(data)
    path = os.path.join(data, "plate.hdf5")
    command = [os.path.join(sys.argv[1], "fredholm"), "generate", "-problem", "thermal", "-conductivity", "lognormal", "-mesh_size",
               "0.1", "-size", "21,33", "-layout", layout, "-n", str(SAMPLES), "-out", path, "-quiet"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    well = WellDataset(path=data, n_steps_input=1, n_steps_output=0, use_normalization=False)
    names = ["k", "g", "q"] + (["mask"] if layout == "grid" else [])
    expect(well.metadata.constant_field_names[0] == names, f"the_well: constant fields {well.metadata.constant_field_names[0]}")
    with h5py.File(path) as file:
        for i in range(SAMPLES):
            item = well[i]
            expect(torch.equal(item["input_fields"][0, ..., 0], torch.as_tensor(file["t0_fields/u"][i, 0])), f"the_well: u of {i}")
            for channel, name in enumerate(names):
                values = file["t0_fields"][name][:] if name == "mask" else file["t0_fields"][name][i]
                expect(torch.equal(item["constant_fields"][..., channel], torch.as_tensor(values)), f"the_well: {name} of {i}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        data, path = make(folder)
        with h5py.File(path) as file:
            a = torch.as_tensor(file["t0_fields/a"][:])
            u = torch.as_tensor(file["t0_fields/u"][:, 0])
        read_well(data, a, u)
        read_neuralop(path, a, u)
        read_pdebench(path, a, u)
        read_plate(folder, "grid")
        read_plate(folder, "nodes")
    print("the_well, neuraloperator and PDEBench's rules: every value is read as it was written")


if __name__ == "__main__":
    main()
