#!/usr/bin/env python3
"""predict of a model on patches as a person uses it: files of anybody's, shared samples, what is refused.

Needs h5py to make the files."""
import os

import h5py
import numpy

from common import Folder, check, content, finish, listing, refuse_all, run, succeed

SHAPE = (3, 2, 40, 36)
MODEL = ["-n_modes", 4, "-hidden_channels", 4, "-n_layers", 1, "-epochs", 1, "-batch", 3, "-quiet"]


def make_files(where):
    rng = numpy.random.default_rng(1)
    x = rng.standard_normal(SHAPE).astype("f4")
    for name, options in (("plain.h5", {}), ("packed.h5", {"chunks": (1, 1, 7, 36), "compression": 4})):
        with h5py.File(os.path.join(where, name), "w") as f:
            f.create_dataset("x", data=x, **options)
            f["y"] = numpy.roll(x[:, :1], 3, -1)
    x[2, 1, 5, 6] = numpy.nan
    with h5py.File(os.path.join(where, "nan.h5"), "w") as f:
        f["x"], f["y"] = x, numpy.zeros((3, 40, 36), "f4")
    with h5py.File(os.path.join(where, "large.h5"), "w") as f:
        f["x"], f["y"] = numpy.zeros((3, 2, 600, 600), "f4"), numpy.zeros((3, 600, 600), "f4")
    for family, name, more in (("mg-tfno", "run", []), ("tfno", "whole", []), ("mg-tfno", "again", ["-recompute", "true"])):
        succeed(["train", "-data", "plain.h5", "-model", family, "-normalise_input", "channel", "-out", name]
                + MODEL + more, 2, where)


def arrays(where, name):
    with h5py.File(os.path.join(where, name)) as f:
        return {n: f[n][()] for n in ("t0_fields/x_0", "t0_fields/x_1", "t0_fields/y", "t0_fields/y_pred")
                if n in f}


def same(a, b, what):
    check(a.keys() == b.keys() and all(numpy.array_equal(a[n], b[n]) for n in a), what)


def predictions(where):
    """The same numbers from any file that holds them, on any ranks, whatever is computed at once."""
    call = ["predict", "-model_file", "run/model.h5", "-quiet"]
    succeed(call + ["-data", "plain.h5", "-out", "p1.h5", "-patches_at_once", 1], 1, where)
    one = arrays(where, "p1.h5")
    with h5py.File(os.path.join(where, "plain.h5")) as f:
        for c in range(2):
            check((f["x"][:, c] == one["t0_fields/x_%d" % c]).all(), "input %d is in the file" % c)
        check((f["y"][:].ravel() == one["t0_fields/y"].ravel()).all(), "the truth is in the file")
    check(numpy.isfinite(one["t0_fields/y_pred"]).all() and one["t0_fields/y_pred"].std() > 0, "a prediction")
    succeed(call + ["-data", "packed.h5", "-out", "p2.h5", "-ranks_per_sample", 2], 2, where)
    same(arrays(where, "p2.h5"), one, "a compressed file, two ranks a sample: the same")
    # a set of our own, with checksums
    own = call + ["-data", "p1.h5", "-inputs", "x", "-outputs", "y", "-out"]
    succeed(own + ["p3.h5", "-ranks_per_sample", 2, "-patches_at_once", 2], 4, where)
    same(arrays(where, "p3.h5"), one, "a file with checksums, two ranks a sample: the same")
    check(content(os.path.join(where, "p3.stats.yaml")) == content(os.path.join(where, "p1.stats.yaml")),
          "the same statistics")
    succeed(["verify", "p3.h5"], 1, where)
    succeed(call + ["-data", "plain.h5", "-out", "p4.h5", "-truth", "false", "-samples", "1:2"], 2, where)
    few = arrays(where, "p4.h5")
    check("t0_fields/y" not in few, "no truth was asked for")
    check((few["t0_fields/y_pred"] == one["t0_fields/y_pred"][1:]).all(), "some samples: the same numbers")
    evaluate = ["evaluate", "-model_file", "run/model.h5", "-data", "plain.h5", "-overwrite", "-out", "e.json"]
    check(succeed(evaluate, 1, where).out == succeed(evaluate + ["-ranks_per_sample", 2], 2, where).out,
          "evaluate: two ranks a sample, the same metrics")


def parameters_of(where, name):
    with h5py.File(os.path.join(where, name, "model.h5")) as f:
        found = {}
        f.visititems(lambda at, item: found.update({at: item[()]}) if isinstance(item, h5py.Dataset) else None)
        return {at: v for at, v in found.items() if getattr(v, "dtype", None) is not None and v.dtype.kind == "f"}


def recomputed(where):
    """A run that computed its patches again is the same run, also where that leaves room for more samples a call."""
    first = parameters_of(where, "run")
    check(len(first) > 8, "parameters are in the file: %d" % len(first))
    same(first, parameters_of(where, "again"), "trained with -recompute: the same parameters")
    wide = ["train", "-data", "plain.h5", "-model", "mg-tfno", "-n_modes", 12, "-hidden_channels", 16, "-epochs", 1, "-batch", 3,
            "-unit", 3, "-quiet", "-out"]
    succeed(wide + ["kept"], 1, where)
    succeed(wide + ["twice", "-recompute", "true"], 1, where)
    same(parameters_of(where, "kept"), parameters_of(where, "twice"), "and where one sample fills the cache")


def together(where):
    """Patches pass one by one, or four at a time where the weight is much larger than a patch: the same prediction by ranks and alone."""
    succeed(["train", "-data", "plain.h5", "-model", "mg-tfno", "-factorization", "none", "-levels", 2, "-out", "wide"] + MODEL
            + ["-n_modes", 32, "-hidden_channels", 16], 2, where)
    for name, words in (("run", "4 patches a sample in 4 passes"), ("wide", "16 patches a sample in 4 passes")):
        check(words in succeed(["inspect", name + "/model.h5"], 1, where).out, "%s: %s" % (name, words))
    call = ["evaluate", "-model_file", "wide/model.h5", "-data", "plain.h5", "-overwrite", "-out", "w.json"]
    one = succeed(call + ["-patches_at_once", 1], 1, where).out
    check(one == succeed(call, 1, where).out == succeed(call + ["-ranks_per_sample", 2], 2, where).out,
          "evaluate: one patch at a time, all, two ranks a sample: the same metrics")


def refusals(where):
    call = ["predict", "-model_file", "run/model.h5", "-quiet", "-out", "x{np}.h5", "-data"]
    with open(os.path.join(where, "damaged.h5"), "wb") as f:
        whole = bytearray(content(os.path.join(where, "p1.h5")))
        with h5py.File(os.path.join(where, "p1.h5")) as p:
            whole[p["t0_fields/x_1"].id.get_offset() + 4 * 40 * 36 * 2 + 100] ^= 1
        f.write(whole)
    refuse_all([(call + ["nan.h5"], 67, "sample 2 of x has the value nan"),
                (call + ["damaged.h5", "-inputs", "x", "-outputs", "y"], 67, "sample 2 of t0_fields/x_1 is damaged"),
                (call + ["plain.h5", "-ranks_per_sample", 4], 64, "2 ranks cannot be split into groups of 4"),
                (call + ["plain.h5", "-ranks_per_sample", 2, "-model_file", "whole/model.h5"], 64,
                 "has no patches to share")], where, (2,))
    refuse_all([(call + ["plain.h5", "-ranks_per_sample", 3], 64, "3 ranks cannot share the 4 patches")], where, (3,))
    # 17 MB where files end at 12, which is large enough for what MPI itself writes: what was there stays
    before = listing(where)
    r = run(call[:-3] + ["-out", "p1.h5", "-overwrite", "-data", "large.h5"], 2, where, file_limit=12 << 20)
    check(r.code == 68 and "File too large" in r.err, "no room: %s" % r)
    check(listing(where) == before, "and nothing is left: %s" % listing(where))


with Folder() as folder:
    make_files(folder)
    recomputed(folder)
    predictions(folder)
    together(folder)
    refusals(folder)
finish("predictions of a model on patches: foreign and own files, shared samples, refusals")
