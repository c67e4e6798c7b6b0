#!/usr/bin/env python3
"""kill -9 of the writer at random moments on 1 to 3 ranks, then resume on another number: the set is the
same. Also torn and damaged journals, another configuration, existing output, full disk, unwritable folder.
Usage: resume.py MAKE_SET MPIEXEC"""
import glob, os, random, shutil, subprocess, sys, tempfile

try:
    import h5py
except ImportError as e:
    print("skipped:", e)
    sys.exit(77)

make_set, mpiexec = sys.argv[1:3]
N = 400
random.seed(3)


def run(path, ranks, expect, word="", **wishes):
    words = [str(w) for pair in wishes.items() for w in pair]
    command = [mpiexec, "-n", str(ranks), make_set, path] + words
    try:
        p = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except subprocess.TimeoutExpired:  # Open MPI's launcher may miss the death of a rank: then it is ended too
        assert expect is None, ("no end", command)
        return -9
    if expect is not None:
        assert p.returncode == expect, (p.returncode, words, p.stdout, p.stderr)
        assert word in p.stderr, (word, p.stderr)
        lines = [l for l in p.stderr.splitlines() if l.startswith("fredholm: error")]
        assert expect == 0 or len(lines) == 1, p.stderr
    return p.returncode


def contents(path):
    """fields and records as bytes"""
    with h5py.File(path, "r") as f:
        columns = ("seed", "index", "iterations", "rung", "strategy", "residual", "seconds", "valid")
        return ([f["t0_fields"][k][...].tobytes() for k in ("a", "u")]
                + [f["provenance"][k][...].tobytes() for k in columns])


with tempfile.TemporaryDirectory() as folder:
    clean, out = os.path.join(folder, "clean.h5"), os.path.join(folder, "out.h5")
    part = out + ".part"
    run(clean, 1, 0, samples=N)
    wanted = contents(clean)

    def same():
        assert contents(out) == wanted, "the resumed set differs"
        assert not os.path.exists(part)

    def begin_again():
        for f in glob.glob(out[:-3] + ".*"):
            shutil.rmtree(f) if os.path.isdir(f) else os.remove(f)

    # ---- killed at any moment, resumed on another number of ranks
    killed = rounds = 0
    while rounds < 3:
        begin_again()
        rounds += 1
        for attempt in range(6):
            ranks = random.choice([1, 2, 3])
            code = run(out, ranks, None, samples=N, existing=2, die_us=int(10 ** random.uniform(2.5, 4.2)),
                       die_rank=random.randrange(ranks))
            killed += code != 0
            if code == 0:
                break
        run(out, random.choice([1, 2, 3]), 0, samples=N, existing=2)
        same()
    assert killed >= 6, "only %d runs were killed" % killed

    # ---- a torn end, a damaged record, a journal that is only half a header
    begin_again()
    run(out, 2, 68, samples=N, limit=20000)
    journals = sorted(glob.glob(part + "/journal-*"))
    assert len(journals) == 2
    with open(journals[0], "ab") as f:
        f.write(b"\7" * 100)
    with open(journals[1], "r+b") as f:
        f.seek(64 + 500)
        f.write(b"\7" * 40)
    with open(part + "/journal-00005", "wb") as f:
        f.write(b"FHJRNL")
    run(out, 3, 0, samples=N, existing=2)
    same()

    # ---- refusals
    run(out, 2, 64, "-overwrite", samples=N)
    run(out, 2, 64, "'seed: 7', now 'seed: 8'", samples=N, seed=8, existing=2)
    run(out, 2, 0, samples=N, existing=2)  # finished: nothing to do
    same()
    begin_again()
    run(out, 2, 68, "File too large", samples=N, limit=20000)
    assert not os.path.exists(out)
    run(out, 1, 64, "-resume", samples=N)
    run(out, 1, 64, "'seed: 7', now 'seed: 9'", samples=N, seed=9, existing=2)
    run(out, 2, 0, samples=N, seed=9, existing=1)
    begin_again()

    # ---- the disk fills up during the last step: the journals stay, and the set can be finished
    run(out, 3, 68, "", samples=N, limit=48 * 4 * N + 12000)
    assert os.path.isdir(part) and not os.path.exists(out)
    run(out, 2, 0, samples=N, existing=2)
    same()

    # ---- places where nothing can be written
    run("/proc/out.h5", 2, 68, "cannot create the folder", samples=N)
    run(os.path.join(folder, "none", "out.h5"), 1, 68, "No such file", samples=N)
    run(os.path.join(clean, "out.h5"), 1, 68, "Not a directory", samples=N)
    if os.geteuid() != 0:
        os.mkdir(os.path.join(folder, "locked"), 0o555)
        run(os.path.join(folder, "locked", "out.h5"), 1, 68, "Permission denied", samples=N)
    run(os.path.join(folder, "empty.h5"), 2, 65, "0 samples", samples=0)
print("resume: %d runs killed, every set complete and equal afterwards" % killed)
