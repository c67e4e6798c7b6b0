#!/usr/bin/env bash
# Does the harness bite? Seeds one fault after the other into a copy of the sources (mutants.txt:
# file, sed expression, test program) and demands that the named test fails for every one of them.
# usage: mutants.sh [pattern]   only faults whose line matches
set -u
source_dir=${FH_SOURCE:?} pattern=${1:-.}
list="$source_dir/tests/conformance/mutants.txt"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tree"
tar -C "$source_dir" --exclude=./build --exclude=./.git --exclude=./runs -cf - . | tar -C "$work/tree" -xf -
cd "$work/tree" || exit 1
cmake -G Ninja -B "$work/build" -DCMAKE_BUILD_TYPE=Debug -DFREDHOLM_WERROR=OFF >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
targets=$(grep -v '^#' "$list" | awk -F'\t' 'NF{print $3}' | sort -u)
# shellcheck disable=SC2086
cmake --build "$work/build" --target $targets >"$work/log" 2>&1 || { tail -40 "$work/log"; exit 1; }
for t in $targets; do
  "$work/build/tests/$t" >"$work/log" 2>&1 || { echo "$t fails on the healthy sources:"; tail -5 "$work/log"; exit 1; }
done
seeded=0 caught=0
while IFS=$'\t' read -r file expression target; do
  case "$file" in ''|'#'*) continue ;; esac
  printf '%s\t%s\n' "$file" "$expression" | grep -qE "$pattern" || continue
  seeded=$((seeded + 1))
  cp "$file" "$work/healthy"
  sed -i -E "$expression" "$file"
  if cmp -s "$file" "$work/healthy"; then
    echo "STALE   $file  $expression: nothing to change"
  elif ! cmake --build "$work/build" --target "$target" >"$work/log" 2>&1; then
    echo "INVALID $file  $expression: does not compile"
  elif timeout 120 "$work/build/tests/$target" >"$work/log" 2>&1; then
    echo "MISSED  $file  $expression ($target)"
  else
    caught=$((caught + 1))
  fi
  cp "$work/healthy" "$file"
done <"$list"
echo "mutants: $caught of $seeded caught"
[ "$seeded" -ge 1 ] && [ "$caught" = "$seeded" ]
