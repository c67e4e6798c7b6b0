"""One cell of a benchmark: `fredholm generate` of some samples with some solver, and what its file says about them.

Every sample is accepted by the residual that the pipeline computes again, ||b - A u|| / ||b||. A sample that the asked solver
did not bring there (another rung of the ladder did, or none) counts as a failure of that solver."""
import csv
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time

import h5py

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
FREDHOLM = os.path.join(os.environ.get("FH_BIN", os.path.join(ROOT, "build", "release", "bin")), "fredholm")
ENVIRONMENT = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", OMPI_ALLOW_RUN_AS_ROOT="1",
                   OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMPI_MCA_rmaps_base_oversubscribe="1",
                   OMPI_MCA_btl_vader_single_copy_mechanism="none")


class Unavailable(Exception):
    """The program does not know these options."""


class Folder:
    def __enter__(self):
        # in memory where that is possible: how fast a disk is belongs to no method
        shm = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.path = tempfile.mkdtemp(prefix="fh_bench_", dir=os.environ.get("FH_BENCH_DIR", shm))
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def processor_seconds():
    """Of all programs that this one has started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cpu_ms(folder, options, result):
    """Milliseconds of processor time a sample on one rank, what it takes to start and end the program left out: hardly changed by
    what else the machine does."""
    alone = min(generate(folder, options + ["-ksp_max_it", 1], 1, 1)["cpu"] for _ in range(2))
    return 1e3 * (result["cpu"] - alone) / (result["samples"] - 1)


def generate(folder, options, samples, ranks=2, limit=60.0, keep=None):
    """A set of `samples`; a dictionary of what it took, or None if it took longer than `limit` seconds.

    options: words of the command line. keep: name of the file, which is removed otherwise."""
    path = os.path.join(folder, keep or "cell.h5")
    words = ["mpirun", "-n", str(ranks), FREDHOLM, "generate", "-out", path, "-overwrite", "-progress", "json", "-n",
             str(samples)] + [str(o) for o in options]
    start, processor = time.monotonic(), processor_seconds()
    process = subprocess.Popen(words, env=ENVIRONMENT, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, cwd=folder, start_new_session=True)
    try:
        out, err = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 15)
        process.communicate()
        shutil.rmtree(path + ".part", ignore_errors=True)
        return None
    if process.returncode == 64:
        raise Unavailable(next((line for line in err.splitlines() if line.startswith("fredholm: error")), err))
    if process.returncode not in (0, 70):  # 70: not one sample was solved
        raise RuntimeError("%s\nexit %d\n%s" % (" ".join(words), process.returncode, err[-2000:]))
    events = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    result = read(path)
    summary = next((e for e in events if e["event"] == "summary"), None)
    result["seconds"] = summary["seconds"] if summary else sum(result["each"]) / ranks
    result["ordering_s"] = summary["ordering_s"] if summary else 0.0
    result["wall"] = time.monotonic() - start
    result["cpu"] = processor_seconds() - processor
    result["events"] = events
    if not keep:
        os.remove(path)
    return result


def read(path):
    with h5py.File(path) as f:
        p = f["provenance"]
        iterations, rung, valid = p["iterations"][:], p["rung"][:], p["valid"][:]
        failed = (rung > 0) | ~valid
        residual = p["residual"][:]
        return {"samples": len(rung), "failed": int(failed.sum()), "lost": int((~valid).sum()),
                "iterations": float(iterations.mean()), "each_iterations": iterations,
                "residual": float(residual[valid].max()) if valid.any() else float("nan"), "each": p["seconds"][:]}


class Table:
    """A CSV file that grows by rows; what it holds already need not be measured again."""

    def __init__(self, path, key, columns):
        self.path, self.key, self.columns = path, key, columns
        self.rows = []
        if os.path.exists(path):
            with open(path, newline="") as f:
                self.rows = list(csv.DictReader(f))

    def find(self, *key):
        return next((row for row in self.rows if all(row[k] == str(v) for k, v in zip(self.key, key))), None)

    def has(self, *key):
        return self.find(*key) is not None

    def add(self, **row):
        row = {c: "%.6g" % row[c] if isinstance(row.get(c), float) else str(row.get(c, "")) for c in self.columns}
        self.rows = [r for r in self.rows if not all(r[k] == row[k] for k in self.key)] + [row]
        new = self.path + ".new"
        with open(new, "w", newline="") as f:
            writer = csv.DictWriter(f, self.columns)
            writer.writeheader()
            writer.writerows(self.rows)
        os.replace(new, self.path)
        return row


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":")[1].strip() for line in f if line.startswith("model name")), "?")
    return "%s, %d cores, %s" % (model, os.cpu_count(), time.strftime("%Y-%m-%d"))
