#!/usr/bin/env bash
# Seconds of an optimiser step, ours beside PyTorch with neuraloperator, one case after the other in one
# run on two cores: prints both JSON lines of each case and the ratio to the better of eager and
# compiled.
# usage: compare.sh PYTHON [CASE...]     PYTHON: an interpreter with torch, neuraloperator, torchinfo and
#                                        matplotlib from PyPI; needs build/release
# The cases mgno-darcy-256 and mgno-ns-64 compare with the code of the MgNO paper's authors (models.py,
# utilities3.py, Adam.py of xlliu2017/MgNO) in the folder that the environment variable MGNO_AUTHORS names;
# without it they are skipped. A case with FH_BENCH_STEPS steps takes the median of them (default 30).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$root/scripts/environment.sh"
python=$1
shift
cases=("$@")
[ ${#cases[@]} -gt 0 ] || cases=(fno-64 fno-64-m12 mgno-darcy-256 mgno-ns-64)
authors=${MGNO_AUTHORS:-}
steps=${FH_BENCH_STEPS:-30}
# without these settings the allocator's page faults are measured instead of PyTorch
torch_env=(MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=64000000000 MALLOC_TOP_PAD_=268435456)
echo "# $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs), $(getconf _NPROCESSORS_ONLN) cores, $(date -I)"
for c in "${cases[@]}"; do
  if [[ $c == mgno-* && ! -f $authors/models.py ]]; then
    echo "$c skipped: set MGNO_AUTHORS to a folder with models.py, utilities3.py and Adam.py of xlliu2017/MgNO"
    continue
  fi
  ours=$(mpirun -n 2 "$root/build/release/bench/bench_step" "$c" "$steps")
  eager=$(env "${torch_env[@]}" "$python" "$here/peer_step.py" "$c" --mgno "$authors" 2>/dev/null)
  compiled=$(env "${torch_env[@]}" "$python" "$here/peer_step.py" "$c" --mgno "$authors" --compile 2>/dev/null | tail -1)
  again=$(mpirun -n 2 "$root/build/release/bench/bench_step" "$c" "$steps")
  printf '%s\n' "$ours" "$again" "$eager" "$compiled"
  "$python" - "$ours" "$again" "$eager" "$compiled" <<'P'
import json, sys
ours, again, *peers = [json.loads(t) for t in sys.argv[1:]]
mine = max(ours["step_s"], again["step_s"])
best = min(p["step_s"] for p in peers)
least = min(p["peak_MB"] - p["import_MB"] for p in peers)
print(f"{ours['case']}: {mine:.4f} s against {best:.4f} s: {best / mine:.1f}x; memory of all ranks "
      f"{ours['ranks'] * ours['peak_MB_per_rank']:.0f} MB against {least:.0f} MB (import of the library not counted)")
P
done
