#!/usr/bin/env python3
"""A failure on all ranks, on one of them, or on one that the others wait for: told once, one code."""
import subprocess
import sys

from common import MPIRUN, check, finish

PROGRAM = sys.argv[1]


def end(how, np):
    return subprocess.run([MPIRUN, "-n", str(np), PROGRAM, how], timeout=100, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True)


r = end("well", 2)
check(r.returncode == 0 and not r.stderr, "all is well: %s" % r)
for how, np, words in (("together", 3, "rank 0 has failed"), ("one", 3, "rank 2 has failed"),
                       ("alone", 2, "rank 1 has failed")):
    r = end(how, np)
    check(r.returncode == 67, "%s: the exit code is the error's: %s" % (how, r))
    check(r.stderr.count("has failed") == 1 and words in r.stderr, "%s: told once: %s" % (how, r))
check("failed alone" in r.stderr, "and who ended the program: %s" % r)
finish("endings: together, one, alone")
