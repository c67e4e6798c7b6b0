#!/usr/bin/python3
"""Where the gain of Sorting Krylov Recycling comes from: the same chain of 100 systems with GCRO-DR(40, 20) sorted, in random
order, and forgetting its space after every system ("fresh": deflated restarting alone, GMRES-DR), on the published matrices and on
log-normal Darcy with the same field. Iterations and milliseconds of processor time a system, tolerance 1e-8 as published, one rank.

usage: ablation.py [--out ablation.csv] [--problems skr-2304,...]"""
import argparse

from cells import Folder, Table, cpu_ms, generate, machine

KEY = ["problem", "preconditioner"]
COLUMNS = KEY + ["sorted", "unsorted", "fresh", "recycling_saves", "sorting_saves", "sorted_ms", "unsorted_ms", "fresh_ms"]
PROBLEMS = {"skr-2304": "-problem skr-2024-darcy -size 50", "skr-9604": "-problem skr-2024-darcy -size 100",
            "darcy-2304": "-preset lognormal-darcy-1 -size 48", "darcy-9604": "-preset lognormal-darcy-1 -size 98",
            "two-phase-9604": "-problem darcy -coefficient two_phase -size 98"}
WAYS = {"sorted": ["-sequence_order", "greedy"], "unsorted": [], "fresh": ["-ksp_gcrodr_fresh"]}
SYSTEMS = 100


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="ablation.csv")
    parser.add_argument("--problems", default=",".join(PROBLEMS))
    parser.add_argument("--preconditioners", default="none,icc")
    o = parser.parse_args()
    table = Table(o.out, KEY, COLUMNS)
    print("#", machine())
    with Folder() as folder:
        for name in o.problems.split(","):
            for pc in o.preconditioners.split(","):
                if table.has(name, pc):
                    continue
                row = {"problem": name, "preconditioner": pc}
                for way, words in WAYS.items():
                    r = generate(folder, PROBLEMS[name].split() + [
                        "-seed", 1, "-tolerance", 1e-4, "-ksp_rtol", 1e-8, "-ksp_type", "gcrodr", "-ksp_gcrodr_restart", 40,
                        "-ksp_gcrodr_recycle", 20, "-ksp_gcrodr_ritz", "published", "-pc_type", pc] + words, SYSTEMS, 1, 1800)
                    row[way], row[way + "_ms"] = r["iterations"], cpu_ms(folder, PROBLEMS[name].split(), r)
                row["recycling_saves"] = 1 - row["sorted"] / row["fresh"]
                row["sorting_saves"] = 1 - row["sorted"] / row["unsorted"]
                table.add(**row)
                print("%-15s %-5s sorted %6.1f its (%6.1f ms), unsorted %6.1f (%6.1f), fresh %6.1f (%6.1f): recycling saves %3.0f %% of "
                      "the iterations, sorting %.1f %%" % (name, pc, row["sorted"], row["sorted_ms"], row["unsorted"], row["unsorted_ms"],
                                                         row["fresh"], row["fresh_ms"], 100 * row["recycling_saves"],
                                                         100 * row["sorting_saves"]), flush=True)


if __name__ == "__main__":
    main()
