#!/usr/bin/python3
"""Darcy solved again with NumPy and SciPy, written from the equations: the stored solutions agree."""
import os
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy as np
    from scipy.interpolate import CubicSpline
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import spsolve
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)


def solve_faces(face_x, face_y, n0, n1, h0, h1):
    """face_x[i, j] between (i-1, j) and (i, j), boundary faces included; u = 0 outside; f = 1."""
    number = np.arange(n0 * n1).reshape(n0, n1)
    rows, columns, values = [], [], []

    def add(r, c, v):
        rows.append(r.ravel()), columns.append(c.ravel()), values.append(v.ravel())

    add(number, number, (face_x[:-1] + face_x[1:]) / h0**2 + (face_y[:, :-1] + face_y[:, 1:]) / h1**2)
    for one, other, face in [(number[:-1], number[1:], face_x[1:-1] / h0**2),
                             (number[:, :-1], number[:, 1:], face_y[:, 1:-1] / h1**2)]:
        add(one, other, -face)
        add(other, one, -face)
    matrix = coo_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))))
    return spsolve(matrix.tocsc(), np.ones(n0 * n1)).reshape(n0, n1)


def harmonic(a):
    n0, n1 = a.shape
    mean = lambda p, q: 2 * p * q / (p + q)
    x = np.concatenate([2 * a[:1], mean(a[:-1], a[1:]), 2 * a[-1:]])
    y = np.concatenate([2 * a[:, :1], mean(a[:, :-1], a[:, 1:]), 2 * a[:, -1:]], axis=1)
    return solve_faces(x, y, n0, n1, 1 / n0, 1 / n1)


def arithmetic(a):
    n0, n1 = a.shape
    x = ((a[:-1] + a[1:]) / 2)[:, 1:-1]
    y = ((a[:, :-1] + a[:, 1:]) / 2)[1:-1]
    u = np.zeros_like(a)
    u[1:-1, 1:-1] = solve_faces(x, y, n0 - 2, n1 - 2, 1 / (n0 - 1), 1 / (n1 - 1))
    return u


def resample(v, there, here):
    """not-a-knot cubic splines along both axes, the end pieces continued outside"""
    for axis in (0, 1):
        v = CubicSpline(there, v, axis=axis, bc_type="not-a-knot", extrapolate=True)(here)
    return v


def compat(a):
    n = len(a)
    cells, vertices = (np.arange(n) + 0.5) / n, np.arange(n) / (n - 1)
    return resample(arithmetic(resample(a, cells, vertices)), vertices, cells)


def main():
    command = os.path.join(os.environ["FH_BIN"], "fredholm")
    schemes = {"harmonic_fv": harmonic, "arithmetic_fd": arithmetic, "fno_compat": compat}
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for scheme, solve in schemes.items():
            size = "40" if scheme == "fno_compat" else "40,29"
            path = os.path.join(folder, scheme + ".h5")
            subprocess.run([command, "generate", "-problem", "darcy", "-scheme", scheme, "-size", size,
                            "-n", "5", "-seed", "11", "-out", path, "-quiet"], check=True,
                           stdout=subprocess.DEVNULL)
            with h5py.File(path) as f:
                a = f["t0_fields/a"][:].astype(float).reshape(5, 40, -1)
                u = f["t0_fields/u"][:].astype(float).reshape(a.shape)
            for sample in range(5):
                mine = solve(a[sample])
                error = np.linalg.norm(u[sample] - mine) / np.linalg.norm(mine)
                worst = max(worst, error)
                if not error <= 1e-7:
                    sys.exit(f"{scheme}, sample {sample}: relative difference {error:.2e}")
    print(f"three schemes, five samples each: within {worst:.1e} of SciPy")


main()
