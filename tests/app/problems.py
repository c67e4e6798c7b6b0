#!/usr/bin/env python3
"""Every problem by its option file; fields and meshes that a user brings; what the problems refuse, and what they mark as
failed without harm to the rest. Needs h5py to make the files."""
import glob
import math
import os
from multiprocessing.pool import ThreadPool

import h5py
import numpy

from common import Folder, check, finish, refuse, run, succeed

GENERATE = ["generate", "-quiet", "-overwrite"]
OPTIONS = os.path.join(os.environ["FH_SOURCE"], "examples", "options")
PROBLEMS = ("darcy", "poisson", "helmholtz", "convection", "thermal", "skr-2024-darcy", "skr-2024-helmholtz", "navier-stokes",
            "burgers")


def read(where, name, *arrays):
    with h5py.File(os.path.join(where, name)) as f:
        return [f[a][:] for a in arrays]


def in_turn(calls):
    """Most of a short run is waiting for mpirun."""
    with ThreadPool(3) as pool:
        pool.map(lambda call: call[0](*call[1:]), calls)


# ---- option files ----------------------------------------------------------------------------------------------------


def option_file(where, path):
    name = os.path.basename(path) + ".h5"
    more = ["-coefficient_file", "fields.h5"] if "file" in path else ["-mesh_size", 0.1] if "thermal" in path else []
    more += ["-size", 16] if "store_size" not in open(path).read() else ["-size", "33", "-store_size", 17] if "multiscale" in path \
        else ["-size", 32, "-store_size", 16]
    more += ["-viscosity", 0.01] if "stokes" in path else []
    succeed(GENERATE + ["-options_file", path, "-n", 3, "-out", name] + more, 1, where)
    if "conductivity" in path:
        check("3 samples solved again: 0 solutions differ" in succeed(["verify", name], 1, where).out, "verify %s" % name)


def option_files(where):
    out = succeed(["generate", "-problem", "list"]).out
    check(all("\n" + p + " " in "\n" + out for p in PROBLEMS), "the list of problems: %s" % out)
    files = sorted(glob.glob(os.path.join(OPTIONS, "*-generate.yaml")))
    check(len(files) >= 17, "option files: %s" % files)
    in_turn([(option_file, where, f) for f in files])


# ---- fields from a file ----------------------------------------------------------------------------------------------


def make_fields(where):
    random = numpy.random.default_rng(1)
    a = numpy.exp(0.3 * random.normal(size=(6, 16, 16)))
    with h5py.File(os.path.join(where, "fields.h5"), "w") as f:
        f["a"] = a
        f["deep/down"] = a[:, None].astype("f4")
        a[1, 3, 4], a[4, 0, 0] = -1, numpy.nan
        f["bad"] = a
        f["cube"] = numpy.exp(0.3 * random.normal(size=(2, 8, 8, 8)))
        f["text"] = numpy.array([b"a", b"b"])


DARCY = GENERATE + ["-problem", "darcy", "-coefficient", "file", "-coefficient_file", "fields.h5", "-n", 6, "-size", 16,
                    "-seed", 9]


def marked(where):
    """A negative number and a NaN cost the two samples that have them; the others keep every bit."""
    succeed(DARCY + ["-out", "good.h5"], 1, where)
    for np in (1, 3):
        r = run(DARCY + ["-out", "bad.h5", "-coefficient_dataset", "bad", "-sequence_order", "greedy"], np, where)
        check(r.code == 0 and "the coefficient is -1 at point 52" in r.err or np > 1, "%s" % r)
        check(r.code == 0 and "2 samples: they are stored as NaN" in r.err, "%s" % r)
        valid, seed, x, y = read(where, "bad.h5", "provenance/valid", "provenance/seed", "x", "y")
        good_x, good_y = read(where, "good.h5", "x", "y")
        check(list(valid) == [True, False, True, True, False, True] and (seed == 9).all(), "marked with their seed")
        check(numpy.isnan(x[~valid]).all() and numpy.isnan(y[~valid]).all(), "nothing is made up")
        check((x[valid] == good_x[valid]).all() and (y[valid] == good_y[valid]).all(), "the rest is unharmed")
    check("4 samples drawn again: 0 inputs differ" in succeed(["verify", "bad.h5"], 2, where).out, "verify")


def fields(where):
    make_fields(where)
    marked(where)
    succeed(DARCY + ["-out", "deep.h5", "-coefficient_dataset", "deep/down", "-scheme", "arithmetic_fd"], 2, where)
    succeed(DARCY + ["-out", "cube.h5", "-coefficient_dataset", "cube", "-dim", 3, "-size", 8, "-n", 2], 1, where)
    check((read(where, "cube.h5", "x")[0] == read(where, "fields.h5", "cube")[0].astype("f4")).all(), "row i is sample i")
    out = ["-out", "x.h5"]
    in_turn([(refuse, DARCY + out + more, code, words, (1,), where) for more, code, words in (
        (["-n", 7], 64, "inputs for 6 only"), (["-size", 12], 64, "6x16x16, but (samples)x12x12"),
        (["-coefficient_dataset", "b"], 67, "fields.h5: there is no b"), (["-coefficient_dataset", "text"], 67, "neither numbers"),
        (["-coefficient_file", "none.h5"], 68, "none.h5"), (["-coefficient", "lognormal"], 64, "by it alone"),
        (["-dim", 3], 64, "16x16x16"))])
    refuse(DARCY + out + ["-n", 7], 64, "inputs for 6 only", (3,), where)


# ---- meshes ----------------------------------------------------------------------------------------------------------

THERMAL = GENERATE + ["-problem", "thermal", "-n", 2, "-size", 21, "-out", "x.h5"]


def gmsh(where, name, points, cells, lines, names=()):
    with open(os.path.join(where, name), "w") as f:
        f.write("$MeshFormat\n2.2 0 8\n$EndMeshFormat\n")
        if names:
            f.write("$PhysicalNames\n%d\n" % len(names) + "".join('1 %d "%s"\n' % n for n in names) + "$EndPhysicalNames\n")
        f.write("$Nodes\n%d\n" % len(points))
        f.write("".join("%d %.17g %.17g %.17g\n" % ((i + 1,) + (tuple(p) + (0,))[:3]) for i, p in enumerate(points)))
        elements = [(1, tag, line) for tag, line in lines] + [(2, 100, cell) for cell in cells]
        f.write("$EndNodes\n$Elements\n%d\n" % len(elements))
        for i, (kind, tag, nodes) in enumerate(elements):
            f.write("%d %d 2 %d 1 %s\n" % (i + 1, kind, tag, " ".join(str(n + 1) for n in nodes)))
        f.write("$EndElements\n")


def square(n, holes):
    """points, cells, sides 7 (left) and 9 (right) of the unit square without some of its n x n squares"""
    points = [(i / n, j / n) for i in range(n + 1) for j in range(n + 1)]
    at = lambda i, j: i * (n + 1) + j
    cells = [c for i in range(n) for j in range(n) if (i, j) not in holes
             for c in ((at(i, j), at(i + 1, j), at(i + 1, j + 1)), (at(i, j), at(i + 1, j + 1), at(i, j + 1)))]
    lines = [(tag, (at(i, j), at(i, j + 1))) for tag, i in ((7, 0), (9, n)) for j in range(n)]
    return points, cells, lines


def meshes(where):
    points, cells, lines = square(6, {(2, 2), (3, 2)})
    moved = lambda i, x, y: points[:i] + [(x, y)] + points[i + 1:]
    gmsh(where, "good.msh", points, cells, lines)
    gmsh(where, "named.msh", points, cells, lines, ((7, "hot"), (9, "cold side")))
    gmsh(where, "bare.msh", points, cells, [])
    gmsh(where, "cut.msh", *square(6, {(2, j) for j in range(6)}))  # a hole from side to side
    gmsh(where, "shifted.msh", points, square(6, {(4, 4)})[1], lines + [(9, (15, 22)), (9, (22, 23))])
    gmsh(where, "flat.msh", points + [(0.3 / 6, 0)], cells[1:] + [(0, 49, 8), (49, 7, 8), (0, 7, 49)], lines)
    gmsh(where, "folded.msh", moved(36, points[36][0], points[36][1] + 0.4), cells, lines)
    gmsh(where, "cracked.msh", points + [points[24]], [tuple(49 if n == 24 else n for n in c) if k % 2 else c
                                                       for k, c in enumerate(cells)], lines)
    gmsh(where, "tilted.msh", [(x, y, x) for x, y in points], cells, lines)
    with open(os.path.join(where, "no.msh"), "w") as f:
        f.write("no mesh\n")
    sides = ["-temperature_side", 7, "-flux_side", 9]
    for more in (["-mesh", "good.msh"] + sides, ["-mesh", "named.msh", "-temperature_side", "hot", "-flux_side", "cold side"],
                 ["-layout", "nodes", "-conductivity", "lognormal", "-mesh_size", 0.1]):
        succeed(THERMAL + more, 2, where)
        check("2 samples solved again: 0 solutions differ" in succeed(["verify", "x.h5"], 1, where).out, "verify %s" % more)
    in_turn([(refuse, THERMAL + more, code, words, (1,), where) for more, code, words in (
        (["-mesh", "bare.msh"] + sides, 64, "no edges with the label '7' on its boundary; labels there: none at all"),
        (["-mesh", "good.msh"] + sides[:3] + [8], 64, "label '8' on its boundary; labels there: 7, 9"),
        (["-mesh", "cut.msh"] + sides, 67, "is the hole in the wrong place?"),
        (["-mesh", "shifted.msh"] + sides, 67, "is the hole in the wrong place?"),
        (["-mesh", "flat.msh"] + sides, 67, "is degenerate"),
        (["-mesh", "folded.msh"] + sides, 67, "overlaps itself"),
        (["-mesh", "cracked.msh"] + sides, 67, "two different points"),
        (["-mesh", "tilted.msh"] + sides, 67, "is not plane"),
        (["-mesh", "no.msh"] + sides, 67, "no.msh cannot be read"), (["-mesh", "none.msh"] + sides, 68, "none.msh"),
        (["-slot", "0.4,0.6,-0.4,0.4"], 64, "is not inside the rectangle"),
        (["-mesh_size", 0.2], 64, "at most 0.1"), (["-flux_side", 17], 64, "labels there: "))])
    refuse(THERMAL + ["-n", 3, "-mesh", "cut.msh"] + sides, 67, "is the hole in the wrong place?", (3,), where)


# ---- solvers -----------------------------------------------------------------------------------------------------------


def solvers(where):
    small = GENERATE + ["-n", 4, "-size", 16, "-seed", 2, "-out", "x.h5"]
    in_turn([(refuse, small + more, 64, words, (1,), where) for more, words in (
        (["-ksp_type", "gcrodr", "-ksp_gcrodr_restart", 20, "-ksp_gcrodr_recycle", 20], "20 recycled vectors leave no room"),
        (["-problem", "skr-2024-darcy", "-pc_type", "fastelliptic"], "the options of the solver do not work"))])
    r = run(small + ["-tolerance", 1e-17], 1, where)
    check(r.code == 70 and r.err.count("in double precision rounding may leave") == 4, "the tolerance: %s" % r)
    # the second eigenvalue of the 5-point Laplacian between walls: A is singular
    r = run(small + ["-problem", "helmholtz", "-boundary", "neumann", "-drive", "gaussian", "-amplitude", 0, "-omega",
                     repr(32 * math.sin(math.pi / 16))], 1, where)
    check(r.code == 70 and r.err.count("the matrix is singular to rounding") == 4, "resonance: %s" % r)
    r = run(small + ["-problem", "helmholtz", "-boundary", "neumann", "-resonance", 0.15, "-n", 40], 2, where)
    valid, seed, u = read(where, "x.h5", "provenance/valid", "provenance/seed", "t0_fields/u")
    check(r.code == 0 and 0 < (~valid).sum() < 20 and (seed == 2).all(), "near resonance: %s" % r)
    check(numpy.isnan(u[~valid]).all() and numpy.isfinite(u[valid]).all(), "near resonance: the others are unharmed")
    # a contrast of 10^6, which the transform cannot bound: the next rung solves it, and the file says so
    succeed(small + ["-values", "1000,0.001", "-pc_type", "fastelliptic", "-ksp_max_it", 20], 1, where)
    valid, rung, residual = read(where, "x.h5", "provenance/valid", "provenance/rung", "provenance/residual")
    check(valid.all() and (rung > 0).all() and (residual <= 1e-8).all(), "contrast: rungs %s" % rung)


with Folder() as folder:
    fields(folder)
    option_files(folder)
    meshes(folder)
    solvers(folder)
finish("problems: option files, fields and meshes from files, what is refused and what is marked")
