#!/usr/bin/env bash
# The study of MgNO beside FNO as small as it goes: three runs are made, told (one on other
# grids, too), and passed over the second time.
# usage: mgno_study.sh PYTHON
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
study() { "$1" "$FH_SOURCE/tests/bench/mgno_study.py" --bin "$FH_BIN" --out "$work/a" --tiny --only 'navier-stokes-.*|darcy-rough-mgno'; }
study "$1" >"$work/first"
[ "$(grep -c 'test L2' "$work/first")" = 3 ] || { cat "$work/first" "$work"/a/*.log; exit 1; }
study "$1" >"$work/second"
grep -q '3 runs, 0 to do' "$work/second"
[ "$(wc -l <"$work/a/study.csv")" = 4 ]
grep -q '^navier-stokes,mgno,[0-9]*,[0-9.]*,[0-9.]*,[0-9.]*,[0-9.]*,' "$work/a/study.csv" # with its rollout
[ "$(wc -l <"$work/a/study.md")" = 5 ]
[ "$(wc -l <"$work/a/grids.csv")" = 4 ] # one model on three grids
echo "study of MgNO: trained, told, passed over"
