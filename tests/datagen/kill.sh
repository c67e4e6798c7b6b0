#!/usr/bin/env bash
# kill -9 at several moments, resume on another number of ranks: the same set as in one go.
# usage: kill.sh DRIVE
set -u
drive=$1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
fail() { echo "$*" >&2; exit 1; }
run() { mpirun -n "$1" "$drive" "${@:2}" >"$folder/log" 2>&1; }
samples=60

run 2 "$folder/whole.h5" $samples 0 false || fail "the whole set: $(cat "$folder/log")"
for moment in 1 7 16; do
  set=$folder/killed$moment.h5
  run 3 "$set" $samples $moment false && fail "nobody was killed at $moment"
  [ ! -e "$set" ] || fail "a set that is not finished has its name"
  run 2 "$set" $samples 5 true && fail "nobody was killed while resuming"
  run 1 "$set" $samples 0 true || fail "resuming after $moment: $(cat "$folder/log")"
  [ "$moment" -lt 7 ] || grep -q '^[1-9][0-9]* there' "$folder/log" ||
    fail "nothing was kept: $(cat "$folder/log")"
  run 1 compare "$folder/whole.h5" "$set" || fail "$(cat "$folder/log")"
done
echo "killed three times, resumed: equal sets"
