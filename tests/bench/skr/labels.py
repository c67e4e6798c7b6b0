"""What the tolerance of the labels does to a trained model: one FNO, one seed, the same inputs; CG with ICC stops as soon as the true
residual is below the tolerance. The test set has labels of 1e-10."""
import json
import os
import subprocess

import h5py
import numpy as np

import cells

KEY = ["tolerance", "seed"]
COLUMNS = KEY + ["label_error", "test_rel_l2", "test_rel_h1", "train_loss", "label_ms", "train_s"]
TOLERANCES = ("1e-2", "1e-3", "1e-4", "1e-5", "1e-6", "1e-8")
EXACT = "1e-10"
LAW = ["-preset", "lognormal-darcy-1", "-size", 32, "-ksp_type", "cg", "-pc_type", "icc"]
MODEL = ["-model", "fno", "-n_modes", "12,12", "-hidden_channels", "16", "-n_layers", "4", "-lr", "5e-3", "-schedule", "cosine",
         "-loss", "h1", "-loss_periodic", "false", "-epochs", "30", "-quiet", "-overwrite"]
SAMPLES, TESTS = 1000, 200


def solution(path):
    with h5py.File(path) as f:
        return f["y"][:].astype(float)


def make(folder, name, tolerance, samples, seed):
    return cells.generate(folder, LAW + ["-tolerance", tolerance, "-seed", seed], samples, 2, 600, keep=name)


def train(folder, data, seed):
    words = ["mpirun", "-n", "2", cells.FREDHOLM, "train", "-data", data, "-test", "test.h5", "-seed", str(seed), "-out", "run"] + MODEL
    subprocess.run(words, env=cells.ENVIRONMENT, cwd=folder, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    with open(os.path.join(folder, "run", "metrics.json")) as f:
        metrics = json.load(f)
    with open(os.path.join(folder, "run", "log.jsonl")) as f:
        seconds = sum(e.get("seconds", 0.0) for e in map(json.loads, f) if e.get("event") == "epoch")
    test = metrics["tests"][0]["metrics"]
    return {"train_loss": metrics["train_loss"], "test_rel_l2": test["rel_l2"], "test_rel_h1": test["rel_h1"], "train_s": seconds}


def run(table, o, seeds=(1,)):
    missing = [(t, s) for s in seeds for t in TOLERANCES if not table.has(t, s)]
    if not missing:
        return
    with cells.Folder() as folder:
        make(folder, "exact.h5", EXACT, SAMPLES, 1)
        make(folder, "test.h5", EXACT, TESTS, 2)
        exact = solution(os.path.join(folder, "exact.h5"))
        for tolerance, seed in missing:
            made = make(folder, "train.h5", tolerance, SAMPLES, 1)
            error = np.linalg.norm(solution(os.path.join(folder, "train.h5")) - exact) / np.linalg.norm(exact)
            r = table.add(tolerance=tolerance, seed=seed, label_error=float(error), label_ms=1e3 * made["seconds"] / SAMPLES,
                          **train(folder, "train.h5", seed))
            print("labels to %s: off by %8s (relative L2), test error %s after training (seed %s)" % (
                tolerance, r["label_error"], r["test_rel_l2"], seed), flush=True)
