#!/usr/bin/env bash
# The installed tree serves other programs: the embedding example is built against it, once by
# find_package and once by pkg-config, without PETSc, and run on a model trained with the installed
# command. The PETSc solvers serve a plain PETSc program in the same two ways.
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

# a PETSc program against the solvers alone: no engine, no HDF5 of ours
cmake -G Ninja -S "$FH_SOURCE/examples/gcrodr" -B "$work/gcrodr" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake --build "$work/gcrodr" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
# shellcheck disable=SC2046
cc -std=c11 "$FH_SOURCE/examples/gcrodr/gcrodr.c" -o "$work/gcrodr2" $(pkg-config --cflags --libs fredholm_recycle) -lm
for program in "$work/gcrodr/gcrodr" "$work/gcrodr2"; do
  mpirun -n 2 "$program" -n 32 -systems 8 -pc_type jacobi >"$work/recycled"
  mpirun -n 2 "$program" -n 32 -systems 8 -pc_type jacobi -ksp_gcrodr_fresh >"$work/fresh"
  mpirun -n 2 "$program" -n 32 -systems 8 -pc_type jacobi -ksp_type rminres >"$work/short"
  python3 - "$work"/{recycled,fresh,short} <<'P'
import re, sys
its = []
for name in sys.argv[1:]:
    text = open(name).read()
    assert max(float(r) for r in re.findall(r"residual ([0-9.e+-]+)", text)) <= 1e-7, text
    its.append(float(re.search(r"a system: ([0-9.]+)", text).group(1)))
assert its[0] < 0.7 * its[1], "what was learned saves little: %s" % its
P
done
echo "installed: find_package and pkg-config both serve the embedding example"
