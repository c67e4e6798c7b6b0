#!/usr/bin/env python3
"""train, evaluate, predict, inspect, verify as a person uses them, and what they refuse."""
import fcntl
import json
import os
import shutil
import signal
import time

from common import (Folder, check, content, finish, ranks_of, refuse, run, start, succeed,
                    wait_until)

TINY = ["-n_modes", 4, "-hidden_channels", 8, "-n_layers", 2, "-batch", 8, "-seed", 1]
TRAIN = ["train", "-data", "train.h5", "-test", "test.h5", "-epochs", 3] + TINY


def same_model(where, a, b, what):
    check(content(os.path.join(where, a, "model.h5")) == content(os.path.join(where, b, "model.h5")),
          what)


def log_of(where, folder):
    path = os.path.join(where, folder, "log.jsonl")
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return [json.loads(line) for line in f if line.endswith("\n")]


def make_data(where):
    few = ["generate", "-size", 16, "-quiet"]
    succeed(few + ["-n", 24, "-seed", 1, "-out", "train.h5"], 2, where)
    succeed(few + ["-n", 6, "-seed", 2, "-out", "test.h5"], 2, where)
    succeed(few + ["-n", 24, "-seed", 7, "-out", "other.h5"], 2, where)
    succeed(["generate", "-size", 24, "-n", 5, "-seed", 2, "-out", "fine.h5", "-quiet"], 2, where)


def run_folder(where):
    r = succeed(TRAIN + ["-out", "run", "-progress", "plain"], 2, where)
    check("epochs: 3" in r.out and "9/9 steps" in r.out, "configuration and progress: %s" % r)
    files = set(os.listdir(os.path.join(where, "run")))
    check({"model.h5", "best.h5", "config.yaml", "log.jsonl", "metrics.json"} <= files,
          "the run folder has %s" % files)
    log = log_of(where, "run")
    check([e["epoch"] for e in log if e["event"] == "epoch"] == [1, 2, 3], "the log: %s" % log)
    check(0 < log[-1]["test_rel_l2"] < 10, "errors are in the log: %s" % log[-1])
    with open(os.path.join(where, "run", "metrics.json")) as f:
        metrics = json.load(f)
    check(metrics["tests"][0]["metrics"]["rel_l2"] == log[-1]["test_rel_l2"], "metrics.json agrees")
    again = ["train", "-options_file", "run/config.yaml", "-out"]
    succeed(again + ["again1", "-quiet"], 1, where)
    succeed(again + ["again3", "-progress", "json"], 3, where)
    same_model(where, "run", "again1", "the written configuration makes the same model on 1 rank")
    same_model(where, "run", "again3", "and on 3")


def existing(where):
    refuse(TRAIN + ["-out", "run"], 64, "-overwrite", cwd=where)
    refuse(TRAIN + ["-out", "run", "-resume", "-overwrite"], 64, "give one of them", cwd=where)
    folder = os.open(os.path.join(where, "run"), os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)  # as a run does that is still going on
    for how in ("-resume", "-overwrite"):
        refuse(TRAIN + ["-out", "run", how], 64, "another run is writing into the folder run", cwd=where)
    os.close(folder)
    refuse(TRAIN + ["-out", "run", "-resume", "-lr", "0.01"], 64, "0.01", np=(2,), cwd=where)
    # what is refused late leaves the earlier run as it is, with a checkpoint or without
    refuse(TRAIN + ["-out", "run", "-overwrite", "-loss_blocks", "3"], 64, "blocks", cwd=where)
    refuse(TRAIN + ["-out", "run", "-overwrite", "-init_from", "run/model.h5"], 64, "-overwrite removes", cwd=where)
    os.mkdir(os.path.join(where, "early"))
    shutil.copy(os.path.join(where, "run", "config.yaml"), os.path.join(where, "early"))
    refuse(TRAIN + ["-out", "early", "-resume", "-loss_blocks", "3"], 64, "blocks", cwd=where)
    shutil.copy(os.path.join(where, "train.h5"), os.path.join(where, "moved.h5"))
    succeed(TRAIN + ["-data", "moved.h5", "-out", "again3", "-resume", "-quiet"], 2, where)
    refuse(TRAIN + ["-data", "other.h5", "-out", "again3", "-resume"], 64, "you ask for 'data: ", cwd=where)
    for name, batch in (("b24", 24), ("more", 100000)):
        succeed(TRAIN + ["-out", name, "-batch", batch, "-quiet"], 1, where)
    same_model(where, "b24", "more", "a batch larger than the set is the set")
    succeed(TRAIN + ["-out", "again1", "-overwrite", "-quiet"], 1, where)
    same_model(where, "run", "again1", "-overwrite starts anew")
    refuse(TRAIN + ["-out", "train.h5/run"], 68, "train.h5", cwd=where)
    refuse(TRAIN + ["-out", "/proc/none/run"], 68, "/proc/none", cwd=where)
    # a model of 19 MB where files end at 12: large enough for what MPI itself writes
    large = ["train", "-data", "train.h5", "-epochs", 0, "-hidden_channels", 128, "-n_layers", 1]
    for np in (1, 2):
        refuse(large + ["-out", "x{np}"], 68, "File too large", (np,), where, file_limit=12 << 20)


def dry_run(where):
    before = sorted(os.listdir(where))
    r = succeed(TRAIN + ["-dry_run"], 2, where)
    for words in ("24 samples of 16x16", "parameters", "memory a rank", "model.h5", "time: "):
        check(words in r.out, "the dry run tells '%s': %s" % (words, r))
    check(sorted(os.listdir(where)) == before, "a dry run writes nothing")


def misfits(where):
    refuse(TRAIN + ["-out", "x{np}", "-batch", 2, "-unit", 2], 64, "ranks", np=(2, 3), cwd=where)
    refuse(TRAIN + ["-out", "x{np}", "-inputs", "nothing"], 64, "nothing", cwd=where)
    refuse(["evaluate", "-model_file", "train.h5", "-data", "test.h5"], 67, "train.h5", cwd=where)
    refuse(["evaluate", "-model_file", "run/model.h5", "-data", "test.h5", "-inputs", "a,u"], 66,
           "channels", cwd=where)
    refuse(["predict", "-model_file", "run/model.h5", "-data", "test.h5", "-out", "p.h5", "-n", 7],
           64, "7", cwd=where)
    succeed(TRAIN + ["-out", "point", "-normalise_output", "point", "-epochs", 1, "-quiet"], 1, where)
    refuse(["evaluate", "-model_file", "point/model.h5", "-data", "fine.h5"], 66, "576", cwd=where)


def damaged(where):
    """A flipped bit anywhere is found: by checksums of values or by those of the format."""
    for name, command in (("run/model.h5", ["evaluate", "-data", "test.h5", "-model_file"]),
                          ("run/model.h5", ["verify"]), ("test.h5", ["verify"])):
        data = bytearray(content(os.path.join(where, name)))
        data[len(data) * 3 // 5] ^= 16
        with open(os.path.join(where, "bad.h5"), "wb") as f:
            f.write(data)
        refuse(command + ["bad.h5"], 67, "bad.h5", cwd=where)
        with open(os.path.join(where, "bad.h5"), "wb") as f:
            f.write(data[:len(data) // 2])
        refuse(command + ["bad.h5"], 67, "bad.h5", np=(2,), cwd=where)
    os.remove(os.path.join(where, "bad.h5"))


def spectrum(where, metrics):
    """The error by wave number: equal on any number of ranks, and its parts are those of the metrics."""
    call = ["evaluate", "-model_file", "run/model.h5", "-data", "fine.h5", "-overwrite", "-out", "s.json", "-spectrum"]
    one, two = (json.loads(succeed(call, np, where).out) for np in (1, 2))
    check(one == two and one["metrics"] == metrics, "the spectrum adds to the report and changes nothing")
    parts = one["spectrum"]
    whole = sum(metrics["spectral_mse_" + b] for b in ("low", "mid", "high"))
    check(abs(sum(parts["mse"]) - whole) <= 1e-5 * whole, "the parts add up to the mean square error")
    check(len(parts["mse"]) == len(parts["truth"]) == len(parts["rel_l2"]) == 18, "24x24: wave numbers 0 to 17")
    for ratio, mse, truth in zip(parts["rel_l2"], parts["mse"], parts["truth"]):
        check(ratio is None or abs(ratio ** 2 * truth - mse) <= 1e-9 * mse, "rel_l2 is the root of error over truth")
    wrapped = json.loads(succeed(call + ["-metric_periodic", 1], 1, where).out)
    check(wrapped["spectrum"] != parts and wrapped["metrics"]["rel_h1"] != metrics["rel_h1"],
          "a field that wraps around has another spectrum and another H1 error")
    check(json.loads(succeed(call + ["-metric_measure", 1], 1, where).out) == one,
          "what is not given is still the set's")


def evaluation(where):
    out = {}
    for np in (1, 2, 7):  # 7 ranks: more than the 5 samples
        r = succeed(["evaluate", "-model_file", "run/model.h5", "-data", "fine.h5", "-out",
                     "m%d.json" % np], np, where)
        out[np] = json.loads(r.out)
        with open(os.path.join(where, "m%d.json" % np)) as f:
            check(json.load(f) == out[np], "what is printed is what is written")
    check(out[1] == out[2] == out[7], "metrics do not depend on the number of ranks")
    check(out[1]["grid"] == "24x24" and 0 < out[1]["metrics"]["rel_l2"] < 10, "%s" % out[1])
    check("spectrum" not in out[1], "no spectrum unless asked for")
    spectrum(where, out[1]["metrics"])
    refuse(["evaluate", "-model_file", "run/model.h5", "-data", "fine.h5", "-out", "m1.json"], 64,
           "-overwrite", cwd=where)
    succeed(["evaluate", "-model_file", "run/model.h5", "-data", "test.h5"], 1, where)
    with open(os.path.join(where, "run", "metrics_test.json")) as f:
        mine = json.load(f)["metrics"]["rel_l2"]
    check(abs(mine - log_of(where, "run")[-1]["test_rel_l2"]) <= 1e-6 * mine,
          "evaluate agrees with the training log")


def prediction(where):
    predict = ["predict", "-model_file", "run/model.h5", "-data", "fine.h5", "-out", "p.h5"]
    succeed(predict, 2, where)
    out = succeed(["inspect", "p.h5"], 2, where).out
    check("u_pred" in out and "samples: 5" in out, "predictions are a data set: %s" % out)
    refuse(predict, 64, "p.h5", cwd=where)
    succeed(predict + ["-overwrite", "-n", 2, "-quiet"], 2, where)
    succeed(["verify", "p.h5"], 2, where)


def inspection(where):
    out = succeed(["inspect", "run/model.h5"], 2, where).out
    for words in ("model: fno", "hidden_channels: 8", "trained on: 16x16", "parameters: ",
                  "fno_blocks.convs.0.weight", "spectral", "Mflop"):
        check(words in out, "inspect of a model tells '%s'" % words)
    out = succeed(["inspect", "train.h5"], 1, where).out
    for words in ("problem darcy", "samples: 24", "grid: 16x16", "residual", "seed: 1", "a[0]: min 3"):
        check(words in out, "inspect of a set tells '%s': %s" % (words, out))
    checkpoint = [f for f in os.listdir(os.path.join(where, "run")) if f.startswith("checkpoint")]
    check("train.batch: 8" in succeed(["inspect", "run/" + checkpoint[0]], 1, where).out, "checkpoint")
    for name in ("run/model.h5", "run/" + checkpoint[0], "p.h5"):
        check("checksums right" in succeed(["verify", name], 2, where).out, "verify %s" % name)


def epochs_done(where, folder):
    return sum(e["event"] == "epoch" for e in log_of(where, folder))


def stopping(where):
    long = ["train", "-data", "train.h5", "-epochs", 400, "-checkpoint_every", 0, "-quiet",
            "-n_modes", 8, "-hidden_channels", 24, "-batch", 8, "-seed", 5]
    p = start(long + ["-out", "s"], 2, where)
    check(wait_until(lambda: epochs_done(where, "s") >= 2 or p.poll() is not None), "it starts")
    os.kill(p.pid, signal.SIGUSR1)
    saved = os.path.join(where, "s", "checkpoint-1.h5")
    other = os.path.join(where, "s", "checkpoint-0.h5")
    check(wait_until(lambda: os.path.exists(saved) or os.path.exists(other)), "USR1 saves")
    check(p.poll() is None, "and the run goes on")
    os.kill(ranks_of(p)[1], signal.SIGTERM)
    out, err = p.communicate(timeout=60)
    check(p.returncode == 75, "TERM ends with 75: %d %s %s" % (p.returncode, out, err))
    check("resume" in err, "and tells what to do: %s" % err)
    check(not os.path.exists(os.path.join(where, "s", "model.h5")), "no model is there yet")
    done = epochs_done(where, "s")
    refuse(long + ["-out", "s"], 64, "-resume", np=(1,), cwd=where)
    succeed(long + ["-out", "s", "-resume"], 1, where)
    check(epochs_done(where, "s") == 400 and done < 400, "the log holds every epoch once")
    succeed(long + ["-out", "whole"], 2, where)
    same_model(where, "s", "whole", "stopped on 2 ranks and resumed on 1 is the same, bit for bit")


def walltime(where):
    r = run(["train", "-data", "train.h5", "-epochs", 1000000, "-quiet", "-out", "w", "-max_walltime",
             "00:00:02"] + TINY, 2, where)
    check(r.code == 75 and r.sentences, "the end of the wall time ends with 75: %s" % r)
    env = {"SLURM_JOB_END_TIME": "%d" % (time.time() + 4)}
    r = run(["train", "-data", "train.h5", "-epochs", 1000000, "-quiet", "-out", "w", "-resume"] + TINY, 1,
            where, env)
    check(r.code == 75 and r.sentences, "and so does the end of the job: %s" % r)
    shutil.rmtree(os.path.join(where, "w"))


with Folder() as folder:
    make_data(folder)
    run_folder(folder)
    existing(folder)
    dry_run(folder)
    misfits(folder)
    evaluation(folder)
    prediction(folder)
    inspection(folder)
    damaged(folder)
    stopping(folder)
    walltime(folder)
finish("train, evaluate, predict, inspect, verify: folders, files, signals, wall time, damage")
