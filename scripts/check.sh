#!/usr/bin/env bash
# Installs what is missing, builds, runs every test. One command for a fresh Debian 12 machine.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/packages.sh
. scripts/environment.sh
cmake --preset release
cmake --build --preset release -j "$(getconf _NPROCESSORS_ONLN)"
ctest --test-dir build/release --output-on-failure -j "$(getconf _NPROCESSORS_ONLN)"
