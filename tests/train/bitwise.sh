#!/usr/bin/env bash
# The same run, bit for bit: on 1, 2, 3 and 4 ranks, after a stop on request and a restart on another
# number of ranks, and after kill -9 in the middle of an epoch. Compares the bytes of model.h5.
set -euo pipefail
export PATH="$FH_BIN:$PATH"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mpirun -n 2 fredholm generate -problem darcy -n 50 -size 15 -seed 5 -out "$work/set.h5" -quiet >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

# 50 samples in batches of 12: the last batch is ragged, and so is its last unit
options=(-data "$work/set.h5" -test "$work/set.h5" -model fno -n_modes 6,7 -hidden_channels 7 -n_layers 2
  -norm group_norm -epochs 4 -batch 12 -unit 3 -lr 1e-2 -schedule onecycle -schedule_per_step true
  -clip_norm 1 -checkpoint_every 1 -seed 11 -quiet)
train() { # ranks, folder, further options
  local ranks=$1 folder=$2
  shift 2
  mpirun -n "$ranks" fredholm train "${options[@]}" -out "$work/$folder" "$@" >"$work/log" 2>&1
}
sum() { sha256sum <"$work/$1/model.h5" | cut -c1-16; }

for ranks in 1 2 3 4; do
  train "$ranks" "np$ranks" || { cat "$work/log"; exit 1; }
  echo "ranks $ranks: $(sum "np$ranks")"
  cmp "$work/np1/model.h5" "$work/np$ranks/model.h5"
  cmp "$work/np1/best.h5" "$work/np$ranks/best.h5"
done

# stop as soon as the second epoch is on disk, go on with other numbers of ranks
stop_and_resume() { # name, ranks before, how to stop, ranks after
  local name=$1 before=$2 signal=$3 after=$4 pid code=0
  mpirun -n "$before" fredholm train "${options[@]}" -epochs 150 -schedule constant -out "$work/$name" >"$work/log" 2>&1 &
  pid=$!
  for _ in $(seq 400); do
    [ -e "$work/$name/log.jsonl" ] && [ "$(wc -l <"$work/$name/log.jsonl")" -ge 3 ] && break
    sleep 0.05
  done
  if [ "$signal" = KILL ]; then
    pkill -KILL -f "out $work/$name" || true
  else
    pkill -"$signal" -x -f "fredholm train .*out $work/$name" || true
  fi
  wait "$pid" || code=$?
  echo "$name: stopped with code $code after $(wc -l <"$work/$name/log.jsonl") epochs"
  [ "$signal" = KILL ] || [ "$code" = 75 ]
  [ ! -e "$work/$name/model.h5" ]
  mpirun -n "$after" fredholm train "${options[@]}" -epochs 151 -schedule constant -out "$work/$name" -resume >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}
mpirun -n 2 fredholm train "${options[@]}" -epochs 151 -schedule constant -out "$work/straight" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
stop_and_resume stopped 2 TERM 3
cmp "$work/straight/model.h5" "$work/stopped/model.h5"
stop_and_resume killed 3 KILL 1
cmp "$work/straight/model.h5" "$work/killed/model.h5"
echo "bitwise: 1, 2, 3, 4 ranks, stop and kill with restart on other numbers of ranks: equal"
