#!/usr/bin/env bash
# The option files of the five benchmarks, at published size as far as they parse and at small size on their
# presets: trained, measured, rolled out, predicted. Data with ends refuse a periodic model.
# shellcheck source=tests/scratch.sh
. "$FH_SOURCE/tests/scratch.sh"
cd "$FH_SOURCE"

# small file, then what generate is told
benchmark() {
  local name=$1
  shift
  quiet fredholm generate -preset "mgno-$name-1" -n 12 -seed 1 -out "$work/$name.h5" -quiet "$@"
}
benchmark darcy-smooth -size 19
benchmark darcy-rough -size 32 -store_size 16
benchmark darcy-multiscale -size 61 -store_size 16
benchmark helmholtz -size 23 -omega 200
benchmark navier-stokes -size 32 -store_size 16 -store_by spectral -viscosity 1e-2 -n 6

train() { # option file, data, further options
  local name=$1 data=$2
  shift 2
  quiet mpirun -n 2 fredholm train -options_file "examples/options/mgno-$name.yaml" -data "$work/$data.h5" \
    -train_samples 4 -test_samples 4:5 -hidden_channels 3 -n_layers 2 -epochs 2 -batch 4 -out "$work/$name" -quiet "$@"
}
predicts() {
  quiet fredholm predict -model_file "$work/$1/best.h5" -data "$work/$2.h5" -out "$work/$1-prediction.h5" -quiet
}
# as published but for the size
train darcy darcy-rough -validation_samples 6:7 -pre_smoothing 1,1,2
train darcy-smooth darcy-smooth -validation_samples 6:7 -pre_smoothing 1,1,2
train darcy-multiscale darcy-multiscale -pre_smoothing 1,1,2
train helmholtz helmholtz -validation_samples 6:7 -pre_smoothing 1,1,2
train navier-stokes navier-stokes -pre_smoothing 1,2 -batch 20
quiet fredholm train -options_file examples/options/mgno-pipe.yaml -data "$work/darcy-rough.h5" -pre_smoothing 1,1,2 \
  -post_smoothing 0,1,0 -hidden_channels 3 -n_layers 2 -epochs 1 -out "$work/pipe" -quiet
# in small
for name in darcy darcy-smooth darcy-multiscale helmholtz; do
  data=$name
  [ "$name" = darcy ] && data=darcy-rough
  train "$name-small" "$data" -validation_samples 6:7 -pre_smoothing 1,2
  predicts "$name-small" "$data"
  grep -q '"best"' "$work/$name-small/metrics.json"
done
train navier-stokes-small navier-stokes -validation_samples 5:5 -pre_smoothing 1,2
predicts navier-stokes-small navier-stokes
quiet mpirun -n 2 fredholm evaluate -model_file "$work/navier-stokes-small/best.h5" -data "$work/navier-stokes.h5" -rollout 10
grep -q '"rel_l2_full"' "$work/log"

# periodic sides on data that has ends
if fredholm train -options_file examples/options/mgno-navier-stokes.yaml -data "$work/darcy-rough.h5" \
  -train_samples 4 -test_samples 4:5 -frames "" -rollout 0 -out "$work/refused" >"$work/log" 2>&1; then
  echo "a periodic model was trained on Dirichlet data"
  exit 1
fi
grep -q 'makes axis 0 periodic but the data is' "$work/log" || { tail -5 "$work/log"; exit 1; }
echo "option files of the MgNO: eleven trained, five predicted, one rolled out, one refusal"
