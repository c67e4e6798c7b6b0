#!/usr/bin/env bash
# Every file of the folder passes in both precisions: none fails, and none is passed over.
set -euo pipefail
folder=$1
count=$(find "$folder" -name '*.h5' | wc -l)
out=$("$FH_BIN/fh_parity" "$folder") || { echo "$out" | grep -E 'FAIL|passed,'; exit 1; }
last=$(echo "$out" | tail -1)
if [ "$count" -lt 1 ] || [ "$last" != "$count passed, 0 failed, 0 skipped" ]; then
  echo "$out" | grep -E 'unsupported' || true
  echo "of $count files: $last"
  exit 1
fi
echo "parity: $last; $(echo "$out" | tail -2 | head -1)"
