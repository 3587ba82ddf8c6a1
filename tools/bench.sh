#!/usr/bin/env bash
# Measures, and writes the tables of README and docs from the figures. `make bench` builds and calls it.
#   tools/bench.sh [NAME...]      all benchmarks, or the named ones (benchmarks/run.py lists them)
#                                 auto_model and masks run beside the Python reference, which tools/reference/setup.sh gets (a
#                                 download of several GB) when they are named; else they run only where that is there
#   BENCH_FULL=1                  longer, for figures to be published; else about 12 minutes on two cores
#   BENCH_PUBLISH=0               leave benchmarks/results, README and docs as they are
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

effort=quick
[[ "${BENCH_FULL:-0}" == 0 ]] || effort=full

[[ -n "${MAKELEVEL:-}" ]] || make build
PYTHONPATH="$PWD/build/release/python" build/venv/bin/python benchmarks/run.py --effort "$effort" "$@"
if [[ "${BENCH_PUBLISH:-1}" == 0 ]]; then
  build/venv/bin/python tools/write_tables.py --results build/bench --print
else
  mkdir -p benchmarks/results
  cp build/bench/*.json benchmarks/results/
  build/venv/bin/python tools/write_tables.py
fi
