#!/usr/bin/env python3
"""Trajectories as a person uses them: train on one-step pairs, roll out, predict, and what is refused.

Needs h5py to make the files: a wave that moves and fades on the periodic square, in The Well's layout."""
import json
import os
import shutil

import h5py
import numpy

from common import Folder, check, content, finish, refuse_all, succeed

SIZE = 16
MODEL = ["-model", "mgno", "-mgno_variant", "navier-stokes", "-n_layers", 1, "-hidden_channels", 4,
         "-pre_smoothing", "1,1", "-residual_to_input", "no"]
TRAIN = ["train", "-data", "w.h5", "-test", "test.h5", "-batch", 12, "-lr", 5e-3, "-seed", 3, "-quiet",
         "-normalise_input", "channel", "-loss", "lp", "-input_frames", 2] + MODEL
STEP = ["train", "-data", "w.h5", "-inputs", "w", "-outputs", "w", "-batch", 12, "-quiet", "-normalise_output",
        "none", "-loss", "lp", "-model", "mgno", "-mgno_variant", "navier-stokes", "-n_layers", 1,
        "-hidden_channels", 4, "-pre_smoothing", "1,1"]


def make(path, trajectories, frames, n, seed):
    rng = numpy.random.default_rng(seed)
    k = numpy.meshgrid(*[numpy.fft.fftfreq(n, 1 / n)] * 2, indexing="ij")
    k2 = k[0] ** 2 + k[1] ** 2
    spectrum = numpy.fft.fft2(rng.standard_normal((trajectories, n, n))) * numpy.exp(-k2 / 4)
    drive = numpy.fft.fft2(rng.standard_normal((trajectories, n, n))) * numpy.exp(-k2 / 2)
    step = numpy.exp(-0.02 * k2 - 0.2j * k[0] - 0.1j * k[1])
    w = numpy.empty((trajectories, frames, n, n), "f4")
    for t in range(frames):
        w[:, t] = numpy.real(numpy.fft.ifft2(spectrum))
        spectrum = spectrum * step + 0.05 * drive
    with h5py.File(path, "w") as f:
        f.attrs["n_spatial_dims"] = 2
        f["dimensions/time"] = 0.5 * numpy.arange(frames, dtype="f4")
        for axis in "xy":
            f["dimensions/" + axis] = (numpy.arange(n) / n).astype("f4")
            f.create_group("boundary_conditions/%s_periodic" % axis)
        f["t0_fields/w"] = w
        f["t0_fields/drive"] = numpy.real(numpy.fft.ifft2(drive)).astype("f4")
        f.create_group("t1_fields")
        f.create_group("t2_fields")


def make_files(where):
    make(os.path.join(where, "w.h5"), 8, 7, SIZE, 1)
    make(os.path.join(where, "test.h5"), 3, 7, SIZE, 2)
    shutil.copy(os.path.join(where, "w.h5"), os.path.join(where, "other.h5"))
    with h5py.File(os.path.join(where, "other.h5"), "r+") as f:
        f["t0_fields/w"][0, 1] *= 1.01
    with h5py.File(os.path.join(where, "plain.h5"), "w") as f:  # no layout that says which axis is time
        f["w"] = h5py.File(os.path.join(where, "w.h5"))["t0_fields/w"][:]
    succeed(["generate", "-n", 6, "-size", SIZE, "-out", "darcy.h5", "-quiet"], 1, where)


def same(where, a, b, what, name="model.h5"):
    check(content(os.path.join(where, a, name)) == content(os.path.join(where, b, name)), what)


def read(where, *names):
    with open(os.path.join(where, *names)) as f:
        return json.load(f)


def epochs(where, folder):
    with open(os.path.join(where, folder, "log.jsonl")) as f:
        return {e["epoch"]: e for e in map(json.loads, f) if e["event"] == "epoch"}


def training(where):
    """The same bits on 1 and 3 ranks and after a restart on another number of ranks; no other data."""
    whole = TRAIN + ["-epochs", 4, "-rollout", 4]
    r = succeed(whole + ["-out", "np1", "-quiet", "false", "-progress", "plain"], 1, where)
    check("relative L2 error of the rollout, test 0." in r.out + r.err, "the best model is told: %s" % r)
    succeed(whole + ["-out", "np3", "-cache_mb", 0], 3, where)
    same(where, "np1", "np3", "pairs in memory on 1 rank, from the file on 3: the same model")
    same(where, "np1", "np3", "and the same best model", "best.h5")
    part = TRAIN + ["-rollout", 4, "-out", "part", "-epochs"]
    succeed(part + [2], 2, where)
    refuse_all([(part + [4, "-resume", "-frames", "6"], 64, "you ask for 'samples: 32'"),
                (part + [4, "-resume", "-data", "other.h5"], 64, "you ask for 'data: "),
                (part + [4, "-resume", "-train_samples", "7"], 64, "you ask for 'samples: 35'")], where)
    succeed(part + [4, "-resume"], 1, where)
    same(where, "np1", "part", "stopped on 2 ranks and resumed on 1")


def best(where):
    """The validation set decides; what is told of the test set is its error at that epoch."""
    succeed(["train", "-data", "w.h5", "-train_samples", 5, "-validation_samples", "5:6", "-test", "test.h5",
             "-epochs", 6, "-schedule", "constant", "-lr", 2e-2, "-rollout", 3, "-out", "best", "-quiet",
             "-batch", 8, "-loss", "lp"] + MODEL, 2, where)
    log, told = epochs(where, "best"), read(where, "best", "metrics.json")["best"]
    least = min(log, key=lambda e: log[e]["validation_rollout_rel_l2"])
    check(told["epoch"] == least, "the best epoch is %s, told is %s" % (least, told["epoch"]))
    check(told["tests"][0]["rollout"]["rel_l2_full"] == log[least]["test_rollout_rel_l2"],
          "the test error at that epoch is told")
    check(told["validation"]["samples"] == 12, "two trajectories of six pairs validate")
    succeed(["evaluate", "-model_file", "best/best.h5", "-data", "w.h5", "-samples", "5:6", "-rollout", 3,
             "-out", "best.json"], 1, where)
    check(read(where, "best.json")["rollout"] == told["validation"]["rollout"], "best.h5 is that model")


def further(where):
    """A run that starts from a time step cuts its data as that was trained."""
    succeed(["train", "-data", "w.h5", "-init_from", "np1/model.h5", "-epochs", 0, "-out", "from", "-quiet"],
            1, where)
    ours, theirs = (json.loads(succeed(["evaluate", "-model_file", m + "/model.h5", "-data", "test.h5"], 1,
                                       where).out)["metrics"] for m in ("from", "np1"))
    check(ours == theirs, "no epochs: the model that it started from")


def rollouts(where):
    """evaluate and predict agree with each other on any number of ranks, and with NumPy."""
    call = ["evaluate", "-model_file", "np1/model.h5", "-data", "test.h5", "-rollout", 5, "-out"]
    out = {np: json.loads(succeed(call + ["e%d.json" % np], np, where).out) for np in (1, 2, 7)}
    check(out[1] == out[2] == out[7], "a rollout does not depend on the number of ranks")
    check(out[1] == read(where, "e1.json"), "what is printed is what is written")
    rolled = out[1]["rollout"]
    check(rolled["steps"] == 5 and rolled["time"] == [1, 1.5, 2, 2.5, 3], "steps: %s" % rolled)
    call = ["predict", "-model_file", "np1/model.h5", "-data", "test.h5", "-quiet", "-out"]
    succeed(call + ["p.h5", "-rollout", 5], 2, where)
    succeed(call + ["far.h5", "-rollout", 20, "-truth", "false"], 3, where)
    succeed(call + ["one.h5"], 1, where)
    succeed(["verify", "p.h5"], 2, where)
    with h5py.File(os.path.join(where, "p.h5")) as f:
        w, p = f["t0_fields/w"][:].astype("f8"), f["t0_fields/w_pred"][:].astype("f8")
        check(f["t0_fields/drive"].shape == (3, SIZE, SIZE), "the constant field is in the file")
        check(list(f["dimensions/time"][:]) == [0, .5, 1, 1.5, 2, 2.5, 3], "the times are in the file")
    with h5py.File(os.path.join(where, "test.h5")) as f:
        check((f["t0_fields/w"][:] == w).all(), "the truth is in the file")
    check((w[:, :2] == p[:, :2]).all(), "both start from the two given frames")
    norm = lambda z: numpy.sqrt((z ** 2).sum(axis=(-2, -1)))
    steps = (norm(p - w) / norm(w))[:, 2:].mean(axis=0)
    check(numpy.allclose(steps, rolled["rel_l2"], rtol=1e-5), "steps: %s %s" % (steps, rolled["rel_l2"]))
    total = lambda z: numpy.sqrt((z[:, 2:] ** 2).sum(axis=(1, 2, 3)))
    full = (total(p - w) / total(w)).mean()
    check(abs(full - rolled["rel_l2_full"]) < 1e-5 * full, "all frames together: %g" % full)
    still = (total(w[:, 1:2] - w) / total(w)).mean()
    check(abs(still - rolled["persistence_rel_l2_full"]) < 1e-5 * still, "nothing moves: %g" % still)
    with h5py.File(os.path.join(where, "far.h5")) as f:
        check(f["t0_fields/w_pred"].shape == (3, 22, SIZE, SIZE) and "w" not in f["t0_fields"], "beyond the data")
        check((f["t0_fields/w_pred"][:, :7] == p.astype("f4")).all(), "and the same up to there")
    with h5py.File(os.path.join(where, "one.h5")) as f:
        q = f["t0_fields/w_pred"][:]
    check((q[:, 2] == p[:, 2]).all() and not (q[:, 3] == p[:, 3]).any(), "without -rollout from true frames")
    one = (norm(q - w) / norm(w))[:, 2:].mean()
    check(abs(one - out[1]["metrics"]["rel_l2"]) < 1e-5 * one, "one step: %g" % one)


def residual(where):
    """A model that adds its input steps as well; a layout without names for the axes needs -pairs."""
    succeed(STEP + ["-epochs", 1, "-out", "step"], 2, where)
    succeed(["evaluate", "-model_file", "step/model.h5", "-data", "test.h5", "-rollout", 6, "-outputs", "w",
             "-inputs", "w"], 2, where)
    plain = ["-data", "plain.h5", "-outputs", "w", "-inputs", "w", "-boundary", "periodic"]
    succeed(STEP + plain + ["-pairs", "yes", "-epochs", 1, "-out", "plain"], 2, where)
    same(where, "step", "plain", "the same numbers in another layout make the same model")
    r = json.loads(succeed(["evaluate", "-model_file", "plain/model.h5", "-rollout", 6] + plain, 1, where).out)
    check(r["rollout"]["time"] == [1, 2, 3, 4, 5, 6], "frames without times are counted")
    text = succeed(["inspect", "step/model.h5"], 1, where).out
    check("a time step: 1 frame in, one out, 1 stored frame later" in text, "inspect tells: %s" % text)
    text = succeed(["inspect", "w.h5", "-input_frames", 2], 1, where).out
    for words in ("trajectories: frames 0 to 6 (time 0 to 3), cut into 5 one-step pairs each",
                  "input  w(t-1)", "input  drive"):
        check(words in text, "inspect of trajectories tells '%s': %s" % (words, text))


def make_odd_files(where):
    # two fields, of which one is fed in: what comes out cannot go in
    with h5py.File(os.path.join(where, "two.h5"), "w") as f:
        f["w"] = h5py.File(os.path.join(where, "w.h5"))["t0_fields/w"][:]
        f["v"] = -f["w"][:]
    shutil.copy(os.path.join(where, "w.h5"), os.path.join(where, "nan.h5"))
    with h5py.File(os.path.join(where, "nan.h5"), "r+") as f:
        f["t0_fields/w"][7, 2, 3, 4] = numpy.nan


def refusals(where):
    make_odd_files(where)
    roll = ["evaluate", "-model_file", "np1/model.h5", "-data", "test.h5", "-out", "x{np}.json", "-rollout"]
    new = ["train", "-data", "w.h5", "-epochs", 1, "-out", "x{np}", "-test", "test.h5"] + MODEL
    two = ["-data", "two.h5", "-test", "two.h5", "-boundary", "periodic", "-pairs", "yes", "-inputs", "w"]
    refuse_all([
        (new[:-len(MODEL)] + ["-init_from", "np1/model.h5", "-input_frames", 1], 64, "from 2 frames over 1"),
        (new[:-len(MODEL)] + ["-init_from", "np1/model.h5", "-data", "darcy.h5", "-test", "darcy.h5"], 64,
         "1 frames hold no one-step pair"),
        (roll + [6], 64, "asks for 6 steps of 1 frame after frame 1, but the trajectories of test.h5 are "
         "used up to frame 6, enough to compare 5 steps"),
        (roll + [5, "-input_frames", 3], 64, "the model is a time step from 2 frames over 1"),
        (["predict", "-model_file", "np1/model.h5", "-data", "test.h5", "-rollout", 6, "-out", "x{np}.h5"],
         64, "enough to compare 5 steps"),
        (new + ["-rollout", 9], 64, "enough to compare 6 steps"),
        (["train", "-data", "w.h5", "-out", "x{np}", "-rollout", 2] + MODEL, 64, "neither -test nor -validation"),
        (new + ["-rollout", 2, "-data", "darcy.h5", "-test", "darcy.h5", "-sides", "zero"], 64,
         "darcy.h5 was opened as single samples"),
        (new + ["-rollout", 2, "-pairs", "no"], 64, "opened as single samples"),
        (new + ["-input_frames", 7], 64, "7 frames hold no one-step pair with a history of 7"),
        (new + ["-frames", "3:9"], 64, "frames 3 to 9 were asked for, but the trajectories have frames 0 to 6"),
        (new + ["-frames", "5:3"], 64, "option -frames is '5:3'"),
        (new + ["-train_samples", "9"], 64, "samples 0 to 8 were asked for"),
        (new + ["-validation_samples", "6:"], 64, "also trained on"),
        (["train", "-data", "plain.h5", "-outputs", "w", "-inputs", "w", "-rollout", 2, "-out", "x{np}",
          "-boundary", "periodic", "-test", "plain.h5"] + MODEL, 64, "-pairs yes"),
        (new + two + ["-rollout", 2, "-outputs", "w,v"], 66, "a frame of the input has 1"),
        (new + two + ["-rollout", 2, "-outputs", "v"], 66, "others or in another order"),
        (new + ["-data", "nan.h5"], 67, "sample 7 of t0_fields/w"),
    ], where, (1, 3))


with Folder() as folder:
    make_files(folder)
    training(folder)
    best(folder)
    further(folder)
    rollouts(folder)
    residual(folder)
    refusals(folder)
finish("trajectories: pairs, restarts, best model, rollouts, predictions, refusals")
