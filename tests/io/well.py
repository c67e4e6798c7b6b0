#!/usr/bin/env python3
"""Checks sets of Fredholm with an independent reader (h5py), rule by rule: The Well's layout version 1,
the links for PDEBench and neuraloperator, provenance, checksums. Usage: well.py MAKE_SET MPIEXEC"""
import os, subprocess, sys, tempfile

try:
    import h5py, numpy as np
except ImportError as e:
    print("skipped:", e)
    sys.exit(77)

make_set, mpiexec = sys.argv[1:3]


def value(sample, field, channel, points):
    """set_value() of sample_set.h in 64-bit arithmetic that wraps"""
    m = (1 << 64) - 1
    out = []
    for i in range(points):
        h = (sample * 0x9E3779B97F4A7C15 + i * 0xC2B2AE3D27D4EB4F + field * 0x165667B19E3779F9
             + channel * 0xD6E8FEB86659FD93) & m
        h ^= h >> 29
        h = h * 0xBF58476D1CE4E5B9 & m
        h ^= h >> 32
        out.append((h & 0xFFFFF) / 1024.0 - 300.0)
    return np.array(out, np.float32)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def is_str(x, what):
    assert isinstance(x, str), (what, type(x))


def is_strs(x, what):
    assert hasattr(x, "__len__") and all(isinstance(s, str) for s in x), (what, x)
    return list(x)


def is_bool(x, what):
    assert isinstance(x, (bool, np.bool_)), (what, type(x))
    return bool(x)


def flags(o):
    return is_bool(o.attrs["sample_varying"], o.name), is_bool(o.attrs["time_varying"], o.name)


def described(o):
    is_str(o.attrs["units"], o.name)
    is_str(o.attrs["long_name"], o.name)
    assert o.attrs["units"] and o.attrs["long_name"], o.name


def check_root(f, n, dim):
    is_str(f.attrs["dataset_name"], "dataset_name")
    assert f.attrs["grid_type"] == "cartesian"
    assert isinstance(f.attrs["n_spatial_dims"], (int, np.integer)) and f.attrs["n_spatial_dims"] == dim
    assert f.attrs["n_trajectories"] == n
    for p in is_strs(f.attrs["simulation_parameters"], "simulation_parameters"):
        assert np.isscalar(f.attrs[p]) and f["scalars"][p].shape == ()
        assert np.float32(f.attrs[p]) == f["scalars"][p][()]
    assert "seed: " in f.attrs["config"] and f.attrs["format"] == "thewell-1"


def check_dimensions(f, dim, steps):
    d = f["dimensions"]
    names = is_strs(d.attrs["spatial_dims"], "spatial_dims")
    assert len(names) == dim
    assert d["time"].shape == (steps,) and d["time"].dtype == np.float32 and flags(d["time"]) == (False, True)
    assert (d["time"][...] == (0.5 + 0.25 * np.arange(steps) if steps > 1 else 0)).all()
    sizes = {}
    for a in names:
        assert d[a].dtype == np.float32 and d[a].ndim == 1 and flags(d[a]) == (False, False)
        sizes[a] = len(d[a])
        h = d[a][1] - d[a][0]
        assert abs(d[a][0] - h / 2) < 1e-6, "cells begin at half a step"
    for a in ["time"] + names:
        described(d[a])
    return names, sizes


def check_boundaries(f, names, sizes):
    kinds = {}
    for key, g in f["boundary_conditions"].items():
        dims = is_strs(g.attrs["associated_dims"], key)
        is_strs(g.attrs["associated_fields"], key)
        kind = g.attrs["bc_type"]
        assert kind in ("WALL", "OPEN", "PERIODIC"), kind
        assert kind.lower() in key and dims[0] in key, key
        assert flags(g) == (False, False)
        mask = g["mask"]
        assert mask.dtype == np.bool_ and mask.shape == tuple(sizes[a] for a in dims)
        on = np.flatnonzero(mask[...])
        assert set(on) <= {0, sizes[dims[0]] - 1} and len(on) > 0
        for i in on:
            kinds[dims[0], int(i) > 0] = g.attrs["bc_kind"]
    assert len(kinds) == 2 * len(names), kinds
    return kinds


def check_fields(f, n, names, sizes, steps):
    shape = tuple(sizes[a] for a in names)
    total = []
    for order in range(3):
        g = f["t%d_fields" % order]
        listed = is_strs(g.attrs["field_names"], g.name)
        assert sorted(listed) == sorted(g.keys())
        assert order == 0 or not listed
        for name in listed:
            d = g[name]
            sample, time = flags(d)
            assert d.attrs["dim_varying"].dtype == np.bool_ and d.attrs["dim_varying"].shape == (len(names),)
            assert d.attrs["dim_varying"].all() and sample
            assert d.shape == (n,) + ((steps,) if time else ()) + shape, (name, d.shape)
            assert d.dtype == np.float32 and d.chunks is None and d.id.get_offset() is not None
            described(d)
            total.append(name)
    g = f["scalars"]
    assert sorted(is_strs(g.attrs["field_names"], "scalars")) == sorted(g.keys())
    for s in g.values():
        assert flags(s) == (False, False) and s.dtype == np.float32
        described(s)
    return total


def check_links(f, dim, single, steps):
    same = lambda a, b: f[a].id.get_offset() == f[b].id.get_offset() and f[a] == f[b]
    pairs = {"x": "t0_fields/a", "y": "t0_fields/u"}
    if dim == 2 and steps == 1:
        pairs.update({"nu": "t0_fields/a", "tensor": "t0_fields/u", "x-coordinate": "dimensions/x",
                      "y-coordinate": "dimensions/y"})
    for link, target in pairs.items():
        if single:
            assert same(link, target), link
            assert isinstance(f.get(link, getlink=True), h5py.HardLink)
        else:
            assert link not in f
    if single and dim == 2 and steps == 1:  # as PDEBench's Darcy loader and neuraloperator's HDF5 loader take them
        assert f["tensor"].ndim == 4 and f["tensor"].shape[1] == 1 and f["nu"].ndim == 3
        assert f["x"][0, ::1, ::1].shape == f["y"][0, 0].shape


def check_provenance(f, n, names):
    p = f["provenance"]
    kinds = {"seed": np.uint64, "index": np.int64, "iterations": np.int32, "rung": np.int32, "strategy": np.int32,
             "residual": np.float64, "seconds": np.float64, "valid": np.bool_}
    for key, kind in kinds.items():
        assert p[key].dtype == kind and p[key].shape == (n,), (key, p[key].dtype)
        described(p[key])
    assert (p["index"][...] == np.arange(n)).all()
    good = p["valid"][...]
    assert (p["seed"][...] == np.where(good, 1234567890123456789 + np.arange(n, dtype=np.uint64), 0)).all()
    assert (p["iterations"][...] == np.where(good, 10 + np.arange(n), 0)).all()
    for name in names:
        d = f["t0_fields"][name]
        for i in (0, 1, n - 1):
            frames = [d[i]] if p["crc32c"][name].ndim == 1 else d[i]  # of trajectories each has its own
            found = np.atleast_1d(p["crc32c"][name][i])
            assert len(found) == len(frames) == (d.shape[1] if flags(d)[1] else 1)
            for frame, crc in zip(frames, found):
                assert crc == crc32c(frame.tobytes()), (name, i)
    for key in ("created_utc", "hostname", "commit"):
        is_str(p.attrs[key], key)
    assert bytes(p["config"][...]).decode() == f.attrs["config"]


def check_values(f, dim, inputs, outputs):
    good = f["provenance/valid"][...]
    for field, (name, channels) in enumerate((("a", inputs), ("u", outputs))):
        for c in range(channels):
            d = f["t0_fields"][name if channels == 1 else "%s_%d" % (name, c)]
            for i in range(d.shape[0]):
                if good[i]:
                    assert (d[i].ravel() == value(i, field, c, d[i].size)).all(), (name, i)
                elif name == "u":
                    assert np.isnan(d[i]).all(), "an invalid sample holds NaN"


def check_stats(path, f, names):
    stats, key = {}, None
    for line in open(path):  # the subset of YAML that is in the file; PyYAML may be missing
        if line.startswith("#"):
            continue
        k, v = line.split(":")
        if line[0] != " ":
            key = k
            stats[key] = {}
        else:
            stats[key][k.strip()] = float(v)
    assert sorted(stats) == sorted(["mean", "std", "rms", "mean_delta", "std_delta", "rms_delta"])
    good = f["provenance/valid"][...]
    for name in names:
        x = f["t0_fields"][name][...].astype(np.float64)[good]
        for k, v in (("mean", x.mean()), ("std", x.std()), ("rms", np.sqrt((x * x).mean()))):
            if name.startswith("u") or good.all():
                assert abs(stats[k][name] - v) <= 1e-12 * np.abs(x).max(), (k, name, stats[k][name], v)
        delta = np.diff(x, axis=1) if flags(f["t0_fields"][name])[1] else x[:, :0]
        wanted = (delta.mean(), delta.std(), np.sqrt((delta ** 2).mean())) if delta.size else (0, 1, 1)
        for k, v in zip(("mean_delta", "std_delta", "rms_delta"), wanted):
            assert abs(stats[k][name] - v) <= 1e-12 * np.abs(x).max(), (k, name, stats[k][name], v)


def check_xdmf(path, f, n, dim, steps):
    import xml.etree.ElementTree as ET
    collections = ET.parse(path).getroot().findall("./Domain/Grid")
    grids = ET.parse(path).getroot().findall("./Domain/Grid/Grid")
    assert len(grids) == n * steps and len(collections) == (1 if steps == 1 else n)
    if steps > 1:
        check_xdmf_steps(grids, f, steps)
        return
    for item in grids[1].iter("DataItem"):
        if item.get("Format") != "HDF":
            continue
        file, where = item.text.split(":")
        assert file == os.path.basename(f.filename)
        assert tuple(map(int, item.get("Dimensions").split())) == f[where].shape
    slab = next(i for i in grids[1].iter("DataItem") if i.get("ItemType") == "HyperSlab")
    start, stride, count = np.array(slab[0].text.split(), int).reshape(3, -1)
    data = f[slab[1].text.split(":")[1]]
    assert start[0] == 1 and (stride == 1).all() and len(start) == data.ndim
    assert count.prod() == data[1].size == np.array(slab.get("Dimensions").split(), int).prod()


def check_xdmf_steps(grids, f, steps):
    times = f["dimensions/time"][...]
    for k, grid in enumerate(grids):
        assert float(grid.find("Time").get("Value")) == times[k % steps]
        for slab in (i for i in grid.iter("DataItem") if i.get("ItemType") == "HyperSlab"):
            start, _, count = np.array(slab[0].text.split(), int).reshape(3, -1)
            data = f[slab[1].text.split(":")[1]]
            assert tuple(map(int, slab[1].get("Dimensions").split())) == data.shape
            assert start[0] == k // steps and data[0].size // (steps if flags(data)[1] else 1) == count.prod()
            if flags(data)[1]:
                assert start[1] == k % steps and count[1] == 1


def make(folder, name, ranks, **wishes):
    path = os.path.join(folder, name)
    words = [str(w) for pair in wishes.items() for w in pair]
    subprocess.run([mpiexec, "-n", str(ranks), make_set, path] + words, check=True)
    return path


def fields_of(path):
    with h5py.File(path, "r") as f:
        return {k: (d.shape, d[...].tobytes()) for k, d in f["t0_fields"].items()}


with tempfile.TemporaryDirectory() as folder:
    n = 12
    cases = [dict(dim=1), dict(dim=2), dict(dim=3), dict(dim=2, inputs=3, outputs=2), dict(dim=2, mixed=1),
             dict(dim=2, nan=1), dict(dim=2, steps=5), dict(dim=1, steps=3, outputs=2), dict(dim=3, steps=2, nan=1)]
    for k, case in enumerate(cases):
        path = make(folder, "set%d.h5" % k, 1 + k % 3, samples=n, **case)
        dim, inputs, outputs = case["dim"], case.get("inputs", 1), case.get("outputs", 1)
        steps = case.get("steps", 1)
        with h5py.File(path, "r") as f:
            check_root(f, n, dim)
            axes, sizes = check_dimensions(f, dim, steps)
            kinds = check_boundaries(f, axes, sizes)
            if "mixed" in case:
                assert kinds["x", True] == "periodic" and kinds["y", False] == "dirichlet"
                assert kinds["y", True] == "open"
            names = check_fields(f, n, axes, sizes, steps)
            check_links(f, dim, inputs == outputs == 1, steps)
            check_provenance(f, n, names)
            check_values(f, dim, inputs, outputs)
            check_stats(path[:-3] + ".stats.yaml", f, names)
            check_xdmf(path[:-3] + ".xdmf", f, n, dim, steps)
    one, three = (make(folder, "r%d.hdf5" % r, r, samples=n) for r in (1, 3))
    assert fields_of(one) == fields_of(three), "the fields depend on the number of ranks"
    assert open(one[:-5] + ".stats.yaml").read() == open(three[:-5] + ".stats.yaml").read()
print("well: %d sets pass every rule in h5py; equal fields on 1 and 3 ranks" % len(cases))
