#!/usr/bin/env bash
# The installed tree serves other programs: the embedding example is built against it, once by
# find_package and once by pkg-config, without PETSc, and run on a model trained with the installed
# command.
set -euo pipefail
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
export PATH="$work/prefix/bin:$PATH"

fredholm generate -problem darcy -n 6 -size 17 -seed 1 -out "$work/set.h5" -quiet >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
fredholm train -data "$work/set.h5" -model fno -n_modes 6,6 -hidden_channels 6 -n_layers 2 -epochs 2 -batch 4 -seed 1 -out "$work/run" -quiet >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

cmake -G Ninja -S "$FH_SOURCE/examples/embed" -B "$work/embed" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake --build "$work/embed" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
mpirun -n 2 "$work/embed/embed" "$work/run/model.h5" 33 | tee "$work/a" | grep -c 'prediction on 33 x 33' | grep -qx 2

libdir=$(dirname "$(find "$work/prefix" -name fredholm.pc)")
export PKG_CONFIG_PATH="$libdir"
# shellcheck disable=SC2046
cc -std=c11 "$FH_SOURCE/examples/embed/embed.c" -o "$work/embed2" $(pkg-config --cflags --static --libs fredholm)
mpirun -n 2 "$work/embed2" "$work/run/model.h5" 33 >"$work/b"
diff <(sort "$work/a") <(sort "$work/b")

# the embedding program carries no PETSc
if ldd "$work/embed2" | grep -qi petsc; then echo "the engine library links PETSc"; exit 1; fi
if mpirun -n 2 "$work/embed2" "$work/nothing.h5" 33 >"$work/log" 2>&1; then echo "a missing model was accepted"; exit 1; fi
grep -q nothing.h5 "$work/log"
echo "installed: find_package and pkg-config both serve the embedding example"
