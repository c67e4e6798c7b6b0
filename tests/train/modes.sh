#!/usr/bin/env bash
# The frequency curriculum: modes come when the loss stalls and not before, up to n_modes; a run that is
# stopped and resumed on another number of ranks ends with the same bytes; the model says what it has.
# shellcheck source=tests/scratch.sh
. "$FH_SOURCE/tests/scratch.sh"
cd "$work"
modes() { grep -o '"n_modes_axis0":[^,}]*' "$1/log.jsonl" | cut -d: -f2 | tr '\n' ' ' | tr -s ' '; }
expect() { [ "$2" = "$3" ] || { echo "$1: '$2' instead of '$3'"; exit 1; }; }

quiet fredholm generate -n 16 -size 12 -seed 1 -out set.h5 -quiet
run=(fredholm train -data set.h5 -test set.h5 -model tfno -n_modes 7,6 -hidden_channels 4 -n_layers 2 -batch 4 -seed 3
  -incremental_modes 3,4 -checkpoint_every 1 -quiet)

# any change of the loss is a stall: one mode an axis and epoch from the third on, 6 along the second axis is all
quiet "${run[@]}" -incremental_loss_gap 1e9 -epochs 8 -out fast
expect "every epoch" "$(modes fast)" "3 3 4 5 6 7 7 7 "
quiet "${run[@]}" -incremental_loss_gap 1e9 -incremental_buffer 3 -joint_factorization true -epochs 8 -out slow
expect "every third epoch" "$(modes slow)" "3 3 3 4 4 4 5 5 "
quiet "${run[@]}" -incremental_loss_gap 1e-9 -epochs 5 -out never
expect "never" "$(modes never)" "3 3 3 3 3 "
says() { fredholm inspect "$1/model.h5" >text; grep -q "$2" text || { echo "$1/model.h5 does not say '$2'"; exit 1; }; }
says never ' n_modes: 3,4$'
says never ' max_n_modes: 7,4$'
says fast ' n_modes: 7,6$'

# stopped in the middle, resumed on other ranks: the same bytes
quiet mpirun -n 2 "${run[@]}" -incremental_loss_gap 1e9 -epochs 4 -out parts
quiet mpirun -n 1 "${run[@]}" -incremental_loss_gap 1e9 -epochs 8 -resume -out parts
cmp fast/model.h5 parts/model.h5
cmp fast/best.h5 parts/best.h5

# the same with all modes from the start is another run; what cannot be is refused
quiet fredholm evaluate -model_file fast/best.h5 -data set.h5
code=0; "${run[@]}" -incremental_modes 8 -out bad >log 2>&1 || code=$?
[ $code = 64 ] && grep -q 'begins with 8 modes along axis 0, but -n_modes ends with 7' log
code=0; fredholm train -data set.h5 -model mgno -incremental_modes 2 -out bad >log 2>&1 || code=$?
[ $code = 64 ] && grep -q 'model mgno has no Fourier modes' log
echo "frequency curriculum"
