#!/usr/bin/python3
"""The benchmark of the solvers for sequences (docs/skr.md): which way to labels is the fastest, problem by problem.

usage: run.py [--out FOLDER] [--problems NAME,...] [--methods NAME,...] [--parts ladder,refine,sorting,labels,table,picture]
              [--seconds 1.2] [--limit 20] [--repeats 3] [--overwrite] [--more OPTIONS]

Writes ladder.csv, ladder.md, sorting.csv, labels.csv and ladder.png into FOLDER. Resumable: what a CSV holds is not measured again. Parts:
ladder   samples per second of every method, at residuals of 1e-5 and 1e-8
refine   `auto` and the best stock method again, in turn, medians
sorting  what ordering the samples costs and what it saves
labels   the test error of a small FNO trained on labels of tolerance 1e-2 to 1e-8
table    of the ladder, as in docs/skr.md
picture  of the ladder
The published tables: published.py. Needs build/release, h5py, numpy, scipy, matplotlib (Debian: python3-h5py python3-scipy
python3-matplotlib)."""
import argparse
import os
import sys

try:
    import cells
    import labels
    import ladder
    import sorting
    from methods import PROBLEMS
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

PARTS = ("ladder", "refine", "sorting", "labels", "table", "picture")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="skr-bench")
    parser.add_argument("--problems", default=",".join(PROBLEMS))
    parser.add_argument("--methods", default="")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--seconds", type=float, default=1.2, help="length of a cell, about")
    parser.add_argument("--limit", type=float, default=20.0, help="seconds that the short run of a cell may take")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--overwrite", action="store_true", help="forget what the CSVs hold")
    parser.add_argument("--more", default="", help="further options of every fredholm generate")
    o = parser.parse_args()
    names = [n for n in o.problems.split(",") if n]
    for n in names:
        if n not in PROBLEMS:
            parser.error("there is no problem '%s': %s" % (n, ", ".join(PROBLEMS)))
    parts = o.parts.split(",")
    os.makedirs(o.out, exist_ok=True)
    place = lambda name: os.path.join(o.out, name)
    for name in ("ladder.csv", "sorting.csv", "labels.csv"):
        if o.overwrite and os.path.exists(place(name)):
            os.remove(place(name))
    table = cells.Table(place("ladder.csv"), ladder.KEY, ladder.COLUMNS)
    print("#", cells.machine())
    if "ladder" in parts:
        ladder.run(table, names, o)
    if "refine" in parts:
        ladder.refine(table, names, o)
    if "ladder" in parts or "refine" in parts:
        print(ladder.summary(table, names))
    if "sorting" in parts:
        sorting.run(cells.Table(place("sorting.csv"), sorting.KEY, sorting.COLUMNS), names, o)
    if "labels" in parts:
        labels.run(cells.Table(place("labels.csv"), labels.KEY, labels.COLUMNS), o)
    if "table" in parts:
        with open(place("ladder.md"), "w") as f:
            f.write(ladder.markdown(table, names))
    if "picture" in parts:
        ladder.picture(table, names, place("ladder.png"), cells.machine())


if __name__ == "__main__":
    main()
