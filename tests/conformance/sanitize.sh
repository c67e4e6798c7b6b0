#!/usr/bin/env bash
# The operators, whole models and hostile files once more under the address and undefined-behaviour
# sanitizers, in a build of their own.
set -euo pipefail
export ASAN_OPTIONS=detect_leaks=0 # Open MPI leaks in MPI_Init
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
targets=(test_conformance_f64 test_conformance_programs_f64 test_conformance_factorised_f64 test_io_bundle_f64 test_comm_sum_f64)
cmake -G Ninja -S "$FH_SOURCE" -B "$work" -DCMAKE_BUILD_TYPE=Debug -DFREDHOLM_SANITIZE=ON >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake --build "$work" --target "${targets[@]}" >"$work/log" 2>&1 || { tail -40 "$work/log"; exit 1; }
for t in "${targets[@]}"; do
  "$work/tests/$t" >"$work/log" 2>&1 || { echo "$t:"; tail -60 "$work/log"; exit 1; }
done
mpirun -n 3 "$work/tests/test_comm_sum_f64" >"$work/log" 2>&1 || { tail -60 "$work/log"; exit 1; }
echo "sanitizers: ${#targets[@]} programs are clean"
