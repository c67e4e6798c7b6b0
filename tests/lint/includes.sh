#!/usr/bin/env bash
# Includes point one way (docs/architecture.md): prints every include that does not, and fails.
set -u
cd "$FH_SOURCE" || exit 1
bad=0
# part: parts it may include
declare -A may=(
  [src/base]="base" [src/grid]="base grid" [src/comm]="base grid comm" [src/kernels]="base kernels"
  [src/tensor]="base tensor"
  [src/program]="base grid comm program"
  [src/model]="base grid comm tensor program operators model io"
  [src/train]="base grid comm kernels tensor program operators model io train"
  [io]="base grid io" [datagen]="base grid io datagen comm kernels"
)
check() { # folder, allowed parts
  while IFS=: read -r file include; do
    part=${include%%/*}
    [ "$part" = "$include" ] && continue # a header beside the file
    case " $2 " in *" $part "*) ;; *) echo "$file includes $include"; bad=1 ;; esac
  done < <(grep -rHoE '^#include "[^"]+"' --include='*.[ch]' "$1" | sed -E 's/#include "([^"]+)"/\1/')
}
for folder in "${!may[@]}"; do
  [ -d "$folder" ] && check "$folder" "${may[$folder]}"
done
# an operator knows nothing of other operators
for folder in operators/*/; do
  name=$(basename "$folder")
  while IFS=: read -r file include; do
    case "$include" in
      base/*|grid/*|comm/*|kernels/*|program/*|operators/$name/*) ;;
      */*) echo "$file includes $include"; bad=1 ;;
    esac
  done < <(grep -rHoE '^#include "[^"]+"' --include='*.[ch]' "$folder" | sed -E 's/#include "([^"]+)"/\1/')
done
# libraries stay behind their doors
grep -rnE '#include <petsc' src io operators --include='*.[ch]' | grep -v '^src/app/' && bad=1
grep -rnE '#include <hdf5' src operators datagen --include='*.[ch]' | grep -v '^src/app/cmd_version' && bad=1
grep -rnE '#include <fftw3' src operators io datagen examples --include='*.[ch]' | grep -vE '(src/kernels/fftw[a-z_]*\.[ch]|datagen/field/fftw?[a-z_]*\.[ch])' && bad=1
[ $bad = 0 ] && echo "includes point one way"
exit $bad
