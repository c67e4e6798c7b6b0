#!/usr/bin/env bash
# Installs what Fredholm builds on and is tested with, from Debian's own packages; does nothing when
# all of it is there. Needs root (or sudo) only if something is missing.
set -euo pipefail
packages=(gcc clang cmake ninja-build make pkg-config git libc6-dev
  libopenmpi-dev openmpi-bin libpetsc-real-dev petsc-dev libhdf5-openmpi-dev hdf5-tools
  libfftw3-dev libopenblas-dev librandom123-dev libcjson-dev
  clang-format procps python3 python3-numpy python3-h5py python3-matplotlib python3-scipy)
missing=()
for p in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi
echo "installing: ${missing[*]}"
sudo=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "these packages are missing and only root can install them: ${missing[*]}" >&2; exit 1; }
  sudo=sudo
fi
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
