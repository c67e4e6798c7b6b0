#!/usr/bin/env python3
"""Accuracy against compression of TFNO and MG-TFNO: one command that trains a list of models on one data set.

    tfno_study.py --out DIR                      generates the forced Navier-Stokes set and trains everything
    tfno_study.py --out DIR --train F --test G   the same on sets that exist
    tfno_study.py --out DIR --only 'tucker' --seeds 0 --minutes 80 -- -lr 1e-3 -hidden_channels 32

A cell is a model and a seed; its run stands in DIR/NAME-sSEED. Started again, the command passes over
cells that are done and goes on with the one that was interrupted (train -resume), so that it may be
stopped at any time, or by --minutes. What follows -- goes to every training. DIR/study.csv is written anew after each
cell, study.md and study.png at the end. --list tells the names of the cells."""
import argparse
import csv
import os
import re
import sys

from study import ROOT, Study, check_settings, spread

FRACTIONS = (0.5, 0.1, 0.05, 0.01, 0.005)
KINDS = ("tucker", "cp", "tt")
# name, levels, padding as a fraction of the field: the whole field, and domains 1.78 and 7.1 times smaller
DOMAINS = (("", 0, 0.0), ("mg1-", 1, 0.125), ("mg2-", 2, 0.0625))
COLUMNS = ("name", "seed", "kind", "fraction", "joint", "levels", "padding", "parameters", "compression",
           "domain_compression", "test_l2", "test_h1", "least_test_l2", "train_loss", "epochs", "seconds",
           "peak_mb_per_rank")


def cells():
    """The models, the cheap questions first."""
    for domain, levels, padding in DOMAINS:
        for kind, fraction, joint in [("dense", 1, False)] + [
                (k, f, j) for j in (False, True) for k in KINDS for f in FRACTIONS]:
            name = domain + (kind if kind == "dense" else "%s-%g%s" % (kind, fraction, "-joint" * joint))
            yield {"name": name, "kind": kind, "fraction": fraction, "joint": joint, "levels": levels,
                   "padding": padding}


def model_options(c):
    options = ["-model", "mg-tfno" if c["levels"] else "tfno"]
    options += ["-factorization", "none" if c["kind"] == "dense" else c["kind"]]
    if c["kind"] != "dense":
        options += ["-rank", c["fraction"]]
    if c["joint"]:
        options += ["-joint_factorization", "true"]
    if c["levels"]:
        options += ["-levels", c["levels"], "-padding_fraction", c["padding"]]
    return options


# ---- what comes out ------------------------------------------------------------------------------------------

def run_name(cell, seed):
    return "%s-s%d" % (cell["name"], seed)


def results(study, seeds):
    found = [r for cell in cells() for seed in seeds for r in [study.result(run_name(cell, seed))] if r]
    dense = next((r["parameters"] for r in found if r["name"] == "dense"), None)
    for r in found:
        r["compression"] = round(dense / r["parameters"], 3) if dense else ""
        width = 1 / 2 ** r["levels"] + 2 * r["padding"]
        r["domain_compression"] = round(width ** -2, 3)
    return found


def write_csv(found, path):
    with open(path + ".part", "w", newline="") as f:
        table = csv.DictWriter(f, COLUMNS, extrasaction="ignore")
        table.writeheader()
        table.writerows(found)
    os.rename(path + ".part", path)


def write_table(found, path):
    lines = ["| domain | weights | parameters | fewer | test L2, % | test H1, % | training H1, % | seeds |", "|---" * 8 + "|"]
    for name in [c["name"] for c in cells()]:
        rows = [r for r in found if r["name"] == name]
        if rows:
            r = rows[0]
            weights = r["kind"] if r["kind"] == "dense" else "%s %g%s" % (r["kind"], r["fraction"], ", joint" * r["joint"])
            lines.append("| %s | %s | %d | %s | %s | %d |" % (
                "%.3gx smaller" % r["domain_compression"] if r["levels"] else "whole", weights, r["parameters"],
                "%.3gx" % r["compression"] if r["compression"] else "",
                " | ".join(spread([100 * r[key] for r in rows], "%.2f") for key in ("test_l2", "test_h1", "train_loss")), len(rows)))
    with open(path + ".part", "w") as f:
        f.write("\n".join(lines) + "\n")
    os.rename(path + ".part", path)


def draw(found, path):
    try:
        import matplotlib
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        print("no picture: this python3 has no matplotlib (Debian: python3-matplotlib, /usr/bin/python3)")
        return
    panels = [d for d in DOMAINS if any(r["levels"] == d[1] for r in found)]
    figure, axes = plt.subplots(1, len(panels), figsize=(5 * len(panels), 4.2), sharey=True, squeeze=False,
                                layout="constrained")
    for axis, (name, levels, _) in zip(axes[0], panels):
        for kind in ("dense",) + KINDS:
            for joint in (False, True):
                points = {}
                for r in found:
                    if (r["levels"], r["kind"], r["joint"]) == (levels, kind, joint):
                        points.setdefault(r["parameters"], []).append(100 * r["test_l2"])
                if not points:
                    continue
                x = sorted(points)
                mean = [sum(points[p]) / len(points[p]) for p in x]
                spread = [[m - min(points[p]) for m, p in zip(mean, x)],
                          [max(points[p]) - m for m, p in zip(mean, x)]]
                axis.errorbar(x, mean, spread, marker="*" if kind == "dense" else "s" if joint else "o",
                              linestyle="--" if joint else "-", color="k" if kind == "dense" else
                              "C%d" % KINDS.index(kind), capsize=2, label=kind + ", joint" * joint)
        small = next(r["domain_compression"] for r in found if r["levels"] == levels)
        axis.set(xscale="log", yscale="log", xlabel="real parameters",
                 title="whole field" if levels == 0 else "%d level%s, domain %.3g times smaller" % (
                     levels, "s" * (levels > 1), small))
        axis.grid(True, which="both", alpha=0.3)
    axes[0][0].set_ylabel("relative L2 error on the test set, %")
    axes[0][0].legend()
    figure.savefig(path, dpi=140)


# ---- the command ---------------------------------------------------------------------------------------------

def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", required=True, help="folder of the study")
    p.add_argument("--train", default="", help="training set (default: generated)")
    p.add_argument("--test", default="", help="test set")
    p.add_argument("--preset", default="mgtfno-ns-forced-1", help="of generate, for sets that are generated")
    p.add_argument("--samples", type=int, default=1000, help="of the generated training set")
    p.add_argument("--test-samples", type=int, default=200)
    p.add_argument("--size", type=int, default=64, help="points per axis of the generated sets")
    p.add_argument("--epochs", type=int, default=50)
    p.add_argument("--seeds", default="0", help="0,1,2")
    p.add_argument("--only", default="", help="cells whose name this regular expression matches as a whole")
    p.add_argument("--minutes", type=float, default=0, help="stop after so many (0: when all is done)")
    p.add_argument("--ranks", type=int, default=2)
    p.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin"))
    p.add_argument("--list", action="store_true", help="tell the cells and what is done")
    p.add_argument("options", nargs="*", help="of every training, after --")
    a = p.parse_args()
    if bool(a.train) != bool(a.test):
        p.error("give --train and --test, or neither")
    a.out = os.path.abspath(a.out)
    a.seeds = [int(s) for s in a.seeds.split(",")]
    a.options = ["-loss", "h1", "-normalise_input", "channel", "-batch", "16", "-lr", "2e-3", "-schedule",
                 "cosine", "-optimiser", "adamw-neuralop", "-weight_decay", "1e-4", "-n_modes", "16",
                 "-hidden_channels", "32"] + a.options
    return a


def settings(a):
    mine = {"epochs": a.epochs, "options": a.options, "train": a.train, "test": a.test}
    if not a.train:
        mine.update(preset=a.preset, samples=a.samples, test_samples=a.test_samples, size=a.size)
    return mine


def data(study, a):
    if a.train:
        return
    a.train, a.test = (os.path.join(a.out, n) for n in ("train.h5", "test.h5"))
    for path, samples, seed in ((a.train, a.samples, 1), (a.test, a.test_samples, 2)):
        study.generate(path, ["-preset", a.preset, "-n", samples, "-size", a.size, "-seed", seed])


def train(study, a, cell, seed):
    return study.train(run_name(cell, seed), ["-data", a.train, "-test", a.test, "-seed", seed, "-epochs", a.epochs] + a.options +
                       model_options(cell), dict(cell, seed=seed))


def main():
    a = parse()
    chosen = [(seed, c) for seed in a.seeds for c in cells() if not a.only or re.fullmatch(a.only, c["name"])]
    study = Study(a)
    done = lambda c, s: study.result(run_name(c, s)) is not None
    todo = [(s, c) for s, c in chosen if not done(c, s)]
    if a.list:
        for s, c in chosen:
            print("%-28s seed %d  %s" % (c["name"], s, "done" if done(c, s) else "to do"))
        return
    os.makedirs(a.out, exist_ok=True)
    check_settings(a.out, settings(a))
    print("%d cells, %d to do" % (len(chosen), len(todo)), flush=True)
    if todo:
        data(study, a)
    failed = 0
    for s, c in todo:
        if not train(study, a, c, s):
            failed += 1
            continue
        found = results(study, a.seeds)
        write_csv(found, os.path.join(a.out, "study.csv"))
        r = next(r for r in found if r["name"] == c["name"] and r["seed"] == s)
        print("%(name)s seed %(seed)d: %(parameters)d parameters, test L2 %(test_l2).4g, H1 %(test_h1).4g, "
              "%(seconds).0f s" % r, flush=True)
    found = results(study, a.seeds)
    if found:
        write_csv(found, os.path.join(a.out, "study.csv"))
        write_table(found, os.path.join(a.out, "study.md"))
        draw(found, os.path.join(a.out, "study.png"))
    sys.exit("%d cells failed" % failed if failed else 0)


if __name__ == "__main__":
    main()
