#!/usr/bin/env python3
"""Seconds of a step of several programs in turn: on a machine whose speed changes from second to second the only
comparison that is one. Each turn is two steps, of which the second counts: the first finds caches and threads that
another program has used. Programs that wait sleep.

usage: turns.py [--rounds N] CASE NAME=PROGRAM...
PROGRAM: a bench_step (run on --ranks ranks), or eager:PYTHON or compiled:PYTHON, an interpreter that can run peer_step.py.
MgNO cases need the folder with the authors' code in the environment as MGNO_AUTHORS.
Prints median and fastest step of each program, and against the last one named the ratio of the medians and the median of the ratios
of the rounds, with its quartiles.
"""
import argparse, os, pathlib, statistics, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
# without these settings the allocator's page faults are measured instead of PyTorch
TORCH = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "64000000000", "MALLOC_TOP_PAD_": "268435456"}


class Contestant:
    """A program that does one step, says how long it took, and waits for a byte in each of its pipes."""

    def __init__(self, name, program, case, ranks, steps, folder):
        self.name, self.steps = name, []
        kind, _, python = program.partition(":")
        pipes = [folder / str(r) for r in range(1 if python else ranks)]
        folder.mkdir()
        for p in pipes: os.mkfifo(p)
        # to read as well, so that opening does not wait for a program that has failed
        self.pipes = [os.open(p, os.O_RDWR | os.O_CLOEXEC) for p in pipes]
        if python:
            command = [python, HERE / "peer_step.py", case, "--turns", pipes[0], "--steps", str(steps), "--threads", str(ranks),
                       "--mgno", os.environ.get("MGNO_AUTHORS", "mgno")] + (["--compile"] if kind == "compiled" else [])
        else:
            command = ["mpirun", "-n", str(ranks), program, case, str(steps)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL if python else None, text=True,
                                        env={**os.environ, **(TORCH if python else {}), "FH_BENCH_TURNS": str(folder)})

    def wait(self):
        for line in self.process.stdout:
            if line.startswith("turn "): return float(line.split()[1])
        sys.exit(f"{self.name} ended with code {self.process.wait()} before its last turn")

    def step(self):
        for p in self.pipes: os.write(p, b".")
        return self.wait()

    def turn(self):
        self.step()
        return self.step()

    def stop(self):
        for p in self.pipes: os.close(p)  # nobody to wait for: it ends by itself and removes its files
        self.process.communicate()


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("case"); a.add_argument("programs", nargs="+", metavar="NAME=PROGRAM")
    a.add_argument("--rounds", type=int, default=12); a.add_argument("--ranks", type=int, default=2)
    a = a.parse_args()
    if a.rounds < 2: sys.exit(f"--rounds {a.rounds}: quartiles need at least 2")
    with tempfile.TemporaryDirectory() as t:
        run(a, pathlib.Path(t))


def run(a, folder):
    contestants = []
    try:
        for i, p in enumerate(a.programs):
            name, _, program = p.partition("=")
            if not program: sys.exit(f"{p}: a program is NAME=PROGRAM, for example ours=build/release/bench/bench_step")
            contestants.append(Contestant(name, program, a.case, a.ranks, 2 * a.rounds + 2, folder / str(i)))
            contestants[-1].wait()  # each starts alone
        for _ in range(a.rounds):
            for c in contestants: c.steps.append(c.turn())
    finally:
        for c in contestants: c.stop()
    report(a.case, contestants)


def report(case, contestants):
    last = contestants[-1]
    for c in contestants:
        line = f"{case} {c.name}: median {statistics.median(c.steps):.4f} s, fastest {min(c.steps):.4f} s"
        if c is not last:
            ratios = [x / y for x, y in zip(c.steps, last.steps)]
            low, middle, high = statistics.quantiles(ratios, n=4)
            line += (f"; {statistics.median(c.steps) / statistics.median(last.steps):.3f} times the median of {last.name},"
                     f" round by round {middle:.3f} ({low:.3f} to {high:.3f})")
        print(line)


if __name__ == "__main__":
    main()
