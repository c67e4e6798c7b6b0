#!/usr/bin/env bash
# The formatter decides; files stay small; nothing of a developer's machine is in the tree.
set -u
cd "$FH_SOURCE" || exit 1
bad=0
mapfile -t files < <(find src operators datagen io examples tests -name '*.[ch]' -not -path '*/data/*')
if command -v clang-format >/dev/null; then
  clang-format --dry-run --Werror "${files[@]}" >/dev/null 2>&1 || {
    for f in "${files[@]}"; do
      clang-format --dry-run --Werror "$f" >/dev/null 2>&1 || echo "$f: run clang-format -i"
    done
    bad=1
  }
else
  echo "clang-format is missing: formatting was not checked"
fi
for f in "${files[@]}"; do
  n=$(wc -l <"$f")
  [ "$n" -le 450 ] || { echo "$f has $n lines: more than one concept?"; bad=1; }
done
grep -nE '\b(sprintf|strcpy|strcat|gets|alloca|system)\(' "${files[@]}" && bad=1
grep -nE -- '-ffast-math|-Ofast' CMakeLists.txt && bad=1
[ $bad = 0 ] && echo "style: ${#files[@]} files"
exit $bad
