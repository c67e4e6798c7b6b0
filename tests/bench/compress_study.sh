#!/usr/bin/env bash
# The study of compressed models at the smallest size: trained, compressed, trained further, told, passed over the second time.
# usage: compress_study.sh PYTHON
set -euo pipefail
set_file=$FH_SOURCE/tests/data/darcy_neuralop_test_16.hdf5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
study() {
  "$1" "$FH_SOURCE/tests/bench/compress_study.py" --bin "$FH_BIN" --out "$work/a" --train "$set_file" --test "$set_file" \
    --only 'tt-0.1' -- -epochs 1 -n_modes 4 -hidden_channels 6 -n_layers 2
}
study "$1" >"$work/first"
grep -Eq '^\| tt \| 0.1 \| [0-9]+ \| 0\.[0-9]+ \| [0-9.]+ \| [0-9.]+ \| [0-9.]+ \|$' "$work/first"
before=$(stat -c %Y "$work/a/first-s0/model.h5" "$work/a/further-tt-0.1-s0/model.h5")
study "$1" >"$work/second"
cmp "$work/first" "$work/second"
[ "$before" = "$(stat -c %Y "$work/a/first-s0/model.h5" "$work/a/further-tt-0.1-s0/model.h5")" ]
echo "study: compressed, trained further, told, passed over"
