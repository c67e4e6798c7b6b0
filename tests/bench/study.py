"""What the studies share: training runs that are told, passed over the second time, and gone on with when interrupted."""
import json
import os
import re
import signal
import subprocess
import sys
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
STOPPED = 75


def scripts_environment():
    """What scripts/environment.sh sets for programs under mpirun."""
    text = subprocess.run(["bash", "-c", ". scripts/environment.sh; env -0"], cwd=ROOT, text=True,
                          capture_output=True, check=True).stdout
    return dict(entry.split("=", 1) for entry in text.split("\0") if "=" in entry)


class Study:
    """Runs of `fredholm` below a folder. a: out (folder), bin, ranks, minutes (0: as long as it takes)."""

    def __init__(self, a):
        self.a = a
        self.end = time.monotonic() + 60 * a.minutes if a.minutes else None
        self.environment = scripts_environment()
        # two studies side by side would have their ranks bound to the same first cores
        self.environment.setdefault("OMPI_MCA_hwloc_base_binding_policy", "none")
        self.child = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.forward)

    def fredholm(self, arguments, log, ranks=None):
        """Runs the command; (exit code, peak memory of the largest rank in MB)."""
        command = ["mpirun", "-n", str(ranks or self.a.ranks), os.path.join(self.a.bin, "fredholm")]
        with open(log, "a") as out:
            self.child = subprocess.Popen(command + [str(x) for x in arguments], env=self.environment,
                                          stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        _, status, usage = os.wait4(self.child.pid, 0)  # the usage counts the ranks, which mpirun waits for
        self.child = None
        return os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024

    def forward(self, number, _):
        """A signal to the study stops the run, which then saves itself."""
        if self.child:
            self.child.send_signal(number)
            os.waitpid(self.child.pid, 0)
        sys.exit("stopped: the same command goes on")

    def generate(self, path, arguments):
        """Makes the set unless it is there."""
        if os.path.exists(path):
            return
        code, _ = self.fredholm(["generate", "-out", path, "-resume"] + arguments, path + ".log")
        if code:
            sys.exit("generating %s ended with %d: see %s.log" % (path, code, path))

    def result(self, name):
        """What cell.json of a run holds; None: it is not done."""
        path = os.path.join(self.a.out, name, "cell.json")
        if not os.path.exists(path):
            return None
        with open(path) as f:
            return json.load(f)

    def train(self, name, arguments, told):
        """Trains a cell to its end and leaves DIR/NAME/cell.json (told and what was measured); False if the run failed."""
        folder = os.path.join(self.a.out, name)
        log, memory = folder + ".log", folder + ".peak"
        arguments = ["train", "-out", folder, "-checkpoint_every", 1, "-quiet", "-resume"] + arguments
        if self.end:
            left = int(self.end - time.monotonic())
            if left < 10:
                sys.exit("the %g minutes are over: the same command goes on" % self.a.minutes)
            arguments += ["-max_walltime", "%d:%02d:%02d" % (left // 3600, left // 60 % 60, left % 60)]
        code, peak = self.fredholm(arguments, log)
        if os.path.exists(memory):
            with open(memory) as f:
                peak = max(peak, float(f.read()))
        with open(memory, "w") as f:
            f.write("%.3f" % peak)
        if code == STOPPED:
            sys.exit("stopped within %s: the same command goes on" % folder)
        if code:
            print("%s ended with %d: see %s" % (folder, code, log), flush=True)
            return False
        os.remove(memory)
        result = dict(told, peak_mb_per_rank=round(peak, 1), **self.measure(folder))
        with open(os.path.join(folder, "cell.json.part"), "w") as f:
            json.dump(result, f, indent=1)
        os.rename(os.path.join(folder, "cell.json.part"), os.path.join(folder, "cell.json"))
        return True

    def epochs(self, folder):
        """The epochs of a run by number; one that was killed may have done some of them twice."""
        epochs = {}
        with open(os.path.join(folder, "log.jsonl")) as f:
            for line in f:
                event = json.loads(line)
                if event["event"] == "epoch":
                    epochs[event["epoch"]] = event
        return epochs

    def measure(self, folder):
        epochs = self.epochs(folder)
        last = epochs[max(epochs)]
        described = subprocess.run([os.path.join(self.a.bin, "fredholm"), "inspect", "-steps", "false",
                                    os.path.join(folder, "model.h5")], env=self.environment, text=True,
                                   capture_output=True, check=True).stdout
        return {"parameters": int(re.search(r"parameters: (\d+) reals", described).group(1)),
                "test_l2": last["test_rel_l2"], "test_h1": last["test_rel_h1"], "train_loss": last["loss"],
                "least_test_l2": min(e["test_rel_l2"] for e in epochs.values()), "epochs": len(epochs),
                "seconds": round(sum(e["seconds"] for e in epochs.values()), 2)}


def spread(values, form):
    """Mean and, of more than one seed, least and largest."""
    text = form % (sum(values) / len(values))
    return text if len(values) == 1 else text + " (" + form % min(values) + " to " + form % max(values) + ")"


def check_settings(out, mine):
    """One folder, one study: what all cells share must not change."""
    path = os.path.join(out, "settings.json")
    if os.path.exists(path):
        with open(path) as f:
            theirs = json.load(f)
        for key in mine:
            if mine[key] != theirs.get(key):
                sys.exit("%s holds a study with %s %s, not %s: use another --out" % (out, key, theirs.get(key), mine[key]))
        return
    with open(path, "w") as f:
        json.dump(mine, f, indent=1)
