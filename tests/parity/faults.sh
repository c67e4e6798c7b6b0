#!/usr/bin/env bash
# What fh_parity says of files that are wrong: each fault is made in a copy of a file that passes.
set -euo pipefail
source=$1
here=$(dirname "$0")
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "needs python3-h5py"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# file | pattern of what fh_parity says | fault (faults.py)
cat >"$work/table" <<'TABLE'
spectral_2d_even.h5 | FAIL: f64 output is  | nudge output 1e-8
spectral_2d_even.h5 | FAIL: f64 grad_params/bias is  | nudge grad_params/bias 1e-7
spectral_3d_odd.h5 | FAIL: f64 .* is  | nudge params/weight.tensor 1e-6
spectral_2d_smallgrid_odd.h5 | FAIL: f64 grad_params/weight.tensor is  | nudge grad_params/weight.tensor 1e-7
fno2d_default.h5 | FAIL: f64 grad_input is  | nudge grad_input 1e-7
fno2d_group_norm.h5 | FAIL: f64 .* is  | nudge params/fno_blocks.norm.1.bias 1e-6
fno3d.h5 | FAIL: f64 loss is  | nudge loss 1e-8
fno1d.h5 | FAIL: f64 output is inf | nan output
fno1d.h5 | FAIL: attribute n_params is 1092 but the file holds 1082 | drop params/lifting.fcs.0.bias
fno1d.h5 | FAIL: there is no data set output | drop output
fno1d.h5 | FAIL: attribute n_params is 1093 | attribute n_params 1093
fno1d.h5 | FAIL: .*has .* numbers, the engine | config n_modes [6]
fno2d_preact.h5 | FAIL: f64 .* is  | config preactivation false
loss_h1_rel_2d_per_m1.h5 | FAIL: f64 .* is  | config measure 1.01
loss_lp3_rel_2d.h5 | FAIL: f64 grad_input is  | nudge grad_input 1e-8
mgno_loss_h1_43.h5 | FAIL: f64 .* is  | config truncation false
optim_adamw_neuralop.h5 | FAIL: f64 params_trace/w | nudge params_trace/w 1e-7
optim_adam_torch_l2.h5 | FAIL: f64 exp_avg_sq/a | nudge exp_avg_sq/a 1e-7
schedules.h5 | FAIL: f64 step_7 lr | nudge step_7/lr 1e-9
mgno_normalizers.h5 | FAIL: f64 PGN/encoded | nudge PGN/encoded 1e-8
fno1d.h5 | FAIL: there is no attribute 'class' | drop_attribute class
fno1d.h5 | FAIL: attribute .config. is no JSON | attribute config {"n_modes": [
spectral_1d_even.h5 | FAIL: this is no complete HDF5 file | truncate 0.7
spectral_1d_even.h5 | FAIL: this is no complete HDF5 file | truncate 0
spectral_1d_even.h5 | FAIL: this is no complete HDF5 file | garbage
fno1d.h5 | unsupported neuralop.models.sfno.SFNO: | attribute class neuralop.models.sfno.SFNO
fno1d.h5 | unsupported somebody.Model: no comparison for this class | attribute class somebody.Model
fno1d.h5 | FAIL: the engine's model has no parameter fno_blocks.convs.0.weight.tensor | config factorization "cp"
fno2d_cp.h5 | FAIL: .*has .* numbers, the engine | config rank 0.5
tfno2d_tucker.h5 | FAIL: f64 .* is  | nudge params/fno_blocks.convs.1.weight.core 1e-6
spectral_2d_tt.h5 | FAIL: f64 grad_params/weight.factors.factor_1 is  | nudge grad_params/weight.factors.factor_1 1e-7
mgtfno_step_l1.h5 | FAIL: f64 .* is  | nudge params/fno_blocks.convs.0.weight.factors.factor_2 1e-6
fno1d.h5 | unsupported neuralop.models.fno.FNO: factorization blocktt | config factorization "blocktt"
fno1d.h5 | unsupported neuralop.models.fno.FNO: argument an_option_of_tomorrow | config an_option_of_tomorrow 3
fno1d.h5 | unsupported neuralop.models.fno.FNO: argument norm | config norm "batch_norm"
TABLE
/usr/bin/python3 "$here/faults.py" "$source" "$work/table" "$work/spoilt"
"$FH_BIN/fh_parity" "$work/spoilt" >"$work/out" && { echo "fh_parity ends with 0 although files fail"; exit 1; }
number=0
while IFS='|' read -r file pattern fault; do
  number=$((number + 1))
  pattern=$(echo "$pattern" | sed 's/^ *//; s/ *$//')
  name=$(printf '%02d-%s' "$number" "$file" | tr -d ' ')
  grep -E "^$name .*$pattern" "$work/out" >/dev/null ||
    { echo "$fault: expected '$pattern' but fh_parity says"; grep "^$name" "$work/out" || cat "$work/out"; exit 1; }
done <"$work/table"
failing=$(grep -c '| FAIL:' "$work/table")
tail -1 "$work/out" | grep -q "^0 passed, $failing failed, $((number - failing)) skipped$" ||
  { echo "wrong closing line: $(tail -1 "$work/out")"; exit 1; }

cases=0
# expect STATUS PATTERN ARGUMENT...: exit status and a line of the output
expect() {
  local status=$1 pattern=$2 got=0
  shift 2
  "$FH_BIN/fh_parity" "$@" >"$work/out" 2>&1 || got=$?
  if [ "$got" -ne "$status" ] || ! grep -qE "$pattern" "$work/out"; then
    echo "fh_parity $*: status $got instead of $status, or no line like '$pattern':"
    cat "$work/out"
    exit 1
  fi
  cases=$((cases + 1))
}

# folders
mkdir "$work/empty"
expect 1 'there is no \*.h5 file' "$work/empty"
expect 1 "nowhere .*FAIL: No such file" "$work/nowhere"
expect 64 'usage' # no argument
mkdir -p "$work/two/sub.h5"
cp "$source/spectral_1d_even.h5" "$source/loss_lp2_rel_1d.h5" "$work/two"
expect 0 '^3 passed, 0 failed, 0 skipped$' "$work/two" "$source/fno1d.h5"

# from anywhere, by a symbolic link, by the search path, under mpirun
ln -s "$FH_BIN/fh_parity" "$work/link"
(cd / && "$work/link" "$work/two" | grep -q '^2 passed') || { echo "a symbolic link does not work"; exit 1; }
(cd "$work" && PATH="$FH_BIN:$PATH" fh_parity two | grep -q '^2 passed') || { echo "the search path does not work"; exit 1; }
mpirun -n 1 "$FH_BIN/fh_parity" "$work/two" | grep -q '^2 passed' || { echo "mpirun does not work"; exit 1; }

# a runner that dies costs the file, not the run
mkdir "$work/bin"
cp "$FH_BIN/fh_parity" "$FH_BIN/fh_parity_f64" "$work/bin"
printf '#!/bin/sh\nread line\nkill -SEGV $$\n' >"$work/bin/fh_parity_f32"
chmod +x "$work/bin/fh_parity_f32"
FH_BIN="$work/bin" expect 1 'FAIL: the f32 runner died of Segmentation fault' "$work/two"
FH_BIN="$work/bin" expect 1 '^0 passed, 2 failed, 0 skipped$' "$work/two"
rm "$work/bin/fh_parity_f32"
FH_BIN="$work/bin" expect 72 'fh_parity_f32 is missing' "$work/two"
echo "parity: $number spoilt files and $cases other calls, each answered as it should be"
