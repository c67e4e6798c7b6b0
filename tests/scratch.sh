# For test scripts, which source it: the first failure ends them, $work is a folder that goes away with them, and
# `quiet COMMAND...` says nothing unless the command fails; what it printed is in $work/log.
set -euo pipefail
export PATH="$FH_BIN:$PATH"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quiet() { "$@" >"$work/log" 2>&1 || { echo "failed: $*"; tail -20 "$work/log"; exit 1; }; }
