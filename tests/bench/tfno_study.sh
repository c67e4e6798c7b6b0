#!/usr/bin/env bash
# The study at the smallest size: cells are trained, told, passed over the second time, and an interrupted one
# goes on with the same result.
# usage: tfno_study.sh PYTHON
set -euo pipefail
set_file=$FH_SOURCE/tests/data/darcy_neuralop_test_16.hdf5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
study() { # folder, cells, more options of the study
  "$1" "$FH_SOURCE/tests/bench/tfno_study.py" --bin "$FH_BIN" --out "$work/$2" --train "$set_file" --test "$set_file" \
    --epochs 4 --only "$3" "${@:4}" -- -boundary periodic -n_modes 4 -hidden_channels 6 -n_layers 2 -batch 8
}
cells='dense|mg1-cp-0.5-joint'
study "$1" a "$cells" >"$work/first"
[ "$(grep -c 'test L2' "$work/first")" = 2 ]
study "$1" a "$cells" >"$work/second"
grep -q '2 cells, 0 to do' "$work/second"
[ "$(wc -l <"$work/a/study.csv")" = 3 ]
grep -q '^mg1-cp-0.5-joint,0,cp,0.5,True,1,0.125,.*,1.778,' "$work/a/study.csv"
grep -Eq '^\| 1.78x smaller \| cp 0.5, joint \| [0-9]+ \| [0-9.]+x \| [0-9.]+ \|' "$work/a/study.md"
# an interrupted cell: its newest checkpoint, its model and the result are not there
rm "$work/a/dense-s0/cell.json" "$work/a/dense-s0/checkpoint-0.h5" "$work/a/dense-s0/model.h5"
cut -d, -f1-15 "$work/a/study.csv" >"$work/before"
study "$1" a "$cells" >"$work/third"
grep -q '2 cells, 1 to do' "$work/third"
cut -d, -f1-15 "$work/a/study.csv" | cmp - "$work/before"
echo "study: trained, told, passed over, gone on with"
