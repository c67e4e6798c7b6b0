"""SciPy's spsolve on the very systems of a problem: PETSc writes matrices and right-hand sides to files, two processes solve half of
them each at the same time. Reading, assembling and writing are not counted, for SciPy's benefit; the conversion to CSC is."""
import multiprocessing
import os
import time

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import spsolve

import cells

MAT, VEC = 1211216, 1211214


def read_petsc(path):
    """All objects of a binary file of PETSc: big-endian, 32-bit indices."""
    found = []
    with open(path, "rb") as f:
        data = f.read()
    at = 0

    def take(kind, n):
        nonlocal at
        values = np.frombuffer(data, kind, n, at)
        at += values.nbytes
        return values.astype(values.dtype.newbyteorder("="))

    while at < len(data):
        kind = int(take(">i4", 1)[0])
        if kind == MAT:
            rows, columns, entries = (int(v) for v in take(">i4", 3))
            lengths, index, values = take(">i4", rows), take(">i4", entries), take(">f8", entries)
            found.append(csr_matrix((values, index, np.concatenate([[0], np.cumsum(lengths)])), (rows, columns)))
        elif kind == VEC:
            found.append(take(">f8", int(take(">i4", 1)[0])))
        else:
            raise ValueError("%s holds an object of kind %d at byte %d" % (path, kind, at))
    return found


def solve(systems, start, results):
    start.wait()
    worst = 0.0
    for matrix, b in systems:
        x = spsolve(matrix.tocsc(), b)
        worst = max(worst, np.linalg.norm(b - matrix @ x) / np.linalg.norm(b))
    results.put(worst)


def run(options, samples, limit, processes=2):
    """Samples per second and the worst residual, or None if it takes longer than limit seconds."""
    with cells.Folder() as folder:
        made = cells.generate(folder, options + [
            "-ksp_view_mat", "binary:" + os.path.join(folder, "a.bin"), "-ksp_view_rhs",
            "binary:" + os.path.join(folder, "b.bin")], samples, 1, limit)
        if made is None:
            return None
        matrices = read_petsc(os.path.join(folder, "a.bin"))
        sides = read_petsc(os.path.join(folder, "b.bin"))
    systems = [(matrices[i % len(matrices)], b) for i, b in enumerate(sides)][:samples]
    start, results = multiprocessing.Barrier(processes + 1), multiprocessing.Queue()
    workers = [multiprocessing.Process(target=solve, args=(systems[p::processes], start, results)) for p in range(processes)]
    for w in workers:
        w.start()
    start.wait()
    begin = time.monotonic()
    for w in workers:
        w.join(max(0.0, begin + limit - time.monotonic()))
    seconds = time.monotonic() - begin
    late = [w for w in workers if w.is_alive()]
    for w in late:
        w.kill()
        w.join()
    if late:
        return None
    return {"samples": len(systems), "seconds": seconds, "residual": max(results.get() for _ in workers)}
