"""The ladder: samples per second of every method on every problem, two ranks, one chain a rank.

A cell is one method on one problem at one tolerance. Its number of samples is chosen by a short run of the cell so that the cell
takes about `seconds`; all of drawing, ordering, assembling, setting up, solving, checking and writing counts. A method that takes
longer than `limit` seconds for the short run has no rate but a bound. `auto` is given AUTO times as long, for its trials are paid
once a set, and sets have thousands of samples. Methods whose time does not depend on the tolerance are
measured once, at the smaller one."""
import statistics

import cells
import scipy_solve
from methods import PROBLEMS, hopeless, methods

KEY = ["problem", "tolerance", "method"]
COLUMNS = KEY + ["title", "samples", "failed", "seconds", "per_second", "iterations", "residual", "ordering_s", "repeats", "note"]
TOLERANCES = ("1e-5", "1e-8")
RANKS, PILOT, MOST, AUTO = 2, 4, 8000, 6


def rate(result):
    return (result["samples"] - result["failed"]) / result["seconds"]


def options_of(problem, method, tolerance, o):
    return problem.options + ["-seed", 1, "-tolerance", tolerance] + method.options + o.more.split()


def measure(folder, options, seconds, limit):
    """The run that counts, or the short one where that is long enough; None beyond the limit."""
    pilot = cells.generate(folder, options, PILOT, RANKS, limit)
    if pilot is None or pilot["seconds"] >= seconds or pilot["failed"] == PILOT:
        return pilot
    samples = int(min(MOST, max(2 * PILOT, seconds / (pilot["seconds"] / PILOT))))
    result = cells.generate(folder, options, samples, RANKS, 4 * limit)
    # the first samples pay for what is set up once: a second run where the first was far too short
    if result and result["seconds"] < 0.5 * seconds and samples < MOST:
        samples = int(min(MOST, samples * seconds / result["seconds"]))
        result = cells.generate(folder, options, samples, RANKS, 4 * limit)
    return result


def measure_scipy(options, seconds, limit):
    pilot = scipy_solve.run(options, 2, limit)
    if pilot is None or pilot["seconds"] >= 0.5 * seconds:
        return pilot
    samples = 2 * int(max(1, min(32, 0.5 * seconds / pilot["seconds"] * 2)))
    return scipy_solve.run(options, samples, limit)


def cell(folder, table, name, method_name, tolerance, o):
    problem = PROBLEMS[name]
    method = methods(problem)[method_name]
    row = {"problem": name, "tolerance": tolerance, "method": method_name, "title": method.title, "repeats": 1}
    if hopeless(name, method_name):
        show(table.add(note=hopeless(name, method_name), **row))
        return
    try:
        result = measure_scipy(problem.options + o.more.split(), o.seconds, o.limit) if method.scipy else \
            measure(folder, options_of(problem, method, tolerance, o), o.seconds * (AUTO if method_name == "auto" else 1), o.limit)
    except cells.Unavailable as why:
        print("%s, %s: left out: %s" % (name, method_name, why), flush=True)
        return
    if result is None:
        row.update(note="beyond %g s for %d samples" % (o.limit, 2 if method.scipy else PILOT))
    else:
        row.update(samples=result["samples"], failed=result.get("failed", 0), seconds=result["seconds"],
                   residual=result["residual"], iterations=result.get("iterations", ""), ordering_s=result.get("ordering_s", ""))
        row["per_second"] = rate(dict(result, failed=result.get("failed", 0)))
        if method.scipy and not result["residual"] <= float(tolerance):
            row.update(failed=result["samples"], per_second=0.0, note="residual above the tolerance")
    show(table.add(**row))


def show(row):
    speed = "%10.2f samples/s" % float(row["per_second"]) if row["per_second"] else "%20s" % "-"
    print("%-15s %-5s %-34s %s  %5s its  %s failed of %s %s" % (
        row["problem"], row["tolerance"], row["title"], speed, row["iterations"][:5], row["failed"], row["samples"], row["note"]),
        flush=True)


def run(table, names, o):
    with cells.Folder() as folder:
        for name in names:
            for method_name, method in methods(PROBLEMS[name]).items():
                if o.methods and method_name not in o.methods.split(","):
                    continue
                for tolerance in reversed(TOLERANCES):
                    if table.has(name, tolerance, method_name):
                        continue
                    measured = [r for r in table.rows if r["problem"] == name and r["method"] == method_name]
                    if method.direct and measured and tolerance != TOLERANCES[-1]:
                        table.add(**dict(measured[0], tolerance=tolerance, note="as at %s %s" % (TOLERANCES[-1],
                                                                                              measured[0]["note"])))
                        continue
                    cell(folder, table, name, method_name, tolerance, o)


# ---- auto beside the best of the others, in turn ----------------------------------------------------------------------


def best_stock(table, name, tolerance):
    names = methods(PROBLEMS[name])
    rows = [r for r in table.rows if r["problem"] == name and r["tolerance"] == tolerance and r["per_second"] and
            names[r["method"]].stock and not names[r["method"]].scipy and r["failed"] == "0"]
    return max(rows, key=lambda r: float(r["per_second"]), default=None)


def duel(folder, table, name, tolerance, o):
    """auto and the best stock method one after the other, o.repeats times: the medians replace both rows"""
    rows = [next((r for r in table.rows if (r["problem"], r["tolerance"], r["method"]) == (name, tolerance, "auto")), None),
            best_stock(table, name, tolerance)]
    if not all(rows) or all(int(r["repeats"]) >= o.repeats for r in rows) or not rows[0]["per_second"]:
        return
    problem = PROBLEMS[name]
    rates = [[], []]
    for _ in range(o.repeats):
        for i, row in enumerate(rows):
            options = options_of(problem, methods(problem)[row["method"]], tolerance, o)
            result = cells.generate(folder, options, int(row["samples"]), RANKS, 600)
            rates[i].append(rate(result))
    for row, values in zip(rows, rates):
        per_second = statistics.median(values)
        show(table.add(**dict(row, per_second=per_second, repeats=o.repeats, seconds=int(row["samples"]) / per_second)))


def refine(table, names, o):
    with cells.Folder() as folder:
        for name in names:
            for tolerance in TOLERANCES:
                duel(folder, table, name, tolerance, o)


# ---- what comes out -----------------------------------------------------------------------------------------------------


def summary(table, names):
    """auto against the best stock method and published SKR, per problem and tolerance"""
    lines = ["%-15s %-5s %12s %28s %8s %12s %8s" % ("problem", "tol", "auto, 1/s", "best stock, 1/s", "ratio", "SKR, 1/s", "ratio")]
    for name in names:
        for tolerance in TOLERANCES:
            by = {r["method"]: r for r in table.rows if r["problem"] == name and r["tolerance"] == tolerance and r["per_second"]}
            best = best_stock(table, name, tolerance)
            value = lambda r: float(r["per_second"]) if r else float("nan")
            auto, stock, skr = value(by.get("auto")), value(best), value(by.get("skr"))
            lines.append("%-15s %-5s %12.2f %28s %8.2f %12.2f %8.1f" % (
                name, tolerance, auto, "%s %.2f" % (best["method"] if best else "-", stock), auto / stock, skr,
                auto / skr if skr else float("inf")))
    return "\n".join(lines)


def markdown(table, names):
    """The ladder as the table of docs/skr.md: samples per second; stock methods of one kind share a column."""
    columns = (("auto", ("auto",)), ("SKR", ("skr",)), ("CG+ICC, GMRES(40)+ILU", ("icc", "gmres")), ("BiCGStab+ILU", ("bcgs",)),
               ("BoomerAMG", ("boomeramg",)), ("GAMG", ("gamg",)), ("PETSc's factors", ("factor",)), ("MUMPS", ("mumps",)),
               ("first factor kept", ("frozen",)), ("SciPy", ("scipy",)))
    number = lambda v: "%.0f" % v if v >= 100 else "%.3g" % v
    lines = ["| problem | to | " + " | ".join(title for title, _ in columns) + " | auto / best stock | auto / SKR |",
             "|---" * (len(columns) + 4) + "|"]
    for name in names:
        for tolerance in TOLERANCES:
            rows = {r["method"]: r for r in table.rows if r["problem"] == name and r["tolerance"] == tolerance}
            speed = {m: float(r["per_second"]) for m, r in rows.items() if r["per_second"]}
            cells_ = []
            for _, keys in columns:
                row = next((rows[k] for k in keys if k in rows), None)
                good = row and row["per_second"] and float(row["per_second"]) > 0
                fails = " (%s of %s fail)" % (row["failed"], row["samples"]) if good and row["failed"] != "0" else ""
                cells_.append(number(float(row["per_second"])) + fails if good else "fails" if row and row["failed"] else
                              "too slow" if row else "")
            best = float(best_stock(table, name, tolerance)["per_second"])
            ratios = ["%.2f" % (speed["auto"] / best), "%.1f" % (speed["auto"] / speed["skr"]) if "skr" in speed else ""]
            lines.append("| %s | %s | " % (PROBLEMS[name].title, tolerance) + " | ".join(cells_ + ratios) + " |")
    return "\n".join(lines) + "\n"


def picture(table, names, path, about):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    columns = 3
    lines = -(-len(names) // columns)
    figure, axes = plt.subplots(lines, columns, figsize=(15, 3.2 * lines), layout="constrained", squeeze=False)
    for axis, name in zip(axes.flat, names):
        known = methods(PROBLEMS[name])
        for shift, tolerance, colour in ((0.2, TOLERANCES[0], "tab:blue"), (-0.2, TOLERANCES[1], "tab:orange")):
            rows = {r["method"]: r for r in table.rows if r["problem"] == name and r["tolerance"] == tolerance}
            for place, method in enumerate(reversed(list(known))):
                row = rows.get(method)
                speed = float(row["per_second"]) if row and row["per_second"] else 0.0
                axis.barh(place + shift, max(speed, 1e-9), 0.38, color=colour)
                if row and speed == 0.0:
                    axis.text(0.02, place + shift, row["note"] or "fails", transform=axis.get_yaxis_transform(), fontsize=6, va="center")
                elif row and int(row["failed"]):
                    axis.text(speed, place + shift, " %s of %s fail" % (row["failed"], row["samples"]), fontsize=6, va="center")
        speeds = [float(r["per_second"]) for r in table.rows if r["problem"] == name and r["per_second"] and float(r["per_second"]) > 0]
        axis.set_yticks(range(len(known)), [m.title for m in reversed(list(known.values()))], fontsize=7)
        axis.set_xscale("log")
        if speeds:
            axis.set_xlim(0.5 * min(speeds), 3 * max(speeds))
        axis.set_title(PROBLEMS[name].title, fontsize=9)
        axis.tick_params(axis="x", labelsize=7)
        axis.grid(axis="x", alpha=0.3)
    for axis in axes.flat[len(names):]:
        axis.axis("off")
    figure.suptitle("samples per second on 2 ranks (blue: residual 1e-5, orange: 1e-8); %s" % about, fontsize=10)
    figure.savefig(path, dpi=80)
