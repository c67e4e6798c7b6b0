#!/usr/bin/env python3
"""MgNO on the command line: parameter counts and V-cycles by inspect, a V-cycle as an operator, transfer to
other grids, and what is refused with which sizes. Needs h5py to make the files."""
import os
import re

import h5py
import numpy

from common import Folder, check, finish, refuse_all, succeed

SMALL = ["-model", "mgno", "-hidden_channels", 3, "-n_layers", 2]


def make(path, samples, n, in_channels=1, m=None):
    rng = numpy.random.default_rng(n)
    shape = (samples, in_channels, n, m or n)
    with h5py.File(path, "w") as f:
        f["x"] = rng.standard_normal(shape).astype("f4")
        f["y"] = rng.standard_normal((samples, 1) + shape[2:]).astype("f4")


def make_files(where):
    for n in (256, 211, 64, 32, 16, 27):
        make(os.path.join(where, "n%d.h5" % n), 2, n)
    make(os.path.join(where, "pipe.h5"), 2, 128, 2)
    make(os.path.join(where, "flat.h5"), 2, 32, m=4)
    succeed(["generate", "-n", 4, "-size", 16, "-out", "darcy.h5", "-quiet"], 1, where)


def train(where, out, data, *options):
    succeed(["train", "-data", data, "-epochs", 0, "-boundary", "periodic", "-out", out, "-quiet", "-micro_batch",
             1, "-normalise_output", "none", "-loss", "lp", "-batch", 2] + list(options), 1, where)


def counts(where):
    """The numbers of the paper, and the cycle as a person reads it."""
    published = (("darcy", "n256.h5", 572661), ("darcy-smooth", "n211.h5", 678093), ("pipe", "pipe.h5", 783876),
                 ("navier-stokes", "n64.h5", 2885194))
    for variant, data, count in published:
        train(where, variant, data, "-model", "mgno", "-mgno_variant", variant)
        text = succeed(["inspect", variant + "/model.h5", "-steps", "false"], 1, where).out
        check("parameters: %d reals" % count in text, "%s has %d parameters: %s" % (variant, count, text[:3000]))
        levels = [int(x) for x in re.findall(r"^  +\d+ +\d+x\d+ +\d+ +\d+ +\d+ +\d+ +(\d+)  ", text, re.M)]
        cycles = re.findall(r"^conv_list\.\d: (\d+) parameters, (f|as)", text, re.M)
        own = [int(n) for n, how in cycles if how == "f"]
        check(sum(levels) == sum(own), "the levels of %s add up: %s %s" % (variant, levels, own))
        beside = int(re.search(r"beside the V-cycles: (\d+) parameters", text).group(1))
        check(sum(int(n) for n, _ in cycles) + beside == count, "cycles and rest of %s add up" % variant)
        if variant == "darcy-smooth":
            for words in ("conv_list.0: 62757 parameters, f 1 -> u 24 channels, sides zero/zero, zero/zero",
                          "0     211x211     1    24     1     0", "5         7x7     1    24     2     0",
                          "S 3x3; P 3x3/2 from level 1", "R, Pi 3x3/2, 1 x (A, S) 3x3; P 4x4/2 from level 2",
                          "R, Pi 3x3/2, 2 x (A, S) 3x3"):
                check(words in text, "inspect tells '%s': %s" % (words, text[:4000]))


def operator(where):
    """W of a layer applied alone: the same numbers by NumPy for a cycle of one level, linear to round-off."""
    train(where, "one", "n16.h5", *SMALL, "-mgno_variant", "navier-stokes", "-pre_smoothing", "1", "-seed", 2)
    for np in (1, 2):
        succeed(["predict", "-model_file", "one/model.h5", "-data", "n16.h5", "-boundary", "periodic", "-out",
                 "w%d.h5" % np, "-mgno_layer", 0, "-linear", "-quiet"], np, where)
    with h5py.File(os.path.join(where, "one/model.h5")) as f:
        kernel = f["tensors/conv_list.0.layer0.0.S.weight"][:]
        bias = f["tensors/conv_list.0.layer0.0.S.bias"][:]
    with h5py.File(os.path.join(where, "w1.h5")) as f, h5py.File(os.path.join(where, "n16.h5")) as d:
        x, got = d["x"][:, 0], numpy.stack([f["t0_fields/u_%d" % c][:, 0] for c in range(3)], 1)
        check((f["t0_fields/f"][:] == x).all(), "f of the first layer is the input")
        with h5py.File(os.path.join(where, "w2.h5")) as g:
            check((g["t0_fields/u_1"][:] == f["t0_fields/u_1"][:]).all(), "the same on 2 ranks")
    want = sum(kernel[None, :, 0, a, b, None, None] * numpy.roll(x, (1 - a, 1 - b), (1, 2))[:, None]
               for a in range(3) for b in range(3))
    check(abs(got - want).max() < 1e-5, "W of one level is its stencil: %g" % abs(got - want).max())
    succeed(["predict", "-model_file", "one/model.h5", "-data", "n16.h5", "-boundary", "periodic", "-out",
             "biased.h5", "-mgno_layer", 0, "-quiet"], 1, where)
    with h5py.File(os.path.join(where, "biased.h5")) as f:
        with_bias = numpy.stack([f["t0_fields/u_%d" % c][:, 0] for c in range(3)], 1)
    check(abs(with_bias - got - bias[None, :, None, None]).max() < 1e-5, "and without -linear plus its bias")
    train(where, "deep", "n32.h5", *SMALL, "-pre_smoothing", "1,1,2", "-post_smoothing", "1,0,0")
    text = succeed(["inspect", "deep/model.h5", "-mgno_layer", 1], 1, where).out
    for words in ("W from 3 to 3 channels on 32x32 points, a matrix of 3072 x 3072", "norm: |W| = ",
                  "waves: |W f| / |f|", "reaches 16 points far", "conv_list.1.RTlayers.0.weight (3 x 3 channels)"):
        check(words in text, "inspect of a cycle tells '%s': %s" % (words, text))
    for name in ("linear", "transpose"):
        value = float(re.search(name + r": .* = (\S+)", text).group(1))
        check(value < 1e-5, "%s: %g" % (name, value))


def transfer(where):
    """Models without weights at every point go to other grids, and the sentence says why others do not."""
    train(where, "even", "n32.h5", *SMALL, "-pre_smoothing", "1,1,2")
    train(where, "free", "n27.h5", *SMALL, "-pre_smoothing", "1,1,2", "-prolongation_kernel", 4)
    train(where, "tied", "n32.h5", *SMALL, "-mgno_variant", "navier-stokes", "-pre_smoothing", "1,2")
    train(where, "loose", "n32.h5", *SMALL, "-mgno_variant", "navier-stokes", "-pre_smoothing", "1,2",
          "-norm_affine", "none")
    measure = lambda model, data: ["evaluate", "-boundary", "periodic", "-model_file", model + "/model.h5",
                                   "-data", data, "-out", "x{np}.json"]
    for model, data in (("even", "n16.h5"), ("free", "n32.h5"), ("loose", "n16.h5")):
        out = succeed(measure(model, data)[:-2] + ["-out", model + ".json"], 2, where).out
        check('"grid":	"%sx' % data[1:3] in out, "%s on %s: %s" % (model, data, out))
    refuse_all([
        (measure("tied", "n16.h5"), 66, "trained on 32x32 points and cannot be used on 16x16: its parameter "
         "conv_list.0.norm_layer_list.0.weight has 3072 numbers there and would need 768 here: norms with "
         "weights at every point belong to one grid; -norm_affine none"),
        (measure("even", "n27.h5"), 66, "trained on 32x32 points and cannot be used on 27x27: its parameter "
         "conv_list.0.RTlayers.0.weight has 144 numbers there and would need 81 here: the kernels of the "
         "prolongation are 4 points wide on even sizes"),
        (["predict", "-boundary", "periodic", "-model_file", "tied/model.h5", "-data", "n64.h5", "-out",
          "x{np}.h5"], 66, "-norm_affine none makes a model for all"),
        (["evaluate", "-model_file", "tied/model.h5", "-data", "darcy.h5", "-out", "x{np}.json"], 64,
         "makes axis 0 periodic but the data is dirichlet"),
        (["train", "-data", "n32.h5", "-test", "n16.h5", "-boundary", "periodic", "-out", "x{np}", "-mgno_variant",
          "navier-stokes", "-pre_smoothing", "1,2"] + SMALL, 66,
         "for the 32x32 points of the training set cannot be used on the 16x16 of n16.h5"),
    ], where, (1, 2))


def refusals(where):
    new = ["train", "-data", "n16.h5", "-out", "x{np}"] + SMALL
    look = ["predict", "-model_file", "one/model.h5", "-boundary", "periodic", "-data", "n16.h5", "-out", "x{np}.h5"]
    refuse_all([
        (new, 66, "a V-cycle of 6 levels on a grid of 16x16 points: at most 5 levels"),
        (new + ["-data", "flat.h5"], 66, "a V-cycle of 6 levels on a grid of 32x4 points: at most 3 levels"),
        (new + ["-mgno_variant", "helmholtz"], 66, "a V-cycle of 5 levels on a grid of 16x16 points: at most"),
        (new + ["-data", "darcy.h5", "-mgno_variant", "navier-stokes"], 64,
         "option -sides makes axis 0 periodic but the data is dirichlet"),
        (new + ["-pre_smoothing", "1,1", "-post_smoothing", "1"], 64, "-post_smoothing has 1 numbers but"),
        (new + ["-pre_smoothing", "1,1", "-level_channels", "1,2,4"], 64, "-level_channels has 3 numbers but"),
        (new + ["-pre_smoothing", "1,1", "-level_channels", "2,4"], 64, "begins with 2"),
        (new + ["-pre_smoothing", "1,1", "-sides", "zero,zero,reflect"], 64, "names 3 kinds but the data has 2"),
        (new + ["-pre_smoothing", "1,1", "-sides", "mirror"], 64, "names 'mirror'"),
        (["train", "-data", "pipe.h5", "-out", "x{np}", "-mgno_variant", "navier-stokes"] + SMALL, 64,
         "adds 2 input channels to 1 output channels"),
        (look + ["-mgno_layer", 2], 64, "the model has V-cycles 0 to 1, not 2"),
        (look + ["-linear"], 64, "say which with -mgno_layer"),
        (["inspect", "one/model.h5", "-mgno_layer", 5], 64, "the model has V-cycles 0 to 1, not 5"),
    ], where, (1, 2))


with Folder() as folder:
    make_files(folder)
    counts(folder)
    operator(folder)
    transfer(folder)
    refusals(folder)
finish("mgno: counts, V-cycles as operators, other grids, refusals")
