#!/usr/bin/env python3
"""What compressing a trained model costs: one command that trains the FNO of neuraloperator's gallery example on its 16x16 Darcy
set, compresses it in every way, trains each five epochs more, over several seeds, and prints the table of docs/mg-tfno.md.

    compress_study.py --out DIR --train darcy_neuralop_train_16.hdf5 --test darcy_neuralop_test_16.hdf5 --seeds 0,1,2

Started again, the command passes over what is done. Writes DIR/compress.csv and compress.md. What follows -- goes to the first
training (fewer epochs, a smaller model)."""
import argparse
import csv
import json
import os
import re
import statistics
import sys

from study import ROOT, Study, check_settings, spread

WAYS = [("dense", 1)] + [(k, f) for k in ("tucker", "cp", "tt") for f in (0.5, 0.1, 0.05)]
COLUMNS = ("kind", "fraction", "seed", "parameters", "weight_error", "l2_after", "h1_after", "test_l2", "test_h1")


def options(name):
    return ["-options_file", os.path.join(ROOT, "examples/options", name)]


def compressed(study, a, seed, kind, fraction):
    """The compressed model, and what the command told of it; the dense one is the trained model itself."""
    first = os.path.join(a.out, "first-s%d" % seed, "model.h5")
    if kind == "dense":
        before = study.result("first-s%d" % seed)
        return first, {"weight_error": 0, "l2_after": before["test_l2"], "h1_after": before["test_h1"]}
    small = os.path.join(a.out, "%s-%g-s%d" % (kind, fraction, seed))
    code, _ = study.fredholm(["compress", "-model_file", first, "-out", small + ".h5", "-factorization", kind, "-rank", fraction, "-data",
                              a.test, "-boundary", "periodic", "-report", small + ".json", "-overwrite"], small + ".compress.log")
    if code:
        sys.exit("compressing ended with %d: see %s.compress.log" % (code, small))
    with open(small + ".json") as f:
        told = json.load(f)
    after, errors = told["after"]["metrics"], [w["error"] for w in told["weights"]]
    return small + ".h5", {"weight_error": statistics.mean(errors), "l2_after": after["rel_l2"], "h1_after": after["rel_h1"]}


def run(study, a, seed):
    first = "first-s%d" % seed
    sets = ["-data", a.train, "-test", a.test, "-boundary", "periodic", "-seed", seed]
    if study.result(first) is None and not study.train(first, options("fno-darcy-neuraloperator.yaml") + sets + a.options, {}):
        sys.exit("the first training failed")
    for kind, fraction in WAYS:
        name = "further-%s-%g-s%d" % (kind, fraction, seed)
        if study.result(name) or (a.only and not re.fullmatch(a.only, "%s-%g" % (kind, fraction))):
            continue
        model, told = compressed(study, a, seed, kind, fraction)
        if not study.train(name, ["-init_from", model] + options("further.yaml") + sets,
                           dict(told, kind=kind, fraction=fraction, seed=seed)):
            sys.exit("training further failed: see %s.log" % os.path.join(a.out, name))


def tell(study, a):
    found = [r for s in a.seeds for k, f in WAYS for r in [study.result("further-%s-%g-s%d" % (k, f, s))] if r]
    with open(os.path.join(a.out, "compress.csv"), "w", newline="") as f:
        out = csv.DictWriter(f, COLUMNS, extrasaction="ignore")
        out.writeheader()
        out.writerows(found)
    lines = ["| weights | fraction | parameters | weight error | L2 after compression | L2 after 5 more epochs | H1 |", "|---" * 7 + "|"]
    for kind, fraction in WAYS:
        rows = [r for r in found if (r["kind"], r["fraction"]) == (kind, fraction)]
        if rows:
            lines.append("| %s | %g | %d | %s |" % (kind, fraction, rows[0]["parameters"], " | ".join(
                spread([r[key] for r in rows], "%.3f") for key in ("weight_error", "l2_after", "test_l2", "test_h1"))))
    with open(os.path.join(a.out, "compress.md"), "w") as f:
        f.write("\n".join(lines) + "\n")
    print("\n".join(lines))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", required=True, help="folder of the study")
    p.add_argument("--train", required=True, help="training set")
    p.add_argument("--test", required=True, help="test set")
    p.add_argument("--seeds", default="0", help="0,1,2")
    p.add_argument("--only", default="", help="weights (dense-1, tucker-0.1, ...) that this regular expression matches as a whole")
    p.add_argument("--ranks", type=int, default=2)
    p.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin"))
    p.add_argument("options", nargs="*", help="of the first training, after --")
    a = p.parse_args()
    a.minutes, a.out, a.seeds = 0, os.path.abspath(a.out), [int(s) for s in a.seeds.split(",")]
    os.makedirs(a.out, exist_ok=True)
    check_settings(a.out, {"train": a.train, "test": a.test, "options": a.options})
    study = Study(a)
    for seed in a.seeds:
        run(study, a, seed)
    tell(study, a)


if __name__ == "__main__":
    main()
