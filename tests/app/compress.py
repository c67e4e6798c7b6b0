#!/usr/bin/env python3
"""compress as a person uses it: train, compress, evaluate, train further; and what it refuses."""
import json
import os

from common import Folder, check, content, finish, refuse, refuse_all, run, succeed

DATA = os.path.join(os.environ["FH_SOURCE"], "tests/data/darcy_neuralop_test_16.hdf5")
LINE = os.path.join(os.environ["FH_SOURCE"], "tests/data/burgers_neuralop_test_16_first_50.hdf5")
SET = ["-data", DATA, "-boundary", "periodic"]
COMPRESS = ["compress", "-model_file", "run/model.h5"]
FURTHER = ["train"] + SET + ["-test", DATA, "-batch", 10, "-lr", 2e-3, "-seed", 1, "-quiet"]


def make_models(where):
    # enough training that the weights matter, few enough samples that it takes seconds
    succeed(["train"] + SET + ["-n_modes", "6,6", "-hidden_channels", 12, "-n_layers", 2, "-epochs", 15,
                               "-lr", 5e-3, "-batch", 10, "-seed", 1, "-out", "run", "-quiet"], 2, where)
    succeed(["train"] + SET + ["-model", "mgno", "-pre_smoothing", "1,1", "-epochs", 0, "-out", "cycle", "-quiet"], 1, where)


def report_of(where, name):
    with open(os.path.join(where, name)) as f:
        return json.load(f)


def exact(where):
    """With ranks that lose nothing the model is the same; and the same file on any number of ranks."""
    how = COMPRESS + SET + ["-factorization", "tucker", "-error", 1e-6, "-report"]
    for np in (1, 2):
        r = run(how + ["r%d.json" % np, "-out", "e%d.h5" % np], np, where)
        check(r.code == 0 and "more numbers than" in r.err, "full ranks are no compression: %s" % r)
    check(content(os.path.join(where, "e1.h5")) == content(os.path.join(where, "e2.h5")),
          "1 and 2 ranks write the same file")
    report = report_of(where, "r1.json")
    before, after = (report[k]["metrics"]["rel_l2"] for k in ("before", "after"))
    check(abs(before - after) <= 1e-4 * before, "nothing is lost: %g, %g" % (before, after))
    check(all(w["error"] <= 1e-6 for w in report["weights"]), "the error asked for: %s" % report)
    check(len(report["weights"]) == 2 and "weight error" in r.out and "rel_l2" in r.out, "%s" % r)


def each_kind(where):
    for kind, joint in (("cp", False), ("tucker", True), ("tt", False)):
        name = kind + ".h5"
        succeed(COMPRESS + SET + ["-out", name, "-factorization", kind, "-rank", 0.15, "-report",
                                  kind + ".json"] + ["-joint_factorization"] * joint, 2, where)
        report = report_of(where, kind + ".json")
        check(report["parameters_after"] < 0.45 * report["parameters_before"], "%s" % report)
        before, after = (report[k]["metrics"]["rel_l2"] for k in ("before", "after"))
        check(before < after < 1, "%s costs some error: %g, %g" % (kind, before, after))
        out = json.loads(succeed(["evaluate", "-model_file", name] + SET, 1, where).out)
        check(out["metrics"] == report["after"]["metrics"], "evaluate says what compress said")
        check("factorization: " + kind in succeed(["inspect", name], 1, where).out, "inspect " + name)
        succeed(FURTHER + ["-init_from", name, "-epochs", 3, "-out", "f" + kind], 2, where)
        with open(os.path.join(where, "f" + kind, "metrics.json")) as f:
            further = json.load(f)["tests"][0]["metrics"]["rel_l2"]
        check(further < 0.9 * after, "%s: training further helps: %g, %g" % (kind, after, further))


def further(where):
    """The written configuration starts from the same file; an interrupted run goes on with the same bits."""
    succeed(["train", "-options_file", "fcp/config.yaml", "-out", "again", "-quiet"], 1, where)
    check(content(os.path.join(where, "again/model.h5")) == content(os.path.join(where, "fcp/model.h5")),
          "config.yaml makes the same model")
    part = FURTHER + ["-init_from", "cp.h5", "-out", "part"]
    succeed(part + ["-epochs", 1], 2, where)
    succeed(part + ["-epochs", 3, "-resume"], 1, where)
    check(content(os.path.join(where, "part/model.h5")) == content(os.path.join(where, "fcp/model.h5")),
          "resumed is the same")
    refuse(FURTHER + ["-init_from", "e1.h5", "-out", "part", "-epochs", 4, "-resume"], 64, "another run",
           np=(1,), cwd=where)
    # no epochs: the model is the file's, normalisers included
    succeed(FURTHER + ["-init_from", "tt.h5", "-epochs", 0, "-out", "none"], 1, where)
    ours, theirs = (json.loads(succeed(["evaluate", "-model_file", m] + SET, 1, where).out)["metrics"]
                    for m in ("none/model.h5", "tt.h5"))
    check(ours == theirs, "a run without epochs gives the model back")


def refusals(where):
    out = ["-out", "x{np}.h5"]
    small = COMPRESS + out
    start = ["train"] + SET + ["-epochs", 1, "-out", "x{np}", "-init_from"]
    refuse_all([
        (small + ["-rank", "13,12,6,4"], 64, "rank 13 in place 0"),
        (small + ["-rank", "3,3"], 64, "2 numbers"),
        (small + ["-rank", 2.5], 64, "2.5 is no rank"),
        (small + ["-factorization", "tt", "-rank", "3,80,3"], 64, "rank 80 in place 2"),
        (small + ["-error", 0], 64, "it is 0"),
        (small + ["-error", -0.1], 64, "between 0 and 1"),
        (small + ["-error", 1.5], 64, "between 0 and 1"),
        (small, 64, "give -rank"),
        (small + ["-rank", 0.1, "-report", "x{np}.h5"], 64, "same file"),
        (small + ["-rank", 0.1, "-overwrite", "-report", "run/model.h5"], 64, "same file"),
        (small + ["-rank", 0.1, "-error", 0.1], 64, "give one of them"),
        (small + ["-factorization", "cp", "-error", 1e-5, "-sweeps", 3], 64, "ask for a larger error"),
        (small + ["-rank", 0.1, "-n_modes", 8], 64, "keeps 8 frequencies"),
        (COMPRESS + ["-out", "cp.h5", "-rank", 0.1], 64, "-overwrite"),
        (["compress", "-model_file", "cycle/model.h5", "-rank", 0.1] + out, 73, "mgno"),
        (["compress", "-model_file", DATA, "-rank", 0.1] + out, 67, "darcy"),
        (COMPRESS + ["-out", "none/x/y.h5", "-rank", 0.1], 68, "none/x"),
        (small + ["-rank", 0.1, "-data", LINE], 66, "2 axes"),
        (start + ["cp.h5", "-hidden_channels", 16], 64, "another architecture"),
        (start + ["cp.h5", "-use_channel_mlp", "false"], 64, "parameter tensors"),
        (start + ["cp.h5", "-model", "mg-tfno"], 64, "leave -model out"),
        (start + ["cp.h5", "-normalise_output", "point"], 64, "trained with channel"),
        (start + ["nothing.h5"], 68, "nothing.h5"),
        (["train", "-data", LINE, "-epochs", 1, "-out", "x{np}", "-init_from", "cp.h5"], 66, "2 axes"),
    ], where, (1, 2))


with Folder() as folder:
    make_models(folder)
    exact(folder)
    each_kind(folder)
    further(folder)
    refusals(folder)
finish("compress: exact, every kind, training further, refusals")
