#!/usr/bin/env python3
"""Ways to solve a sequence: every strategy gives the same labels, `auto` says what it chose and any number of ranks goes by it,
a killed run goes on. Needs h5py."""
import os
import random
import re
import signal
import time
from multiprocessing.pool import ThreadPool

import h5py
import numpy

from common import Folder, check, finish, listing, ranks_of, run, start, succeed, wait_until

GENERATE = ["generate", "-quiet", "-overwrite", "-seed", 5]
PROBLEMS = {
    "two_phase": ["-problem", "darcy", "-size", 24],
    "lognormal": ["-preset", "lognormal-darcy-1", "-size", 24],
    "cube": ["-problem", "darcy", "-dim", 3, "-coefficient", "lognormal", "-size", 10],
    "helmholtz": ["-problem", "helmholtz", "-boundary", "dirichlet", "-medium", "linear", "-amplitude", 0.05, "-size", 24,
                  "-omega", 10],
    "poisson": ["-problem", "poisson", "-size", 24],
    "thermal": ["-problem", "thermal", "-mesh_size", 0.1, "-size", 21],
    "convection": ["-problem", "convection", "-size", 24]}
STRATEGIES = ("skr", "auto", "cholesky", "lu", "cg_icc", "cg_gamg", "cg_boomeramg", "rcg_icc", "bcgs_ilu", "fastelliptic", "frozen",
              "batched_multigrid", "constant")
AT_LEAST = {"two_phase": 9, "lognormal": 9, "cube": 9, "helmholtz": 4, "poisson": 8, "thermal": 7, "convection": 3}
CLOSE = 5e-7  # between labels solved to residuals of 1e-10 and stored in single precision


def solution(path):
    """inputs and labels, as one array each"""
    with h5py.File(path) as f:
        check(f["provenance/valid"][:].all() and (f["provenance/residual"][:] <= 1e-10).all(), "%s: residuals" % path)
        names = sorted(f["t0_fields"]) if "t0_fields" in f else ["x", "y"]
        fields = [f["t0_fields"][n][:] if "t0_fields" in f else f[n][:] for n in names]
        return fields[:-1], fields[-1], f["provenance/rung"][:]


def far(a, b):
    return numpy.nanmax(numpy.abs(a.astype("f8") - b)) / numpy.nanmax(numpy.abs(b))


# ---- the same labels ---------------------------------------------------------------------------------------------------


def solve(where, problem, strategy):
    name = "%s-%s.h5" % (problem, strategy)
    more = PROBLEMS[problem] + ["-n", 8, "-tolerance", 1e-10, "-sequence_strategy", strategy]
    r = run(GENERATE + more + ["-out", name], 1, where)
    if r.code == 64 and len(r.sentences) == 1:
        return problem, strategy, None  # not for such matrices, and it says so
    check(r.code == 0 and not r.sentences, "%s with %s: %s" % (problem, strategy, r))
    return problem, strategy, solution(os.path.join(where, name)) if r.code == 0 else None


def same_labels(where):
    calls = [(where, p, s) for p in PROBLEMS for s in STRATEGIES]
    with ThreadPool(3) as pool:  # most of a short run is waiting for mpirun
        found = pool.map(lambda c: solve(*c), calls)
    for problem in PROBLEMS:
        labels = {s: v for p, s, v in found if p == problem and v}
        check(len(labels) >= AT_LEAST[problem], "%s: solved by %s only" % (problem, sorted(labels)))
        exact = labels["lu" if "lu" in labels else "cholesky"]
        for strategy, (inputs, label, rung) in labels.items():
            check(all((a == b).all() for a, b in zip(inputs, exact[0])), "%s, %s: other inputs" % (problem, strategy))
            check(far(label, exact[1]) <= CLOSE, "%s, %s: labels differ by %g" % (problem, strategy, far(label, exact[1])))
            # transforms know nothing of a flow: there, the ladder helps
            check((rung == 0).all() or (problem, strategy) == ("convection", "fastelliptic"),
                  "%s, %s: another solver had to help" % (problem, strategy))


# ---- auto ------------------------------------------------------------------------------------------------------------

AUTO = GENERATE + PROBLEMS["two_phase"] + ["-n", 90, "-tolerance", 1e-10, "-sequence_strategy", "auto"]


def choice(path):
    with open(path, "rb") as f:
        found = re.search(rb"sequence_choice: (\w+)", f.read())
    return found.group(1).decode() if found else None


def ranks(where):
    r = succeed([a for a in AUTO if a != "-quiet"] + ["-out", "ranks1.h5"], 1, where)
    check("ms a sample" in r.out and choice(os.path.join(where, "ranks1.h5")) not in (None, "none"), "the ladder is printed: %s" % r)
    one = solution(os.path.join(where, "ranks1.h5"))
    for np in (2, 3, 4):
        name = os.path.join(where, "ranks%d.h5" % np)
        succeed(AUTO + ["-out", name], np, where)
        inputs, label, _ = solution(name)
        check((inputs[0] == one[0][0]).all(), "%d ranks: other coefficients" % np)
        check(far(label, one[1]) <= CLOSE, "%d ranks: labels differ by %g" % (np, far(label, one[1])))
        check(choice(name) not in (None, "none"), "%d ranks: the choice is in the file" % np)
        check("90 samples drawn again: 0 inputs differ" in succeed(["verify", name], 1, where).out, "verify")


def honoured(where):
    """A stored choice is taken without measuring, also one that nobody would take."""
    succeed(AUTO + ["-sequence_choice", "cg_gamg", "-out", "told.h5"], 2, where)
    check(choice(os.path.join(where, "told.h5")) == "cg_gamg", "a choice that was given")
    with h5py.File(os.path.join(where, "told.h5")) as f:
        check((f["provenance/iterations"][:] > 4).all(), "CG with GAMG takes more than a step")


def frozen(where):
    """After a factor was renewed, systems go on with it: none gives up early to factor again."""
    succeed(GENERATE + PROBLEMS["thermal"] + ["-conductivity", "lognormal", "-mesh_size", 0.05, "-n", 160, "-tolerance", 1e-5,
                                             "-sequence_strategy", "frozen", "-out", "frozen.h5"], 1, where)
    with h5py.File(os.path.join(where, "frozen.h5")) as f:
        steps = f["provenance/iterations"][:]
    check((steps == 1).sum() < 40, "%d factors for 160 systems" % (steps == 1).sum())
    check((steps == 6).sum() < 40, "systems that give up after five steps, one after the other: %s" % steps)


def killed(where):
    """kill -9 at five moments; resumed on other numbers of ranks each time; the same set as in one go."""
    long = AUTO + ["-size", 64, "-n", 2500]
    succeed(long + ["-out", "whole.h5"], 2, where)
    whole = solution(os.path.join(where, "whole.h5"))
    chance = random.Random(1)
    resumed = [a for a in long if a != "-overwrite"] + ["-out", "killed.h5", "-resume"]
    for moment in range(5):
        before = listing(where)
        p = start(resumed if moment else long + ["-out", "killed.h5"], 2 + moment % 2, where)
        wait_until(lambda: listing(where) != before or p.poll() is not None)
        time.sleep(chance.uniform(0.0, 0.15))
        victims = ranks_of(p)
        if victims:
            os.kill(chance.choice(victims), signal.SIGKILL)
        p.communicate(timeout=60)
        check(p.returncode != 0 or os.path.exists(os.path.join(where, "killed.h5")), "killed at moment %d" % moment)
        if os.path.exists(os.path.join(where, "killed.h5")):
            break  # too fast for more
    check(moment >= 2, "the run was over before it was killed three times")
    if not os.path.exists(os.path.join(where, "killed.h5")):
        succeed(resumed, 3, where)
    inputs, label, _ = solution(os.path.join(where, "killed.h5"))
    check((inputs[0] == whole[0][0]).all() and far(label, whole[1]) <= CLOSE, "killed and resumed: another set")


with Folder() as folder:
    same_labels(folder)
    ranks(folder)
    honoured(folder)
    frozen(folder)
    killed(folder)
finish("strategies: the same labels from all, auto on 1 to 4 ranks, a given choice, killed five times")
