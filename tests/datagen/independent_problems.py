#!/usr/bin/python3
"""3-D Darcy, Poisson, Helmholtz and the matrices of SKR solved again with NumPy and SciPy from the stored inputs, written from the
equations in docs/datagen.md; the stored solutions agree. A resonant set: failed samples are marked."""
import os
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy as np
    from scipy.sparse import coo_matrix, diags, eye, kron
    from scipy.optimize import minimize_scalar
    from scipy.sparse.linalg import spsolve
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

SAMPLES = 4


def generate(folder, name, *options):
    path = os.path.join(folder, name + ".h5")
    command = os.path.join(os.environ["FH_BIN"], "fredholm")
    subprocess.run([command, "generate", "-n", str(SAMPLES), "-seed", "5", "-out", path, "-quiet", "-tolerance",
                    "1e-9", *options], check=True, stdout=subprocess.DEVNULL)
    with h5py.File(path) as f:
        fields = {k: v[:].astype(float) for k, v in f["t0_fields"].items() if isinstance(v, h5py.Dataset)}
    return {k: v.reshape([SAMPLES] + [n for n in v.shape[1:] if n > 1]) for k, v in fields.items()}


class System:
    """unknowns on a box; entries collected term by term"""

    def __init__(self, shape, dtype=float):
        self.number = np.arange(np.prod(shape)).reshape(shape)
        self.b = np.zeros(shape, dtype)
        self.entries = []

    def add(self, rows, columns, values):
        rows, columns, values = np.broadcast_arrays(rows, columns, values)
        self.entries.append((rows.ravel(), columns.ravel(), values.ravel()))

    def solve(self):
        r, c, v = (np.concatenate(x) for x in zip(*self.entries))
        return spsolve(coo_matrix((v, (r, c))).tocsc(), self.b.ravel()).reshape(self.b.shape)


def along(axis, dim, where):
    return tuple(where if a == axis else slice(None) for a in range(dim))


def inner_faces(s, dim, axis, coupling):
    """coupling: of the faces between neighbours along an axis"""
    lower, upper = s.number[along(axis, dim, slice(None, -1))], s.number[along(axis, dim, slice(1, None))]
    for one, other in ((lower, upper), (upper, lower)):
        s.add(one, one, coupling)
        s.add(one, other, -coupling)


def darcy3(a):
    s = System(a.shape)
    s.b[:] = 1
    for axis, n in enumerate(a.shape):
        p, q = a[along(axis, 3, slice(None, -1))], a[along(axis, 3, slice(1, None))]
        inner_faces(s, 3, axis, 2 * n**2 / (1 / p + 1 / q))
        for end in (0, -1):
            at = along(axis, 3, end)
            s.add(s.number[at], s.number[at], 2 * a[at] * n**2)
    return s.solve()


def poisson(f, g):
    m, n = f.shape
    s = System((m - 2, n - 2))
    wx, wy = (m - 1) ** 2, (n - 1) ** 2
    second = lambda k: diags([-np.ones(k - 1), 2 * np.ones(k), -np.ones(k - 1)], [-1, 0, 1])
    matrix = wx * kron(second(m - 2), eye(n - 2)) + wy * kron(eye(m - 2), second(n - 2))
    b = f[1:-1, 1:-1].copy()
    b[0] += wx * g[0, 1:-1]
    b[-1] += wx * g[-1, 1:-1]
    b[:, 0] += wy * g[1:-1, 0]
    b[:, -1] += wy * g[1:-1, -1]
    u = g.copy()
    u[1:-1, 1:-1] = spsolve(matrix.tocsc(), b.ravel()).reshape(s.b.shape)
    return u


def helmholtz(c, omega, impedance, top):
    """finite volumes with an extra unknown on every boundary face; top: flux there, else f = 1"""
    k, shape = omega / c, c.shape
    s = System(shape, complex)
    s.b[:] = 0 if top is not None else 1
    s.add(s.number, s.number, -(k.astype(complex) ** 2))
    b, more = s.b, c.size
    extra = []
    for axis, n in enumerate(shape):
        inner_faces(s, 2, axis, float(n) ** 2)
        for end, following in ((0, 1), (-1, -2)):
            cells = s.number[along(axis, 2, end)]
            faces = more + np.arange(cells.size)
            more += cells.size
            kb = 1.5 * k[along(axis, 2, end)] - 0.5 * k[along(axis, 2, following)] if impedance else 0 * cells
            flux = top if axis == 1 and end == -1 and top is not None else np.zeros(cells.size)
            # cell: -flux / h with flux = 2 (U - u) / h; face: flux - i k U = g
            s.add(cells, cells, 2.0 * n**2)
            s.add(cells, faces, -2.0 * n**2)
            s.add(faces, faces, 2.0 * n - 1j * kb)
            s.add(faces, cells, -2.0 * n)
            extra.append(flux)
    s.b = np.concatenate([b.ravel(), *extra])
    return s.solve()[: c.size].reshape(shape)


def skr(a, k):
    m = a.shape[0] - 2
    h = 1 / (m - 1)
    inner = a[1:-1, 1:-1].ravel()
    right, left = a[1:-1, 2:].copy(), a[1:-1, :-2].copy()
    right[:, -1] = left[:, 0] = 0
    up, down = a[:-2, 1:-1].ravel(), a[2:, 1:-1].ravel()
    n = m * m
    matrix = diags([4 * inner - h**2 * k**2, -right.ravel()[: n - 1], -left.ravel()[1:], -down[: n - m], -up[m - 2 : n - 2]],
                   [0, 1, -1, m, -m])
    u = np.zeros_like(a)
    u[1:-1, 1:-1] = spsolve(matrix.tocsc(), np.full(n, h**2)).reshape(m, m)
    return u


def skr_fitted(a, u):
    """k is not stored: there is one in (0, 1) that explains u"""
    fit = minimize_scalar(lambda k: np.linalg.norm(skr(a, k) - u), bounds=(0, 1), method="bounded", options={"xatol": 1e-7})
    return skr(a, fit.x)


def compare(name, stored, solve, allowed=2e-7):
    worst = 0.0
    for i in range(SAMPLES):
        mine = solve(i)
        worst = max(worst, np.linalg.norm(stored[i] - mine) / np.linalg.norm(mine))
    if not worst <= allowed:
        sys.exit(f"{name}: relative difference {worst:.2e}, {allowed:.0e} allowed")
    return worst


def check_resonant(folder):
    path = os.path.join(folder, "resonant.h5")
    command = os.path.join(os.environ["FH_BIN"], "fredholm")
    subprocess.run([command, "generate", "-problem", "helmholtz", "-boundary", "neumann", "-resonance", "0.15", "-n", "40",
                    "-size", "24", "-seed", "0", "-out", path, "-quiet"], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    with h5py.File(path) as f:
        u = f["t0_fields/u"][:].reshape(40, -1)
    failed = np.isnan(u).all(1)
    if not (0 < failed.sum() < 40 and np.isfinite(u[~failed]).all()):
        sys.exit(f"{failed.sum()} of 40 samples failed near resonance")
    return failed.sum()


def main():
    worst = []
    with tempfile.TemporaryDirectory() as folder:
        d = generate(folder, "cube", "-problem", "darcy", "-dim", "3", "-size", "12,9,10", "-coefficient", "channels")
        worst.append(compare("darcy 3-D", d["u"], lambda i: darcy3(d["a"][i])))
        d = generate(folder, "poisson", "-problem", "poisson", "-size", "31,24")
        worst.append(compare("poisson", d["u"], lambda i: poisson(d["f"][i], d["g"][i])))
        x = (np.arange(31) + 0.5) / 31
        top = np.clip((np.minimum(x + 0.5 / 31, 0.65) - np.maximum(x - 0.5 / 31, 0.35)) * 31, 0, 1)
        common = ["-problem", "helmholtz", "-size", "31,24"]
        # float32 inputs: near an eigenvalue the rounding of c shows in u
        d = generate(folder, "walls", *common, "-boundary", "neumann", "-drive", "top_flux")
        worst.append(compare("helmholtz, Neumann", d["u"], lambda i: helmholtz(d["c"][i], 10, False, top).real, 2e-6))
        d = generate(folder, "open", *common, "-boundary", "impedance", "-omega", "15")
        worst.append(compare("helmholtz, impedance", d["u_re"] + 1j * d["u_im"],
                             lambda i: helmholtz(d["c"][i], 15, True, None), 1e-6))
        d = generate(folder, "skr", "-problem", "skr-2024-darcy", "-size", "30")
        worst.append(compare("skr-2024-darcy", d["u"], lambda i: skr(d["a"][i], 0), 1e-4))
        d = generate(folder, "skrh", "-problem", "skr-2024-helmholtz", "-size", "30")
        worst.append(compare("skr-2024-helmholtz", d["u"], lambda i: skr_fitted(d["a"][i], d["u"][i]), 1e-4))
        failed = check_resonant(folder)
    print("within " + " ".join(f"{w:.0e}" for w in worst) + f" of SciPy; {failed} of 40 resonant samples marked")


main()
