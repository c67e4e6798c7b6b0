#!/usr/bin/env python3
"""fredholm generate as a person uses it: options files, existing files, stopping and going on."""
import json
import os
import signal

from common import (Folder, check, content, finish, refuse, run, start, succeed,
                    wait_until)

SMALL = ["generate", "-n", 6, "-size", 12, "-seed", 3]
LONG = ["generate", "-n", 1200, "-size", 96, "-seed", 3, "-quiet"]


def fields_of(where, name):
    """What inspect tells of the fields; the provenance holds times, which differ."""
    out = succeed(["inspect", name], cwd=where).out
    return [line for line in out.splitlines() if "deviation" in line]


def options_file(where):
    r = succeed(SMALL + ["-out", "a.h5", "-progress", "none"], cwd=where)
    with open(os.path.join(where, "a.yaml"), "w") as f:
        f.write("".join(l + "\n" for l in r.out.splitlines() if not l.startswith("a.h5")))
    again = succeed(["generate", "-options_file", "a.yaml", "-out", "b.h5", "-progress", "none"], 2,
                    where)
    check(again.out.replace("b.h5", "a.h5").split("a.h5")[0] == r.out.split("a.h5")[0],
          "the echoed configuration is the same after a round trip: %s" % again)
    check(fields_of(where, "a.h5") == fields_of(where, "b.h5"), "and so are the fields")
    other = succeed(["generate", "-seed", 4, "-options_file", "a.yaml", "-out", "c.h5"], cwd=where)
    check("seed: 4" in other.out, "the command line wins over the file, wherever it stands")
    with open(os.path.join(where, ".petscrc"), "w") as f:
        f.write("-seed 6\n")
    check("seed: 3" in succeed(SMALL + ["-out", "e.h5"], cwd=where).out, "hidden files do not count")
    env = {"PETSC_OPTIONS": "-seed 5"}
    check("seed: 5" in succeed(SMALL[:5] + ["-out", "d.h5"], cwd=where, env=env).out,
          "PETSC_OPTIONS counts")


def existing(where):
    refuse(SMALL + ["-out", "a.h5"], 64, "a.h5", cwd=where)
    before = content(os.path.join(where, "a.h5"))
    succeed(["generate", "-n", 5, "-size", 12, "-out", "a.h5", "-overwrite", "-quiet"], 2, where)
    check(content(os.path.join(where, "a.h5")) != before, "-overwrite replaces the file")
    refuse(SMALL + ["-out", "x.h5", "-resume", "-overwrite"], 64, "-overwrite", cwd=where)
    refuse(["generate", "-n", 1, "-size", 8, "-out", "x.h5"], 64, "ranks", np=(2,), cwd=where)
    refuse(SMALL + ["-out", "x.h5", "-ranks_per_sample", 2], 64, "ranks", np=(1, 3), cwd=where)


def dry_run(where):
    before = sorted(os.listdir(where))
    r = succeed(["generate", "-n", 1000, "-size", 32, "-dry_run", "-quiet"], 2, where)
    for words in ("grid: 32x32", "file: ", "memory: ", "time: "):
        check(words in r.out, "the dry run tells '%s': %s" % (words, r))
    check(sorted(os.listdir(where)) == before, "a dry run writes nothing")


def verification(where):
    out = succeed(["verify", "b.h5", "-checks", 0], 2, where).out
    for words in ("6 samples drawn again: 0 inputs differ", "; 0 too high",
                  "6 samples solved again: 0 solutions differ"):
        check(words in out, "verify tells '%s': %s" % (words, out))
    refuse(["verify", "b.h5", "-ksp_tpye", "cg"], 64, "did you mean -ksp_type?", cwd=where)
    data = content(os.path.join(where, "b.h5"))
    check(b"values: 12,3" in data, "the configuration is in the file as text")
    data = data.replace(b"values: 12,3", b"values: 12,5")  # as if it had been made otherwise
    with open(os.path.join(where, "lie.h5"), "wb") as f:
        f.write(data)
    r = run(["verify", "lie.h5"], 2, where)
    check(r.code == 67 and "lie.h5" in r.err, "a set of another law is found out: %s" % r)
    os.remove(os.path.join(where, "lie.h5"))


def unsolved(where):
    """No solver reaches such a tolerance: the set is there and says so, and nobody trains on it."""
    r = run(["generate", "-n", 2, "-size", 8, "-tolerance", "1e-30", "-out", "u.h5", "-quiet"], 2, where)
    check(r.code == 70 and "tolerance 1e-30" in r.sentences[-1], "not solved is an error: %s" % r)
    out = succeed(["inspect", "u.h5"], 1, where).out
    check("2 samples without a valid solution" in out, "inspect tells it: %s" % out)
    refuse(["train", "-data", "u.h5", "-out", "run", "-quiet"], 67, "u.h5: sample", (1,), where)
    refuse(["train", "-data", "u.h5", "-out", "run", "-quiet"], 67, "u.h5: sample", (2,), where)


def json_progress(where):
    r = succeed(SMALL + ["-out", "j.h5", "-progress", "json"], 2, where)
    events = [json.loads(line) for line in r.out.splitlines()]
    check(events[0]["event"] == "config" and "seed: 3" in events[0]["yaml"], "config: %s" % r)
    last = [e for e in events if e["event"] == "progress"][-1]
    check(last["done"] == last["total"] == 6 and last["unit"] == "samples", "progress: %s" % r)


def seems_to_work(where, name):
    folder = os.path.join(where, name + ".part")
    return os.path.isdir(folder) and any(
        os.path.getsize(os.path.join(folder, f)) > 200000 for f in os.listdir(folder))


def stopping(where):
    p = start(LONG + ["-out", "s.h5"], 2, where)
    check(wait_until(lambda: seems_to_work(where, "s.h5") or p.poll() is not None), "it starts")
    os.kill(p.pid, signal.SIGUSR1)  # mpirun hands it on: save and go on
    check(not wait_until(lambda: p.poll() is not None, 0.2), "USR1 does not end it")
    os.kill(p.pid, signal.SIGUSR2)  # and this one, too: finish what is begun, save, end
    out, err = p.communicate(timeout=60)
    check(p.returncode == 75, "USR2 ends with 75: %d %s %s" % (p.returncode, out, err))
    check("resume" in err, "and tells what to do: %s" % err)
    check(not os.path.exists(os.path.join(where, "s.h5")), "no file is taken for a finished one")
    refuse(LONG + ["-out", "s.h5"], 64, "s.h5", np=(1,), cwd=where)
    refuse(["generate", "-n", 1200, "-size", 96, "-seed", 4, "-out", "s.h5", "-resume"], 64, "seed",
           np=(2,), cwd=where)
    succeed(LONG + ["-out", "s.h5", "-resume"], 1, where)
    succeed(LONG + ["-out", "t.h5"], 2, where)
    check(fields_of(where, "s.h5") == fields_of(where, "t.h5"), "stopped and resumed is the same")
    check("1200 samples" in succeed(["verify", "s.h5", "-checks", 4], 2, where).out, "verify reads it")


def walltime(where):
    forever = ["generate", "-n", 100000000, "-size", 16, "-quiet", "-out", "w.h5"]
    r = run(forever + ["-max_walltime", "00:00:01"], 2, where)
    check(r.code == 75, "the end of the wall time ends with 75: %s" % r)
    check(r.sentences and "resume" in r.sentences[0], "and says so: %s" % r)


with Folder() as folder:
    options_file(folder)
    existing(folder)
    dry_run(folder)
    json_progress(folder)
    verification(folder)
    unsolved(folder)
    stopping(folder)
    walltime(folder)
finish("generate and verify: options files, existing files, dry run, lies, signals, resume, wall time")
