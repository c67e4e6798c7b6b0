#!/usr/bin/env python3
"""Files and numbers that no run can use, on 1 and 3 ranks: one sentence, the exit code, nothing left.

With what usage.py, generate.py and train.py refuse (options, existing output, unwritable folders, full
disk, damage of models) this is the list of bad input. Needs h5py to make the files."""
import os

import h5py
import numpy

from common import Folder, check, content, finish, refuse, run, succeed

BOTH = (1, 3)
TINY = ["-n_modes", 4, "-hidden_channels", 4, "-n_layers", 1, "-epochs", 1, "-quiet"]


def make(where, name, x, y):
    with h5py.File(os.path.join(where, name), "w") as f:
        f["x"], f["y"] = x, y


def make_files(where):
    random = numpy.random.default_rng(1)
    x, y = random.normal(size=(2, 12, 16, 16)).astype("f4")
    make(where, "good.h5", x, y)
    make(where, "line.h5", x[:, 0], y[:, 0])
    make(where, "fewer.h5", x, y[:11])
    make(where, "other.h5", x, y[:, :15, :15])
    make(where, "flat.h5", x[:, 0, 0], y[:, 0, 0])
    make(where, "none.h5", x[:0], y[:0])
    make(where, "text.h5", numpy.array([b"a", b"b"]), numpy.array([b"a", b"b"]))
    make(where, "constant.h5", x, 0 * y + 3)
    x[7, 3, 4] = numpy.nan
    make(where, "nan.h5", x, y)
    with open(os.path.join(where, "cut.h5"), "wb") as f:
        f.write(content(os.path.join(where, "good.h5"))[:9000])
    succeed(["generate", "-n", 12, "-size", 16, "-out", "set.h5", "-quiet"], 3, where)
    flipped = bytearray(content(os.path.join(where, "set.h5")))
    with h5py.File(os.path.join(where, "set.h5")) as f:
        flipped[f["y"].id.get_offset() + 5 * 1024 + 77] ^= 8  # in the solution of sample 5
    with open(os.path.join(where, "flipped.h5"), "wb") as f:
        f.write(flipped)
    succeed(["train", "-data", "good.h5", "-out", "run"] + TINY, 3, where)
    succeed(["train", "-data", "line.h5", "-out", "run1"] + TINY, 3, where)


def data(where):
    for name, code, words in (
            ("missing.h5", 68, "No such file"), ("cut.h5", 67, "cut off"),
            ("flipped.h5", 67, "sample 5 of t0_fields/u is damaged"),
            ("nan.h5", 67, "sample 7 of x has the value nan"),
            ("fewer.h5", 67, "y has 11 samples, but x has 12"),
            ("other.h5", 67, "12x16x16, y has 12x15x15"), ("flat.h5", 67, "x has 1 axes"),
            ("none.h5", 67, "0x16x16"), ("text.h5", 67, "neither numbers"),
            ("constant.h5", 70, "is constant"), ("run/model.h5", 64, "-inputs")):
        refuse(["train", "-data", name, "-out", "x{np}"] + TINY, code, words, BOTH, where)
    for command, name, words in (("evaluate", "cut.h5", "cut off"), ("predict", "nan.h5", "sample 7"),
                                 ("evaluate", "flipped.h5", "sample 5")):
        refuse([command, "-model_file", "run/model.h5", "-data", name, "-out", "x{np}.h5"], 67, words,
               BOTH, where)
    refuse(["train", "-data", "good.h5", "-test", "nan.h5", "-out", "x{np}"] + TINY, 67, "sample 7",
           BOTH, where)


def grids(where):
    refuse(["train", "-data", "good.h5", "-test", "line.h5", "-out", "x{np}"] + TINY, 66,
           "1 axes (16), good.h5 has 2 (16x16)", BOTH, where)
    for command, model, name, words in (
            ("evaluate", "run/model.h5", "line.h5", "2 axes (16x16)"),
            ("predict", "run1/model.h5", "good.h5", "1 axes (16)")):
        refuse([command, "-model_file", model, "-data", name, "-out", "x{np}.h5"], 66, words, BOTH, where)
    for command in ("predict", "evaluate"):
        for out in ("./good.h5", "./run/model.h5"):
            refuse([command, "-model_file", "run/model.h5", "-data", "good.h5", "-out", out, "-overwrite"], 64, "same file",
                   BOTH, where)


def ranks(where):
    refuse(["generate", "-n", 2, "-size", 8, "-out", "x{np}.h5"], 64, "2 samples", (3,), where)
    refuse(["train", "-data", "good.h5", "-out", "x{np}", "-batch", 2] + TINY, 64, "at most 2 ranks",
           (3,), where)


def patches(where):
    """Factorised weights and patches that cannot be: levels, padding, ranks of tensors and of MPI."""
    train = ["train", "-data", "good.h5", "-out", "x{np}"] + TINY
    for how, code, words, np in (
            (["-model", "mg-tfno", "-levels", 5], 66, "16 points along axis 0 cannot be cut into 32", ()),
            (["-model", "mg-tfno", "-levels", 9], 64, "between 0 and 8", ()),
            (["-model", "mg-tfno", "-padding_fraction", 1.2], 64, "-padding_fraction is 1.2", ()),
            (["-model", "mg-tfno", "-padding_fraction", "0.1,0.1,0.1"], 64, "has 3 numbers", ()),
            (["-model", "mg-tfno", "-ranks_per_sample", 3], 64,
             "3 ranks cannot share the 4 patches of a sample", (3,)),
            (["-model", "mg-tfno", "-ranks_per_sample", 2], 64, "3 ranks cannot be split into groups of 2", (3,)),
            (["-model", "tfno", "-ranks_per_sample", 3], 64, "has no patches to share", (3,)),
            (["-model", "mg-tfno", "-loss_blocks", 3], 64, "cannot be cut into 3 blocks", ()),
            (["-model", "tfno", "-rank", "500,4,4,4"], 64, "rank 500 in place 0", ()),
            (["-model", "tfno", "-factorization", "tt", "-rank", "99,4,4"], 64, "rank 99 in place 1", ()),
            (["-model", "tfno", "-factorization", "cp", "-rank", 1000000], 64, "rank 1000000", ()),
            (["-model", "tfno", "-rank", 2.5], 64, "2.5 is no rank", ()),
            (["-model", "fno", "-n_layers", 2, "-resolution_scaling_factor", "1,2"], 66, "32x32 points from one of 16x16", ()),
            (["-model", "fno", "-rank", 0.05], 64, "-rank 0.05 is the rank of factors", ()),
            (["-model", "fno", "-joint_factorization", "true"], 64, "needs a -factorization", ()),
            (["-model", "tfno", "-n_layers", 2, "-joint_factorization", "true", "-rank",
              "2,2,2,2,3,3,3,3"], 64, "cannot share a tensor", ()),
            (["-model", "fno", "-tensor_dropout", 0.1], 64, "dense weights have none", ()),
            (["-model", "tfno", "-tensor_dropout", 1], 64, "-tensor_dropout is 1", ())):
        refuse(train + how, code, words, np or (1,), where)
    refuse(["predict", "-model_file", "run/model.h5", "-data", "good.h5", "-out", "x{np}.h5", "-patches_at_once", 2], 64,
           "model fno has no patches", BOTH, where)


def solver(where):
    """The set is written with its inputs, marked; but the run has failed and says so."""
    for name, how, words in (
            ("tolerance.h5", ["-tolerance", 1e-30], "solved to the tolerance 1e-30"),
            ("singular.h5", ["-coefficient", "lognormal", "-scale", 4000], "none of the 4 samples")):
        for np in BOTH:
            r = run(["generate", "-n", 4, "-size", 8, "-quiet", "-overwrite", "-out", name] + how, np,
                    where)
            errors = [s for s in r.sentences if s.startswith("fredholm: error")]
            check(r.code == 70 and len(errors) == 1 and words in errors[0], "%s" % r)
            with h5py.File(os.path.join(where, name)) as f:
                check(not f["provenance/valid"][:].any(), "%s: samples are marked" % name)
                check(numpy.isnan(f["y"][:]).all(), "%s: no solution is made up" % name)
        refuse(["train", "-data", name, "-out", "x{np}"] + TINY, 67, "sample", BOTH, where)


def steps(where):
    """A learning rate that no model survives: steps are skipped on all ranks, told, and given up."""
    diverge = ["train", "-data", "good.h5", "-epochs", 30, "-lr", 1000, "-optimiser", "adam-l2",
               "-max_skips", 3, "-progress", "plain", "-n_modes", 4, "-hidden_channels", 4, "-out", "d"]
    for np in BOTH:
        r = run(diverge + ["-overwrite"], np, where)
        check(r.code == 70 and "3 steps in a row" in r.err.replace("4 steps", "3 steps"), "%s" % r)
        check("skipped on all ranks" in r.out + r.err, "every skipped step is told: %s" % r)


with Folder() as folder:
    make_files(folder)
    data(folder)
    grids(folder)
    ranks(folder)
    patches(folder)
    solver(folder)
    steps(folder)
finish("bad input: files, shapes, grids, ranks, solvers, steps: refused on 1 and 3 ranks")
