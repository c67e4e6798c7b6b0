#!/usr/bin/env bash
# Installs what is missing, builds, runs every test. One command for a fresh Debian 12 machine.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/packages.sh
. scripts/environment.sh
cmake --preset release
cores=$(getconf _NPROCESSORS_ONLN)
cmake --build --preset release -j "$cores"
# tests with ranks spend half their time on starting up: twice as many processes as cores, wherever there is room
OMPI_MCA_hwloc_base_binding_policy=none ctest --test-dir build/release --output-on-failure -j "$((2 * cores))"
