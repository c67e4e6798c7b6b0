#!/usr/bin/python3
"""Thermal solved again with NumPy and SciPy on the stored mesh and conductivity: quadratic triangles by fitting monomials to the
nodes. The stored solutions agree, at the nodes and on the grid; both layouts are of the same samples."""
import os
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy as np
    from scipy.interpolate import RegularGridInterpolator
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import spsolve
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

SAMPLES = 3
LEFT, RIGHT = -0.5, 0.5


def generate(folder, layout, conductivity):
    path = os.path.join(folder, layout + conductivity + ".h5")
    command = os.path.join(os.environ["FH_BIN"], "fredholm")
    subprocess.run([command, "generate", "-problem", "thermal", "-n", str(SAMPLES), "-seed", "5", "-size", "41,65", "-mesh_size",
                    "0.06", "-tolerance", "1e-10", "-layout", layout, "-conductivity", conductivity, "-out", path, "-quiet"],
                   check=True)
    with h5py.File(path) as f:
        fields = {k: np.squeeze(v[:].astype(float)) for k, v in f["t0_fields"].items()}
        mesh = {k: v[:] for k, v in f["mesh"].items()} if "mesh" in f else None
    return fields, mesh


def monomials(x, y):
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)


def stiffness(points, cells, k):
    """Dunavant's six points, because k is not smooth inside a cell; the rest from the monomials"""
    p = points[cells]  # [cell][node][2]
    centre = p[:, :3].mean(1, keepdims=True)
    size = np.linalg.norm(p[:, 1] - p[:, 0], axis=1)[:, None, None]
    local = (p - centre) / size
    coefficients = np.linalg.inv(monomials(local[..., 0], local[..., 1]))  # [cell][monomial][node]
    area = 0.5 * np.abs(np.linalg.det(p[:, 1:3] - p[:, :1]))
    matrix = np.zeros((len(cells), 6, 6))
    for weight, a in ((0.223381589678011, 0.445948490915965), (0.109951743655322, 0.091576213509771)):
        for i in range(3):
            l = np.full(3, a)
            l[i] = 1 - 2 * a
            x = np.einsum("v,cvd->cd", l, p[:, :3])
            s, t = np.moveaxis((x - centre[:, 0]) / size[:, 0], -1, 0)
            zero, one = np.zeros_like(s), np.ones_like(s)
            gx = np.stack([zero, one, zero, 2 * s, t, zero], -1)[:, None] @ coefficients / size
            gy = np.stack([zero, zero, one, zero, s, 2 * t], -1)[:, None] @ coefficients / size
            factor = (weight * area * k(x))[:, None, None]
            matrix += factor * (np.swapaxes(gx, 1, 2) @ gx + np.swapaxes(gy, 1, 2) @ gy)
    return coo_matrix((matrix.ravel(), (np.repeat(cells, 6, 1).ravel(), np.tile(cells, 6).ravel()))).tocsr()


def solve(points, cells, k, g, q):
    """g, q: the temperature on the left, the flux on the right, constant along them"""
    a = stiffness(points, cells, k)
    held = points[:, 0] == LEFT
    b = np.zeros(len(points))
    right = np.flatnonzero(points[:, 0] == RIGHT)
    right = right[np.argsort(points[right, 1])]  # end, middle, end, middle, ..., end: Simpson's rule
    for first in range(0, len(right) - 1, 2):
        length = points[right[first + 2], 1] - points[right[first], 1]
        b[right[first:first + 3]] += q * length * np.array([1, 4, 1]) / 6
    u = np.where(held, g, 0.0)
    free = ~held
    u[free] = spsolve(a[free][:, free].tocsc(), (b - a @ u)[free])
    return u


def distance(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)


def check(folder, conductivity):
    nodes, mesh = generate(folder, "nodes", conductivity)
    grid, _ = generate(folder, "grid", conductivity)
    x, y = np.linspace(-0.5, 0.5, 41), np.linspace(-0.8, 0.8, 65)
    points, cells = mesh["points"], mesh["cells"]
    worst = 0.0
    for i in range(SAMPLES):
        k = RegularGridInterpolator((x, y), grid["k"][i]) if "k" in grid else lambda at: np.ones(len(at))
        g, q = nodes["g"][i][points[:, 0] == LEFT][0], nodes["q"][i][points[:, 0] == RIGHT][0]
        u = solve(points, cells, k, g, q)
        inner = (np.abs(points) < [0.5, 0.8]).all(1)
        assert np.all(nodes["g"][i][inner] == 0) and np.all(nodes["q"][i][inner] == 0)
        assert np.all(grid["g"][i][0] == np.float32(g)) and np.all(grid["q"][i][-1] == np.float32(q))
        assert np.all(grid["g"][i][1:] == 0) and np.all(grid["q"][i][:-1] == 0)
        worst = max(worst, distance(nodes["u"][i], u))
        if "k" in grid:
            worst = max(worst, distance(nodes["k"][i], k(points)))
        # nodes that are points of the grid
        row, column = (points[:, 0] + 0.5) * 40, (points[:, 1] + 0.8) * 40
        same = (np.abs(row - np.rint(row)) < 1e-9) & (np.abs(column - np.rint(column)) < 1e-9)
        assert same.sum() > 20
        at = np.rint(row[same]).astype(int), np.rint(column[same]).astype(int)
        assert np.all(grid["mask"][at] == 1)
        worst = max(worst, distance(grid["u"][i][at], nodes["u"][i][same]))
    assert np.all(grid["u"][:, grid["mask"] == 0] == 0)
    if not worst <= 3e-7:
        sys.exit(f"thermal, {conductivity}: relative difference {worst:.2e}")
    return worst


with tempfile.TemporaryDirectory() as folder:
    results = [check(folder, c) for c in ("constant", "lognormal")]
print("within " + " ".join(f"{w:.0e}" for w in results) + " of SciPy")
