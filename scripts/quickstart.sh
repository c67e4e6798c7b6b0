#!/usr/bin/env bash
# The main job at small size, from nothing: install what is missing, build, generate Darcy sets with
# PETSc, train an FNO on them, evaluate it on samples and on a grid it has not seen, draw a picture.
# usage: scripts/quickstart.sh [FOLDER]      everything is left in FOLDER (runs/quickstart)
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-runs/quickstart}
ranks=${RANKS:-2}
scripts/packages.sh
. scripts/environment.sh
cmake --preset release >/dev/null
cmake --build --preset release -j "$(getconf _NPROCESSORS_ONLN)" --target fredholm-command | tail -1
export PATH="$PWD/build/release/bin:$PATH"
if [ -e "$folder" ]; then
  echo "$folder is there already: remove it, or name another folder" >&2
  exit 1
fi
mkdir -p "$folder"
start=$(date +%s)

echo "== generate: 1000 samples to train on, 100 to test on, 50 on a finer grid"
darcy=(-problem darcy -coefficient two_phase -quiet)
mpirun -n "$ranks" fredholm generate "${darcy[@]}" -n 1000 -size 32 -seed 1 -out "$folder/train.h5"
mpirun -n "$ranks" fredholm generate "${darcy[@]}" -n 100 -size 32 -seed 2 -out "$folder/test.h5"
mpirun -n "$ranks" fredholm generate "${darcy[@]}" -n 50 -size 64 -seed 3 -out "$folder/test-fine.h5"

echo "== train"
mpirun -n "$ranks" fredholm train -data "$folder/train.h5" -test "$folder/test.h5" -model fno \
  -n_modes 12,12 -hidden_channels 24 -epochs 30 -batch 16 -lr 5e-3 -schedule cosine -loss h1 -loss_periodic false \
  -seed 1 -out "$folder/run"

echo "== evaluate"
mpirun -n "$ranks" fredholm evaluate -model_file "$folder/run/model.h5" -data "$folder/test.h5" -out "$folder/run/metrics-test.json"
mpirun -n "$ranks" fredholm evaluate -model_file "$folder/run/model.h5" -data "$folder/test-fine.h5" -out "$folder/run/metrics-test-fine.json"
mpirun -n "$ranks" fredholm predict -model_file "$folder/run/model.h5" -data "$folder/test.h5" -out "$folder/run/prediction.h5"
/usr/bin/python3 scripts/picture.py "$folder/run/prediction.h5" "$folder/run" "$folder/run/picture.png"

echo "== done in $(($(date +%s) - start)) s; in $folder/run:"
ls "$folder/run"
