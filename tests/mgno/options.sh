#!/usr/bin/env bash
# The option files of the MgNO train, at small size, and predict; data with ends refuse a periodic model.
set -euo pipefail
export PATH="$FH_BIN:$PATH"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$FH_SOURCE"
quiet() { "$@" >"$work/log" 2>&1 || { echo "failed: $*"; tail -20 "$work/log"; exit 1; }; }

quiet fredholm generate -problem darcy -n 8 -size 16 -out "$work/darcy.h5" -quiet
quiet fredholm generate -problem darcy -n 8 -size 23 -out "$work/odd.h5" -quiet
train() { # option file, data, further options
  local name=$1 data=$2
  shift 2
  quiet mpirun -n 2 fredholm train -options_file "examples/options/mgno-$name.yaml" -data "$work/$data.h5" \
    -test "$work/$data.h5" -hidden_channels 3 -n_layers 2 -epochs 2 -batch 4 -out "$work/$name" -quiet "$@"
  quiet fredholm predict -model_file "$work/$name/model.h5" -data "$work/$data.h5" -out "$work/$name-prediction.h5"
}
train darcy darcy -pre_smoothing 1,1,2
train darcy-smooth odd -pre_smoothing 1,1,2
train pipe darcy -pre_smoothing 1,1,2 -post_smoothing 0,1,0
train navier-stokes darcy -pre_smoothing 1,2 -sides zero
train helmholtz odd -pre_smoothing 1,1,2

# periodic sides on data that has ends
if mpirun -n 1 fredholm train -options_file examples/options/mgno-navier-stokes.yaml -data "$work/darcy.h5" \
  -out "$work/refused" >"$work/log" 2>&1; then
  echo "a periodic model was trained on Dirichlet data"
  exit 1
fi
grep -q 'makes axis 0 periodic but the data is' "$work/log" || { tail -5 "$work/log"; exit 1; }
echo "option files of the MgNO: five trained and predicted, one refusal"
