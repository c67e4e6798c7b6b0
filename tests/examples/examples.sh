#!/usr/bin/env bash
# Every example runs, at small size: the driver, the embedded operator on the driver's model, the
# learned V-cycle as a solver, the option files, and the Slurm scripts with stand-ins for srun and scontrol.
# shellcheck source=tests/scratch.sh
. "$FH_SOURCE/tests/scratch.sh"
examples=$1
cd "$FH_SOURCE"

quiet mpirun -n 2 "$examples/driver" "$work/driver" -ksp_type cg -pc_type icc
grep -q 'epoch 12: .*test set 0\.0' "$work/log" || { echo "the driver did not learn:"; tail -3 "$work/log"; exit 1; }
quiet mpirun -n 2 "$examples/embed" "$work/driver/model.h5" 40
grep -q 'rank 1: the prediction on 40 x 40' "$work/log"

quiet mpirun -n 2 "$examples/vcycle" "$work/vcycle" 6
factor=$(sed -n 's/^mean factor of 12 cycles: //p' "$work/log")
awk -v factor="$factor" 'BEGIN { exit !(factor > 0 && factor < 0.5) }' || { echo "the learned V-cycle does not solve: factor $factor"; exit 1; }

quiet mpirun -n 2 fredholm generate -options_file examples/options/darcy-generate.yaml -n 24 -size 16 -out "$work/darcy.h5" -quiet
quiet mpirun -n 2 fredholm train -options_file examples/options/fno-darcy.yaml -data "$work/darcy.h5" -hidden_channels 6 -epochs 2 -out "$work/run" -quiet
quiet mpirun -n 2 fredholm train -options_file examples/options/fno-darcy-neuraloperator.yaml -data tests/data/darcy_neuralop_test_16.hdf5 \
  -hidden_channels 6 -epochs 2 -out "$work/run2" -quiet
quiet mpirun -n 2 fredholm train -options_file examples/options/tfno-darcy.yaml -data "$work/darcy.h5" -hidden_channels 6 -epochs 2 -out "$work/tfno" -quiet
quiet mpirun -n 4 fredholm train -options_file examples/options/mg-tfno-darcy.yaml -data "$work/darcy.h5" -hidden_channels 6 -n_modes 6 -epochs 2 \
  -ranks_per_sample 2 -out "$work/mg" -quiet
quiet mpirun -n 2 fredholm compress -model_file "$work/run/model.h5" -out "$work/small.h5" -rank 0.2
quiet mpirun -n 2 fredholm train -init_from "$work/small.h5" -options_file examples/options/further.yaml -data "$work/darcy.h5" \
  -batch 8 -epochs 1 -out "$work/further" -quiet

quiet mpirun -n 2 fredholm train -options_file examples/options/tfno-curriculum-darcy.yaml -data "$work/darcy.h5" -hidden_channels 6 -epochs 3 -out "$work/curriculum" -quiet

# the forced Navier-Stokes benchmark: whole fields, patches of one level shared by four ranks and predicted one by one, two levels
forced="-options_file examples/options"
quiet mpirun -n 2 fredholm generate $forced/navier-stokes-forced-generate.yaml -n 8 -size 64 -store_size 32 -out "$work/forced.h5" -quiet
small="-data $work/forced.h5 -n_modes 8 -hidden_channels 6 -batch 4 -epochs 2 -quiet"
quiet mpirun -n 2 fredholm train $forced/tfno-navier-stokes.yaml $small -out "$work/forced"
quiet mpirun -n 2 fredholm train $forced/tfno-navier-stokes.yaml $small -factorization tt -joint_factorization true -out "$work/forced-tt"
quiet mpirun -n 4 fredholm train $forced/mg-tfno-navier-stokes.yaml $small -ranks_per_sample 4 -out "$work/forced-mg"
quiet mpirun -n 2 fredholm train $forced/mg-tfno-navier-stokes.yaml $small -levels 2 -padding_fraction 0.0625 -out "$work/forced-mg2"
quiet fredholm inspect "$work/forced-tt/model.h5"
grep -q 'joint' "$work/log" || { echo "inspect names no joint tensor:"; cat "$work/log"; exit 1; }
quiet fredholm predict -model_file "$work/forced-mg/model.h5" -data "$work/forced.h5" -patches_at_once 1 -out "$work/forced-p.h5" -quiet

# patches over 1, 2, 4 ranks: less is read, the same is learned
for np in 1 2 4; do
  quiet mpirun -n $np "$examples/patches" "$work/darcy.h5" "$work/patches$np" $np
  grep epoch "$work/log" >"$work/learned$np"
  [ $np != 4 ] || grep -q '^rank 3: 1 patches, reads 169 of 256 points, makes 64$' "$work/log" || { cat "$work/log"; exit 1; }
done
python3 - "$work"/learned[124] <<'P'
import re, sys
runs = [[float(x) for x in re.findall(r"[0-9]+\.[0-9]+", open(f).read())] for f in sys.argv[1:]]
assert len(runs[0]) == 16, runs[0]
worst = max(abs(a / b - 1) for r in runs[1:] for a, b in zip(r, runs[0]))
assert worst < 1e-3, "patches on other numbers of ranks learn something else: %g" % worst
P

mkdir "$work/bin"
printf '#!/bin/bash\nshift\nexec mpirun -n 2 "$@" -size 16 -n 20 -quiet\n' >"$work/bin/srun"
printf '#!/bin/bash\necho requeued\n' >"$work/bin/scontrol"
chmod +x "$work/bin"/*
PATH="$work/bin:$PATH" quiet bash examples/slurm/generate.sbatch "$work/slurm.h5"
printf '#!/bin/bash\nshift\nexec mpirun -n 2 "$@" -hidden_channels 6 -n_modes 4 -epochs 4000 -batch 8 -quiet\n' >"$work/bin/srun"
code=0 # the job has two seconds left: the run stops in time, long before its last epoch
SLURM_JOB_END_TIME=$(($(date +%s) + 2)) SLURM_JOB_ID=1 PATH="$work/bin:$PATH" bash examples/slurm/train.sbatch "$work/slurm.h5" "$work/slurm" >"$work/log" 2>&1 || code=$?
[ $code = 75 ] && grep -q requeued "$work/log" || { echo "out of time: code $code"; tail "$work/log"; exit 1; }
SLURM_JOB_ID=1 PATH="$work/bin:$PATH" quiet bash examples/slurm/train.sbatch "$work/slurm.h5" "$work/slurm"
[ -s "$work/slurm/model.h5" ]
echo "examples: driver, embed, patches over ranks, vcycle, option files, Slurm scripts"
