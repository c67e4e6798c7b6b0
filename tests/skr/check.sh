#!/usr/bin/env bash
# fh_gcrodr_check on the stored sequences, and on what is no sequence at all.
set -u
check=$FH_BIN/fh_gcrodr_check
data=$FH_SOURCE/tests/data/gcrodr
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
bad=0
say() { echo "$*"; bad=1; }

# Real Ritz values leave nothing to chance: every case. Conjugate pairs cut at the limit make the reference a matter
# of round-off (README of datagen/skr): all cases but a few.
"$check" "$data" >"$scratch/out" 2>&1
last=$(tail -n 1 "$scratch/out")
grep -E '^(darcy_lognormal|helmholtz)\.h5 .*FAIL' "$scratch/out" && say "not all cases with real Ritz values pass"
read -r passed failed skipped < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' <<<"$last")
[ "${passed:-0}" -ge 150 ] || say "closing line: $last"
grep -q 'FAIL (error)\|FAIL (not converged)' "$scratch/out" && { cat "$scratch/out"; say "a case ended in an error"; }
# the exact extraction and the other side are different methods; the relations must hold all the same
for options in "-ksp_gcrodr_ritz exact" "-ksp_pc_side right" "-ksp_gcrodr_refresh 3 -ksp_gcrodr_refresh_eager 1"; do
  # shellcheck disable=SC2086
  "$check" "$data/skr_published.h5" $options >"$scratch/out" 2>&1
  grep -A1 'FAIL (error)' "$scratch/out" && say "$options: an error"
done

fails() { # what, arguments
  local what=$1
  shift
  "$check" "$@" >"$scratch/out" 2>&1 && { cat "$scratch/out"; say "$what: exit code 0"; }
}
fails "no folder"
mkdir "$scratch/empty" "$scratch/broken"
fails "empty folder" "$scratch/empty"
tail -n 1 "$scratch/out" | grep -qx '0 passed, 0 failed, 0 skipped' || say "empty folder: no closing line"
fails "absent folder" "$scratch/absent"
echo "not HDF5" >"$scratch/broken/a.h5"
head -c 100000 "$data/helmholtz.h5" >"$scratch/broken/b.h5"
fails "broken files" "$scratch/broken"
tail -n 1 "$scratch/out" | grep -qx '0 passed, 0 failed, 2 skipped' || { cat "$scratch/out"; say "broken files: not skipped"; }
fails "another tolerance" "$data/darcy_lognormal.h5" -ksp_rtol 1e-7
[ $bad = 0 ] && echo "gcrodr: $last"
exit $bad
