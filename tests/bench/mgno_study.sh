#!/usr/bin/env bash
# The study of MgNO beside FNO as small as it goes: two runs are made, told, and passed over the second time.
# usage: mgno_study.sh PYTHON
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
study() { "$1" "$FH_SOURCE/tests/bench/mgno_study.py" --bin "$FH_BIN" --out "$work/a" --tiny --only 'navier-stokes-.*'; }
study "$1" >"$work/first"
[ "$(grep -c 'test L2' "$work/first")" = 2 ] || { cat "$work/first" "$work"/a/*.log; exit 1; }
study "$1" >"$work/second"
grep -q '2 runs, 0 to do' "$work/second"
[ "$(wc -l <"$work/a/study.csv")" = 3 ]
grep -q '^navier-stokes,mgno,[0-9]*,[0-9.]*,[0-9.]*,[0-9.]*,[0-9.]*,' "$work/a/study.csv" # with its rollout
[ "$(wc -l <"$work/a/study.md")" = 4 ]
echo "study of MgNO: trained, told, passed over"
