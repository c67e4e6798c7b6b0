#!/usr/bin/python3
"""The published tables of Sorting Krylov Recycling (Wang et al., ICLR 2024, tables 3 to 16) counted again: iterations of
GCRO-DR(40, 20) along a sorted chain on the matrices of `skr-2024-darcy` and on `thermal`, tolerance 1e-8, and its time beside
GMRES(40), one rank a chain.

usage: published.py [--out published_counts.csv] [--problems darcy,thermal] [--n 2500,6400,10000] [--gmres 10] [--no-gmres]

As published: left preconditioning, the preconditioned residual decides, zero start. (The pipeline's own test, the true residual, is
set to 1e-4 here and harms nobody.) The paper's runs with SOR and block Jacobi shared a system among 72 ranks, so that their
preconditioners have 72 blocks; here one rank has the same 72 blocks. `sor-1` is SOR without blocks, which the paper has not.
GMRES(40) reaches its limit of 10000 iterations on many of these systems: it gets --gmres systems of each chain, not 100, and systems
at the limit count with 10000, as in the paper. Times are processor time. Resumable: what is in the CSV is not counted again."""
import argparse
import csv
import os
import sys

from cells import Folder, Table, cpu_ms, generate, machine

HERE = os.path.dirname(os.path.realpath(__file__))
KEY = ["problem", "preconditioner", "n"]
COLUMNS = KEY + ["unknowns", "systems", "iterations", "paper", "ratio", "ms", "gmres_systems", "gmres_iterations",
                 "gmres_paper", "gmres_at_limit", "gmres_ms", "time_ratio", "time_ratio_paper"]
LIMIT = 10000
SYSTEMS = 100
SIZES = {"darcy": {2500: 50, 6400: 80, 10000: 100}, "thermal": {2755: 0.05, 7821: 0.03, 11063: 0.025}}
BLOCKS = ["-pc_type", "bjacobi", "-pc_bjacobi_blocks", 72, "-sub_ksp_type", "preonly", "-sub_pc_type"]


def problem_options(problem, n):
    if problem == "darcy":
        return ["-problem", "skr-2024-darcy", "-size", SIZES[problem][n]]
    return ["-problem", "thermal", "-mesh_size", SIZES[problem][n], "-size", 32]


def preconditioner_options(problem, name):
    if problem == "darcy" and name == "sor":
        return BLOCKS + ["sor"]
    if problem == "darcy" and name == "bjacobi":
        return BLOCKS + ["ilu"]
    return ["-pc_type", "sor" if name == "sor-1" else name]


def common(problem, name, n):
    return problem_options(problem, n) + preconditioner_options(problem, name) + [
        "-seed", 1, "-tolerance", 1e-4, "-ksp_rtol", 1e-8, "-ksp_max_it", LIMIT, "-ksp_norm_type", "preconditioned"]


def skr(folder, problem, name, n):
    return generate(folder, common(problem, name, n) + [
        "-sequence_order", "greedy", "-ksp_type", "gcrodr", "-ksp_gcrodr_restart", 40, "-ksp_gcrodr_recycle", 20,
        "-ksp_gcrodr_ritz", "published"], SYSTEMS, 1, 1800)


def gmres(folder, problem, name, n, systems):
    return generate(folder, common(problem, name, n) + ["-ksp_type", "gmres", "-ksp_gmres_restart", 40], systems, 1, 1800)


def count(folder, row, systems, table):
    problem, name, n = row["problem"], row["preconditioner"], int(row["n"])
    known = table.find(problem, name, n)
    if known and (known["gmres_systems"] or not systems or not row["skr_iterations"]):
        return
    ours = skr(folder, problem, name, n)
    paper = float(row["skr_iterations"]) if row["skr_iterations"] else None
    ms = cpu_ms(folder, problem_options(problem, n), ours)
    result = {"problem": problem, "preconditioner": name, "n": n, "systems": ours["samples"], "iterations": ours["iterations"],
              "paper": paper or "", "ratio": ours["iterations"] / paper if paper else "", "ms": ms,
              "unknowns": {2500: 2304, 6400: 6084, 10000: 9604}.get(n, "") if problem == "darcy" else ""}
    if ours["failed"]:
        print("%s %s %d: %d systems failed" % (problem, name, n, ours["failed"]))
    if systems and paper:
        g = gmres(folder, problem, name, n, systems)
        capped = [min(int(i), LIMIT) for i in g["each_iterations"]]
        g_ms = cpu_ms(folder, problem_options(problem, n), g)
        result.update(gmres_systems=systems, gmres_iterations=sum(capped) / len(capped), gmres_paper=float(row["gmres_iterations"]),
                      gmres_at_limit=sum(c >= LIMIT for c in capped), gmres_ms=g_ms, time_ratio=g_ms / ms,
                      time_ratio_paper=float(row["gmres_seconds"]) / float(row["skr_seconds"]))
    show(table.add(**result))


def show(r):
    line = "%-8s %-8s n = %-6s %8.1f its" % (r["problem"], r["preconditioner"], r["n"], float(r["iterations"]))
    if r["paper"]:
        line += " (paper %6.0f, ratio %.3f)" % (float(r["paper"]), float(r["ratio"]))
    if r["time_ratio"]:
        line += "  GMRES(40) %7.0f its (paper %6.0f, %s of %s at the limit), time ratio %.2f (paper %.2f)" % (
            float(r["gmres_iterations"]), float(r["gmres_paper"]), r["gmres_at_limit"], r["gmres_systems"],
            float(r["time_ratio"]), float(r["time_ratio_paper"]))
    print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="published_counts.csv")
    parser.add_argument("--problems", default="darcy,thermal")
    parser.add_argument("--n", default="2500,6400,10000,2755,11063")
    parser.add_argument("--preconditioners", default="none,jacobi,bjacobi,sor,sor-1,icc,ilu")
    parser.add_argument("--gmres", type=int, default=10, help="systems that GMRES(40) gets")
    parser.add_argument("--no-gmres", dest="gmres", action="store_const", const=0)
    parser.add_argument("--within", type=float, default=0.05, help="allowed relative difference of the Darcy counts")
    o = parser.parse_args()
    wanted = [int(n) for n in o.n.split(",")]
    with open(os.path.join(HERE, "published.csv"), newline="") as f:
        rows = [r for r in csv.DictReader(f)]
    rows += [{"problem": "darcy", "preconditioner": "sor-1", "n": str(n), "skr_iterations": ""} for n in SIZES["darcy"]]
    table = Table(o.out, KEY, COLUMNS)
    print("#", machine())
    with Folder() as folder:
        for row in rows:
            if int(row["n"]) in wanted and row["problem"] in o.problems.split(",") and \
                    row["preconditioner"] in o.preconditioners.split(","):
                count(folder, row, o.gmres, table)
    far = [r for r in table.rows if r["problem"] == "darcy" and r["ratio"] and abs(float(r["ratio"]) - 1) > o.within]
    there = [r for r in table.rows if r["problem"] == "darcy" and r["ratio"]]
    print("%d of %d counts of Darcy within %.0f %% of the paper's" % (len(there) - len(far), len(there), 100 * o.within))
    sys.exit(1 if far else 0)


if __name__ == "__main__":
    main()
