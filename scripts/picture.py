#!/usr/bin/env python3
"""Draws a run: input, truth, prediction and error of some samples, and the learning curves.

usage: picture.py PREDICTION.h5 RUNDIR PICTURE.png [--samples 3]
PREDICTION.h5 is what `fredholm predict` wrote, RUNDIR holds log.jsonl. Needs h5py and matplotlib.
"""
import argparse
import json
import os

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


FIELDS = "t0_fields"


def field(file, name, sample):
    """One sample of a field of the file as a 2-D array, whatever leading axes it has."""
    values = file[FIELDS][name][sample]
    while values.ndim > 2:
        values = values[0]
    return values


def names(file):
    """(input, truth or None, prediction): a prediction of u is called u_pred."""
    every = list(file[FIELDS])
    guess = next(n for n in every if n.endswith("_pred"))
    truth = guess[: -len("_pred")]
    source = next(n for n in every if not n.endswith("_pred") and n + "_pred" not in every)
    return source, truth if truth in every else None, guess


def draw_samples(axes, file, count):
    source, truth, guess = names(file)
    for row in range(count):
        p = field(file, guess, row)
        columns = [(field(file, source, row), source, "viridis")]
        if truth:
            t = field(file, truth, row)
            columns.append((t, f"{truth} (solver)", "magma"))
        columns.append((p, f"{truth or guess} (prediction)", "magma"))
        if truth:
            columns.append((p - t, "error", "coolwarm"))
        for axis, (values, title, colours) in zip(axes[row], columns):
            low = high = None
            if colours == "magma" and truth:
                low, high = t.min(), t.max()
            if colours == "coolwarm":
                high = abs(values).max()
                low = -high
            image = axis.imshow(values.T, origin="lower", cmap=colours, vmin=low, vmax=high)
            plt.colorbar(image, ax=axis, fraction=0.046)
            axis.set_xticks([])
            axis.set_yticks([])
            if row == 0:
                axis.set_title(title)
        for axis in axes[row][len(columns):]:
            axis.axis("off")


def draw_curves(axis, folder):
    epochs, losses, tests = [], [], {}
    with open(os.path.join(folder, "log.jsonl")) as lines:
        for line in lines:
            entry = json.loads(line)
            if entry.get("event") != "epoch":
                continue
            epochs.append(entry["epoch"])
            losses.append(entry["loss"])
            for key, value in entry.items():
                if key.endswith("_rel_l2"):
                    tests.setdefault(key[: -len("_rel_l2")], []).append((entry["epoch"], value))
    axis.semilogy(epochs, losses, label="training loss per sample")
    for name, points in tests.items():
        axis.semilogy(*zip(*points), label=f"{name} set: relative L2 error")
    axis.set_xlabel("epoch")
    axis.grid(alpha=0.3, which="both")
    axis.legend(fontsize=8)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prediction")
    parser.add_argument("rundir")
    parser.add_argument("picture")
    parser.add_argument("--samples", type=int, default=3)
    options = parser.parse_args()
    with h5py.File(options.prediction, "r") as file:
        count = min(options.samples, file[FIELDS][names(file)[2]].shape[0])
        figure = plt.figure(figsize=(14, 3.1 * (count + 1)), layout="constrained")
        grid = figure.add_gridspec(count + 1, 4)
        axes = [[figure.add_subplot(grid[row, column]) for column in range(4)] for row in range(count)]
        draw_samples(axes, file, count)
        draw_curves(figure.add_subplot(grid[count, :]), options.rundir)
        figure.savefig(options.picture, dpi=80)


if __name__ == "__main__":
    main()
