"""What ordering the samples costs and what it saves: the same samples in the order of their numbers and along a greedy tour, for
the two solvers that carry something from one system to the next."""
import cells
from methods import PROBLEMS, SPD
from ladder import PILOT, RANKS

KEY = ["problem", "method"]
COLUMNS = KEY + ["samples", "tolerance", "iterations", "iterations_sorted", "ms", "ms_sorted", "sorting_ms", "saved_ms", "pays"]
TOLERANCE = "1e-8"
# the same laws on a finer grid say nothing new here
LEFT_OUT = ("lognormal-198", "two-phase-198", "cube-64")


def carriers(problem):
    incomplete = "icc" if problem.kind == SPD else "ilu"
    gcrodr = ["-ksp_type", "gcrodr", "-ksp_gcrodr_restart", 40, "-ksp_gcrodr_recycle", 20, "-pc_type", incomplete,
              "-ksp_norm_type", "unpreconditioned"]
    plain = {"spd": ["-ksp_type", "cg", "-pc_type", "icc"]}.get(
        problem.kind, ["-ksp_type", "gcrodr", "-ksp_gcrodr_fresh", "-pc_type", "ilu", "-ksp_norm_type", "unpreconditioned"])
    return {"recycling": gcrodr, "warm start": plain + ["-warm_start", "true"]}


def one(folder, table, name, method, words, o):
    problem = PROBLEMS[name]
    options = problem.options + ["-seed", 1, "-tolerance", TOLERANCE] + words + o.more.split()
    pilot = cells.generate(folder, options, 2 * PILOT, RANKS, o.limit)
    if pilot is None:
        return
    samples = int(min(1000, max(4 * PILOT, o.seconds / (pilot["seconds"] / (2 * PILOT)))))
    plain = cells.generate(folder, options, samples, RANKS, 8 * o.limit)
    tour = cells.generate(folder, options + ["-sequence_order", "greedy"], samples, RANKS, 8 * o.limit)
    if plain is None or tour is None:
        return
    ms = lambda seconds: 1e3 * seconds / samples
    before, after = ms(plain["seconds"]), ms(tour["seconds"] - tour["ordering_s"])
    cost = ms(tour["ordering_s"])
    r = table.add(problem=name, method=method, samples=samples, tolerance=TOLERANCE, iterations=plain["iterations"],
                  iterations_sorted=tour["iterations"], ms=before, ms_sorted=after, sorting_ms=cost, saved_ms=before - after,
                  pays="yes" if before - after > cost else "no")
    print("%-15s %-11s %4s samples: %7s -> %7s its, %8s -> %8s ms, sorting %8s ms a sample: pays: %s" % (
        name, method, r["samples"], r["iterations"], r["iterations_sorted"], r["ms"], r["ms_sorted"], r["sorting_ms"], r["pays"]),
        flush=True)


def run(table, names, o):
    with cells.Folder() as folder:
        for name in names:
            if name in LEFT_OUT:
                continue
            for method, words in carriers(PROBLEMS[name]).items():
                if not table.has(name, method):
                    one(folder, table, name, method, words, o)
