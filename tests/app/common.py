"""What the tests of the command share: run it under mpirun, check exit code and sentences."""
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import nullcontext
from multiprocessing.pool import ThreadPool
from threading import Lock

FREDHOLM = os.path.join(os.environ["FH_BIN"], "fredholm")
MPIRUN = os.environ.get("FH_MPIRUN", "mpirun")
failures = []
turns = defaultdict(Lock)  # a lock for each folder that runs write into


def check(condition, what):
    """Notes a failure and goes on, so that one run tells all of them."""
    if not condition:
        failures.append(what)
        print("FAILED:", what)


def command(arguments, np=1):
    return [MPIRUN, "-n", str(np), FREDHOLM] + [str(a) for a in arguments]


class Outcome:
    def __init__(self, arguments, np, code, out, err):
        self.arguments, self.np, self.code, self.out, self.err = arguments, np, code, out, err
        # mpirun adds its own lines about exit codes
        self.sentences = [line for line in err.splitlines() if line.startswith("fredholm: ")]

    def __str__(self):
        return "fredholm %s on %d ranks: exit %d\n%s%s" % (
            " ".join(map(str, self.arguments)), self.np, self.code, self.out[-1500:],
            self.err[-1500:])


def run(arguments, np=1, cwd=None, env=None, file_limit=None):
    """file_limit: no file may grow beyond so many bytes, which is how a full disk looks."""
    def limit():
        if file_limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    environment = dict(os.environ, **(env or {}))
    p = subprocess.run(command(arguments, np), cwd=cwd, env=environment, timeout=100, text=True,
                       stdin=subprocess.DEVNULL, capture_output=True, preexec_fn=limit)
    return Outcome(arguments, np, p.returncode, p.stdout, p.stderr)


def succeed(arguments, np=1, cwd=None, env=None):
    r = run(arguments, np, cwd, env)
    check(r.code == 0 and not r.sentences, "should succeed: %s" % r)
    return r


def check_refusal(r, code, words):
    check(r.code == code, "exit code %d wanted: %s" % (code, r))
    check(len(r.sentences) == 1, "one sentence wanted: %s" % r)
    check(words in r.err, "'%s' wanted: %s" % (words, r))


def run_in_turn(arguments, np=1, cwd=None, env=None, file_limit=None):
    """run(), but one at a time in a folder that is there: two would refuse each other, not what is wrong."""
    out = str(arguments[arguments.index("-out") + 1]) if "-out" in arguments else ""
    folder = os.path.join(cwd or ".", out)
    with turns[folder] if out and os.path.isdir(folder) else nullcontext():
        return run(arguments, np, cwd, env, file_limit)


def refuse(arguments, code, words, np=(1, 2), cwd=None, env=None, file_limit=None):
    """The command ends with code on every number of ranks and says one sentence with words.

    They run side by side; {np} in an argument keeps what they would write apart."""
    before = listing(cwd)
    with ThreadPool(len(np)) as pool:  # mpirun takes a second to end a program that failed
        outcomes = pool.map(lambda n: run_in_turn([str(a).replace("{np}", str(n)) for a in arguments], n,
                                                  cwd, env, file_limit), np)
    for r in outcomes:
        check_refusal(r, code, words)
    check(listing(cwd) == before, "nothing may be left behind: %s" % listing(cwd))


def refuse_all(calls, cwd, np=(1,)):
    """Many refusals (arguments, code, words), several at a time; the i-th runs on np[i mod len(np)] ranks.

    {np} in an argument becomes the number of the call."""
    before = listing(cwd)
    with ThreadPool(4) as pool:
        outcomes = pool.map(lambda i: run_in_turn([str(a).replace("{np}", str(i)) for a in calls[i][0]],
                                                  np[i % len(np)], cwd), range(len(calls)))
    for r, (_, code, words) in zip(outcomes, calls):
        check_refusal(r, code, words)
    check(listing(cwd) == before, "nothing may be left behind: %s" % listing(cwd))


def listing(folder):
    """Every file below folder with its size: to see that nothing was half-written."""
    found = []
    for where, folders, files in os.walk(folder or "."):
        found += [os.path.join(where, f) + "/" for f in folders]
        found += [(os.path.join(where, f), os.path.getsize(os.path.join(where, f))) for f in files]
    return sorted(map(str, found))


def content(path):
    with open(path, "rb") as f:
        return f.read()


def start(arguments, np=1, cwd=None, env=None):
    return subprocess.Popen(command(arguments, np), cwd=cwd, env=dict(os.environ, **(env or {})),
                            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def ranks_of(process):
    """The ranks' process ids: children of mpirun that run the command."""
    out = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(process.pid)], text=True,
                         capture_output=True).stdout
    return [int(line.split()[0]) for line in out.splitlines() if "fredholm" in line]


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


class Folder:
    """A fresh folder that goes away again."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="fh_app_")
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def finish(what):
    if failures:
        print("%d checks failed" % len(failures))
        sys.exit(1)
    print(what)
