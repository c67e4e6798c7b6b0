#!/usr/bin/env python3
"""MgNO beside an FNO of our own on the benchmarks of the MgNO paper at reduced size: one command that makes the sets, trains
both models with the same loss, optimiser and schedule on the same file, and tells errors, learning curves and wall times.

    mgno_study.py --out DIR [--only 'helmholtz.*'] [--minutes 80] [--epochs 20] [-- OPTIONS of every training]

Started again, the command passes over what is done and goes on with what was interrupted. Writes DIR/study.csv, study.md and
study.png; and grids.csv and grids.md: the models of Darcy rough, each trained on one grid, on the same test samples stored on others.
--list tells the runs. --tiny makes everything as small as it goes, for a test."""
import argparse
import csv
import json
import os
import re
import sys

from study import ROOT, Study, check_settings

ONECYCLE = "-optimiser adam-l2 -schedule onecycle -schedule_div 2"
SLOW = " -schedule_percent 0.2 -schedule_final_div 100"
SPECTRAL = "-loss spectral-h1 -loss_epsilon 0 -loss_space physical -normalise_epsilon 1e-5 -lr 1e-3 -weight_decay 1e-4 " + ONECYCLE + SLOW
PADDED = "-model fno -hidden_channels 32 -domain_padding 0.07 -domain_padding_mode one-sided -n_modes "
NAMES = {"fno": ("FNO", "C0"), "mgno": ("MgNO", "C1"), "mgno-smoother": ("MgNO, more smoothing", "C2")}
COLUMNS = ("problem", "model", "parameters", "test_l2", "test_h1", "least_test_l2", "rollout_l2", "train_loss", "epochs", "seconds",
           "peak_mb_per_rank", "samples")


class Problem:
    def __init__(self, title, law, samples, tests, epochs, batch, train, fno, variant, tiny, smoother=""):
        self.title, self.law, self.samples, self.tests, self.epochs, self.batch = title, law.split(), samples, tests, epochs, batch
        mgno = ["-model", "mgno", "-mgno_variant", variant]
        self.train, self.models = train.split(), {"fno": fno.split(), "mgno": mgno}
        if smoother:
            self.models["mgno-smoother"] = mgno + ["-pre_smoothing", smoother]
        self.tiny = tiny.split()


def rough(size):
    return ("Darcy rough, %dx%d" % (size, size), "-preset mgno-darcy-rough-1 -size 256 -store_size %d" % size, 1280, 112, 40, 8,
            "-normalise_output scalar " + SPECTRAL, PADDED + "24,24", "darcy", "-size 64 -store_size %d" % (size // 4))


def helmholtz(stored, smoother=""):
    return ("Helmholtz, %dx%d" % (stored, stored), "-preset mgno-helmholtz-1 -size 101 -store_size %d" % stored,
            1000, 100, 60, 10,
            "-normalise_input scalar -normalise_output scalar -normalise_epsilon 1e-5 -loss h1 -loss_space physical -loss_periodic false "
            "-loss_edge first -lr 1e-3 -weight_decay 1e-5 " + ONECYCLE + SLOW, PADDED + "16,16", "helmholtz",
            "-size 33 -store_size 17", smoother)


PROBLEMS = {
    "helmholtz": Problem(*helmholtz(51, "2,4,1,1,2")),
    "helmholtz-101": Problem(*helmholtz(101)),
    "navier-stokes": Problem(
        "Navier-Stokes, one step, 64x64", "-preset mgno-navier-stokes-1 -size 128 -store_size 64 -store_by spectral", 150, 24, 40, 20,
        "-frames 0:10 -rollout 10 -normalise_output none -loss lp -loss_epsilon 0 -lr 1e-3 -weight_decay 1e-5 -schedule_percent 0.1 "
        "-schedule_final_div 50 " + ONECYCLE, "-model fno -hidden_channels 32 -n_modes 24,24", "navier-stokes",
        "-size 32 -store_size 16 -viscosity 1e-2"),
    "darcy-smooth": Problem(
        "Darcy smooth, 106x106", "-preset fno-darcy-2020 -size 212 -store_size 106", 1000, 100, 40, 8,
        "-normalise_input point -normalise_output point " + SPECTRAL, PADDED + "20,20", "darcy-smooth", "-size 32 -store_size 16"),
    "darcy-rough": Problem(*rough(128)),
    "darcy-rough-64": Problem(*rough(64))}
GRIDS = (64, 128, 256)  # stored points a side of Darcy rough, all solved with 256


def runs(a):
    names = [(p, m) for p in PROBLEMS for m in PROBLEMS[p].models]
    return [(p, m) for p, m in names if not a.only or re.fullmatch(a.only, "%s-%s" % (p, m))]


def sizes(a, problem):
    """samples, tests, epochs, batch"""
    p = PROBLEMS[problem]
    return (4, 2, 1, 2) if a.tiny else (p.samples, p.tests, a.epochs or p.epochs, p.batch)


def data(study, a, problem):
    samples, tests, _, _ = sizes(a, problem)
    paths = [os.path.join(a.out, "%s_%s.h5" % (problem, part)) for part in ("train", "test")]
    for path, n, seed in ((paths[0], samples, 1), (paths[1], tests, 2)):
        study.generate(path, PROBLEMS[problem].law + (PROBLEMS[problem].tiny if a.tiny else []) + ["-n", n, "-seed", seed])
    return paths


def train(study, a, problem, model):
    p = PROBLEMS[problem]
    samples, _, epochs, batch = sizes(a, problem)
    train_set, test_set = data(study, a, problem)
    small = ["-n_layers", 2, "-hidden_channels", 4, "-n_modes", "4,4"] if model == "fno" else ["-n_layers", 2, "-pre_smoothing", "1,1"]
    options = p.train + p.models[model] + (small if a.tiny else [])
    return study.train("%s-%s" % (problem, model), ["-data", train_set, "-test", test_set, "-seed", a.seed, "-epochs", epochs,
                                                   "-batch", batch] + options + a.options,
                       {"problem": problem, "model": model, "samples": samples})


# ---- what comes out --------------------------------------------------------------------------------------------------


def results(study, a):
    found = []
    for problem, model in runs(a):
        r = study.result("%s-%s" % (problem, model))
        if r:
            epochs = study.epochs(os.path.join(a.out, "%s-%s" % (problem, model)))
            last = epochs[max(epochs)]
            rollout = [v for k, v in last.items() if k.startswith("test_rollout") and isinstance(v, float)]
            found.append(dict(r, rollout_l2=rollout[-1] if rollout else ""))
    return found


# ---- the same samples on other grids -------------------------------------------------------------------------------------


def rough_set(study, a, size):
    """Test samples of Darcy rough stored with so many points a side: the same samples whatever the size."""
    name = "darcy-rough_test.h5" if size == 128 else "darcy-rough-%d_test.h5" % size
    path = os.path.join(a.out, name)
    _, law, _, tests, _, _, _, _, _, tiny = rough(size)
    study.generate(path, law.split() + (tiny.split() if a.tiny else []) + ["-n", 2 if a.tiny else tests, "-seed", 2])
    return path


def grids(study, a):
    """Relative L2 error of every model of Darcy rough on every grid; a model that does not go there has none."""
    rows = []
    for trained, problem in ((64, "darcy-rough-64"), (128, "darcy-rough")):
        for model in PROBLEMS[problem].models:
            folder = os.path.join(a.out, "%s-%s" % (problem, model))
            if study.result("%s-%s" % (problem, model)) is None:
                continue
            for size in GRIDS:
                out = os.path.join(folder, "grid-%d.json" % size)
                if not os.path.exists(out):
                    study.fredholm(["evaluate", "-model_file", os.path.join(folder, "model.h5"), "-data", rough_set(study, a, size),
                                    "-out", out], folder + ".grids.log")
                if os.path.exists(out):
                    with open(out) as f:
                        m = json.load(f)["metrics"]
                    rows.append({"model": model, "trained": trained, "grid": size, "l2": m["rel_l2"], "h1": m["rel_h1"]})
    return rows


def tell_grids(study, a):
    rows = grids(study, a)
    if not rows:
        return
    with open(os.path.join(a.out, "grids.csv"), "w", newline="") as f:
        out = csv.DictWriter(f, ("model", "trained", "grid", "l2", "h1"))
        out.writeheader()
        out.writerows(rows)
    by = {(r["model"], r["trained"], r["grid"]): r for r in rows}
    with open(os.path.join(a.out, "grids.md"), "w") as f:
        f.write("| model | trained on |" + "".join(" %dx%d |" % (g, g) for g in GRIDS) + "\n|" + "---|" * (2 + len(GRIDS)) + "\n")
        for model, trained in sorted({(r["model"], r["trained"]) for r in rows}):
            cells = [by.get((model, trained, g)) for g in GRIDS]
            f.write("| %s | %dx%d |" % (model, trained, trained) +
                    "".join(" %.3f %% |" % (100 * c["l2"]) if c else " - |" for c in cells) + "\n")


# ---- table and picture -----------------------------------------------------------------------------------------------


def table(found):
    lines = ["| set | samples | model | parameters | test L2 | test H1 | epochs | minutes | FNO / MgNO |", "|---" * 9 + "|"]
    for problem in PROBLEMS:
        by = {r["model"]: r for r in found if r["problem"] == problem}
        for model, r in by.items():
            ratio = "%.2f" % (by["fno"]["test_l2"] / r["test_l2"]) if model != "fno" and "fno" in by else ""
            lines.append("| %s | %d | %s | %d | %.3f %% | %.3f %% | %d | %.0f | %s |" % (
                PROBLEMS[problem].title, r["samples"], NAMES[model][0], r["parameters"], 100 * r["test_l2"],
                100 * r["test_h1"], r["epochs"], r["seconds"] / 60, ratio))
    return "\n".join(lines) + "\n"


def draw(study, a, path):
    try:
        import matplotlib
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        print("no picture: this python3 has no matplotlib (Debian: python3-matplotlib, /usr/bin/python3)")
        return
    begun = {p: [m for m in PROBLEMS[p].models if os.path.exists(os.path.join(a.out, "%s-%s" % (p, m), "log.jsonl"))] for p in PROBLEMS}
    shown = [p for p in PROBLEMS if begun[p]]
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(4 * columns, 3.4 * rows), squeeze=False, layout="constrained")
    for axis in axes.flat[len(shown):]:
        axis.axis("off")
    for axis, problem in zip(axes.flat, shown):
        for model in begun[problem]:
            epochs = study.epochs(os.path.join(a.out, "%s-%s" % (problem, model)))
            axis.plot(sorted(epochs), [100 * epochs[e]["test_rel_l2"] for e in sorted(epochs)], NAMES[model][1], label=NAMES[model][0])
        axis.set(yscale="log", xlabel="epoch", title=PROBLEMS[problem].title)
        axis.grid(True, which="both", alpha=0.3)
        axis.legend()
    for row in axes:
        row[0].set_ylabel("relative L2 error on the test set, %")
    figure.savefig(path, dpi=110)


def tell(study, a):
    found = results(study, a)
    if not found:
        return
    with open(os.path.join(a.out, "study.csv"), "w", newline="") as f:
        out = csv.DictWriter(f, COLUMNS, extrasaction="ignore")
        out.writeheader()
        out.writerows(found)
    with open(os.path.join(a.out, "study.md"), "w") as f:
        f.write(table(found))
    tell_grids(study, a)
    draw(study, a, os.path.join(a.out, "study.png"))


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", required=True, help="folder of the study")
    p.add_argument("--only", default="", help="runs (PROBLEM-MODEL) that this regular expression matches as a whole")
    p.add_argument("--epochs", type=int, default=0, help="of every run (0: 40 or 60)")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--minutes", type=float, default=0, help="stop after so many (0: when all is done)")
    p.add_argument("--ranks", type=int, default=2)
    p.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin"))
    p.add_argument("--list", action="store_true", help="tell the runs and what is done")
    p.add_argument("--tiny", action="store_true", help="as small as it goes")
    p.add_argument("options", nargs="*", help="of every training, after --")
    a = p.parse_args()
    a.out = os.path.abspath(a.out)
    return a


def main():
    a = parse()
    study = Study(a)
    chosen = runs(a)
    todo = [(p, m) for p, m in chosen if study.result("%s-%s" % (p, m)) is None]
    if a.list:
        for p, m in chosen:
            print("%s-%s: %s" % (p, m, "to do" if (p, m) in todo else "done"))
        return
    os.makedirs(a.out, exist_ok=True)
    check_settings(a.out, {"epochs": a.epochs, "seed": a.seed, "tiny": a.tiny, "options": a.options})
    print("%d runs, %d to do" % (len(chosen), len(todo)), flush=True)
    failed = 0
    for problem, model in todo:
        if not train(study, a, problem, model):
            failed += 1
            continue
        r = study.result("%s-%s" % (problem, model))
        print("%(problem)s %(model)s: %(parameters)d parameters, test L2 %(test_l2).4g, H1 %(test_h1).4g, %(epochs)d epochs, "
              "%(seconds).0f s" % r, flush=True)
        tell(study, a)
    tell(study, a)
    sys.exit("%d runs failed" % failed if failed else 0)


if __name__ == "__main__":
    main()
