#!/usr/bin/env python3
"""Accuracy against compression of TFNO and MG-TFNO: one command that trains a list of models on one data set.

    tfno_study.py --out DIR                      generates the forced Navier-Stokes set and trains everything
    tfno_study.py --out DIR --train F --test G   the same on sets that exist
    tfno_study.py --out DIR --only 'tucker' --seeds 0 --minutes 80 -- -lr 1e-3 -hidden_channels 32

A cell is a model and a seed; its run stands in DIR/NAME-sSEED. Started again, the command passes over
cells that are done and goes on with the one that was interrupted (train -resume), so that it may be
stopped at any time, or by --minutes. What follows -- goes to every training. After each cell
DIR/study.csv and DIR/study.png are written anew. --list tells the names of the cells."""
import argparse
import csv
import json
import os
import re
import signal
import subprocess
import sys
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
FRACTIONS = (0.5, 0.1, 0.05, 0.01, 0.005)
KINDS = ("tucker", "cp", "tt")
# name, levels, padding as a fraction of the field: the whole field, and domains 1.78 and 7.1 times smaller
DOMAINS = (("", 0, 0.0), ("mg1-", 1, 0.125), ("mg2-", 2, 0.0625))
STOPPED = 75
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


# ---- running -----------------------------------------------------------------------------------------------

def scripts_environment():
    """What scripts/environment.sh sets for programs under mpirun."""
    text = subprocess.run(["bash", "-c", ". scripts/environment.sh; env -0"], cwd=ROOT, text=True,
                          capture_output=True, check=True).stdout
    return dict(entry.split("=", 1) for entry in text.split("\0") if "=" in entry)


class Study:
    def __init__(self, a):
        self.a = a
        self.end = time.monotonic() + 60 * a.minutes if a.minutes else None
        self.environment = scripts_environment()
        self.child = None

    def fredholm(self, arguments, log, ranks=None):
        """Runs the command; (exit code, peak memory of the largest rank in MB)."""
        command = ["mpirun", "-n", str(ranks or self.a.ranks), os.path.join(self.a.bin, "fredholm")]
        with open(log, "a") as out:
            self.child = subprocess.Popen(command + [str(x) for x in arguments], env=self.environment,
                                          stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        _, status, usage = os.wait4(self.child.pid, 0)  # the usage counts the ranks, which mpirun waits for
        self.child = None
        return os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024

    def forward(self, number, _):
        """A signal to the study stops the run, which then saves itself."""
        if self.child:
            self.child.send_signal(number)
            os.waitpid(self.child.pid, 0)
        sys.exit("stopped: the same command goes on")

    def generate(self, path, samples, seed):
        if os.path.exists(path):
            return
        code, _ = self.fredholm(["generate", "-preset", self.a.preset, "-n", samples, "-size", self.a.size,
                                 "-seed", seed, "-out", path, "-resume"], path + ".log")
        if code:
            sys.exit("generating %s ended with %d: see %s.log" % (path, code, path))

    def data(self):
        if self.a.train:
            return
        self.a.train, self.a.test = (os.path.join(self.a.out, n) for n in ("train.h5", "test.h5"))
        self.generate(self.a.train, self.a.samples, 1)
        self.generate(self.a.test, self.a.test_samples, 2)

    def run(self, cell, seed):
        """Trains a cell to its end and leaves DIR/NAME-sSEED/cell.json; False if the run failed."""
        folder = os.path.join(self.a.out, "%s-s%d" % (cell["name"], seed))
        log, memory = folder + ".log", folder + ".peak"
        arguments = ["train", "-data", self.a.train, "-test", self.a.test, "-out", folder, "-seed", seed,
                     "-epochs", self.a.epochs, "-checkpoint_every", 1, "-quiet", "-resume"]
        arguments += self.a.options + model_options(cell)
        if self.end:
            left = int(self.end - time.monotonic())
            if left < 10:
                sys.exit("the %g minutes are over: the same command goes on" % self.a.minutes)
            arguments += ["-max_walltime", "%d:%02d:%02d" % (left // 3600, left // 60 % 60, left % 60)]
        code, peak = self.fredholm(arguments, log)
        if os.path.exists(memory):
            with open(memory) as f:
                peak = max(peak, float(f.read()))
        with open(memory, "w") as f:
            f.write("%.3f" % peak)
        if code == STOPPED:
            sys.exit("stopped within %s: the same command goes on" % folder)
        if code:
            print("%s ended with %d: see %s" % (folder, code, log), flush=True)
            return False
        os.remove(memory)
        result = dict(cell, seed=seed, peak_mb_per_rank=round(peak, 1), **self.measure(folder))
        with open(os.path.join(folder, "cell.json.part"), "w") as f:
            json.dump(result, f, indent=1)
        os.rename(os.path.join(folder, "cell.json.part"), os.path.join(folder, "cell.json"))
        return True

    def measure(self, folder):
        epochs = {}  # a run that was killed may have done some of them twice
        with open(os.path.join(folder, "log.jsonl")) as f:
            for line in f:
                event = json.loads(line)
                if event["event"] == "epoch":
                    epochs[event["epoch"]] = event
        last = epochs[max(epochs)]
        described = subprocess.run([os.path.join(self.a.bin, "fredholm"), "inspect", "-steps", "false",
                                    os.path.join(folder, "model.h5")], env=self.environment, text=True,
                                   capture_output=True, check=True).stdout
        return {"parameters": int(re.search(r"parameters: (\d+) reals", described).group(1)),
                "test_l2": last["test_rel_l2"], "test_h1": last["test_rel_h1"], "train_loss": last["loss"],
                "least_test_l2": min(e["test_rel_l2"] for e in epochs.values()), "epochs": len(epochs),
                "seconds": round(sum(e["seconds"] for e in epochs.values()), 2)}


# ---- what comes out ------------------------------------------------------------------------------------------

def results(out, seeds):
    found = []
    for cell in cells():
        for seed in seeds:
            path = os.path.join(out, "%s-s%d" % (cell["name"], seed), "cell.json")
            if os.path.exists(path):
                with open(path) as f:
                    found.append(json.load(f))
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


def check_settings(a):
    """One folder, one study: what all cells share must not change."""
    path = os.path.join(a.out, "settings.json")
    mine = {"epochs": a.epochs, "options": a.options, "train": a.train, "test": a.test}
    if not a.train:
        mine.update(preset=a.preset, samples=a.samples, test_samples=a.test_samples, size=a.size)
    if os.path.exists(path):
        with open(path) as f:
            theirs = json.load(f)
        for key in mine:
            if mine[key] != theirs.get(key):
                sys.exit("%s holds a study with %s %s, not %s: use another --out" % (
                    a.out, key, theirs.get(key), mine[key]))
        return
    with open(path, "w") as f:
        json.dump(mine, f, indent=1)


def main():
    a = parse()
    chosen = [(seed, c) for seed in a.seeds for c in cells() if not a.only or re.fullmatch(a.only, c["name"])]
    done = lambda c, s: os.path.exists(os.path.join(a.out, "%s-s%d" % (c["name"], s), "cell.json"))
    todo = [(s, c) for s, c in chosen if not done(c, s)]
    if a.list:
        for s, c in chosen:
            print("%-28s seed %d  %s" % (c["name"], s, "done" if done(c, s) else "to do"))
        return
    os.makedirs(a.out, exist_ok=True)
    check_settings(a)
    study = Study(a)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, study.forward)
    print("%d cells, %d to do" % (len(chosen), len(todo)), flush=True)
    if todo:
        study.data()
    failed = 0
    for s, c in todo:
        if not study.run(c, s):
            failed += 1
            continue
        found = results(a.out, a.seeds)
        write_csv(found, os.path.join(a.out, "study.csv"))
        r = next(r for r in found if r["name"] == c["name"] and r["seed"] == s)
        print("%(name)s seed %(seed)d: %(parameters)d parameters, test L2 %(test_l2).4g, H1 %(test_h1).4g, "
              "%(seconds).0f s" % r, flush=True)
    found = results(a.out, a.seeds)
    if found:
        write_csv(found, os.path.join(a.out, "study.csv"))
        draw(found, os.path.join(a.out, "study.png"))
    sys.exit("%d cells failed" % failed if failed else 0)


if __name__ == "__main__":
    main()
