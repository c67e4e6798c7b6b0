"""Makes spoilt copies of parity files: faults.py SOURCE TABLE TARGET

Row i of the table, "file | what is expected | fault arguments", makes TARGET/<i>-file.
"""
import json
import os
import shutil
import sys

import h5py
import numpy as np


def nudge(f, name, size):
    """Moves the largest number by a fraction of itself."""
    values = f[name][()]
    flat = np.array(values).reshape(-1)
    at = np.argmax(np.abs(flat))
    flat[at] *= 1 + float(size)
    f[name][...] = flat.reshape(np.shape(values))


def nan(f, name):
    f[name][(0,) * f[name].ndim] = np.nan


def drop(f, name):
    del f[name]


def drop_attribute(f, name):
    del f.attrs[name]


def attribute(f, name, value):
    f.attrs[name] = int(value) if name == "n_params" else np.bytes_(value)


def config(f, key, value):
    arguments = json.loads(f.attrs["config"])
    arguments[key] = json.loads(value)
    attribute(f, "config", json.dumps(arguments))


def truncate(path, fraction):
    os.truncate(path, int(os.path.getsize(path) * float(fraction)))


def garbage(path):
    with open(path, "wb") as out:
        out.write(bytes(range(256)) * 40)


def spoil(path, fault, *arguments):
    if fault in ("truncate", "garbage"):
        globals()[fault](path, *arguments)
        return
    with h5py.File(path, "r+") as f:
        globals()[fault](f, *arguments)


source, table, target = sys.argv[1:]
os.mkdir(target)
with open(table) as rows:
    for number, row in enumerate(rows, 1):
        name, _, fault = (part.strip() for part in row.split("|"))
        copy = os.path.join(target, f"{number:02d}-{name}")
        shutil.copyfile(os.path.join(source, name), copy)
        spoil(copy, *fault.split(None, 2))
