#!/usr/bin/env bash
# Proves ReplayRT on a machine with an NVIDIA GPU: builds it and TensorRT's plans, runs tests, sanitizers and benchmarks,
# and writes OUT/gpu_proof.json and OUT/gpu_proof.md. Needs Python >= 3.11 alone; docs/gpu-results.md says how to use it.
#   tools/gpu_proof.sh [STEP...] --tensorrt DIR --out DIR     --help tells the rest
set -euo pipefail
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
  echo "gpu_proof: '$python' is no Python >= 3.11; set PYTHON to one" >&2
  exit 2
}
PYTHONPATH="$tools:$tools/../benchmarks${PYTHONPATH:+:$PYTHONPATH}" PYTHONDONTWRITEBYTECODE=1 exec "$python" -m gpu_proof "$@"
