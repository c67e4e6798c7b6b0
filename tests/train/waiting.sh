#!/usr/bin/env bash
# Weights whose gradient goes to the factors once a step, after it has been added up: the same training as factor by
# factor, and the same bytes on any number of ranks, with ranks that share samples, dropout, a frequency curriculum and
# restarts.
# shellcheck source=tests/scratch.sh
. "$FH_SOURCE/tests/scratch.sh"
cd "$work"
quiet fredholm generate -n 16 -size 12 -seed 1 -out set.h5 -quiet
run=(train -data set.h5 -model tfno -factorization cp -rank 48 -n_modes 7,6 -hidden_channels 4 -n_layers 2 -batch 6 -unit 2 -seed 3
  -checkpoint_every 1 -quiet)

# the same numbers as factor by factor, which never has the whole weight
quiet fredholm-f64 "${run[@]}" -implementation reconstructed -epochs 6 -out whole
quiet fredholm-f64 "${run[@]}" -implementation factorized -epochs 6 -out factors
fredholm-f64 inspect whole/model.h5 >text
grep -q 'and its gradient taken to the factors once$' text
losses() { grep -o '"loss":[^,}]*' "$1/log.jsonl" | cut -d: -f2; }
paste <(losses whole) <(losses factors) >both
awk '{ d = $1 / $2 - 1; if (!(d * d <= 1e-18)) { print "epoch " NR ": loss " $1 " beside " $2; bad = 1 } } END { exit bad || NR != 6 }' both

# 1 to 3 ranks, a stop and a restart on others; all layers in one tensor; the rows in use change with the modes
check() { # name, further options
  local name=$1 ranks
  shift
  quiet fredholm "${run[@]}" -implementation reconstructed -epochs 6 -out "$name" "$@"
  for ranks in 2 3; do
    quiet mpirun -n $ranks fredholm "${run[@]}" -implementation reconstructed -epochs 6 -out "$name-$ranks" "$@"
    cmp "$name/model.h5" "$name-$ranks/model.h5"
  done
  quiet mpirun -n 2 fredholm "${run[@]}" -implementation reconstructed -epochs 4 -out "$name-parts" "$@"
  quiet mpirun -n 3 fredholm "${run[@]}" -implementation reconstructed -epochs 6 -resume -out "$name-parts" "$@"
  cmp "$name/model.h5" "$name-parts/model.h5"
}
check modes -incremental_modes 3,4 -incremental_loss_gap 1e9
check joint -joint_factorization true -tensor_dropout 0.2
check patches -model mg-tfno -padding_fraction 0.2
# two ranks share each sample, in one group and in two
shared=(-implementation reconstructed -model mg-tfno -padding_fraction 0.2 -ranks_per_sample 2 -epochs 3)
for ranks in 2 4; do quiet mpirun -n $ranks fredholm "${run[@]}" "${shared[@]}" -out "shared-$ranks"; done
cmp shared-2/model.h5 shared-4/model.h5
echo "adjoints that wait"
