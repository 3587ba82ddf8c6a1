#!/usr/bin/env bash
# Tries the wheel in build/wheel with other Pythons: `tools/wheel_pythons.sh PYTHON...`. Each gets an empty venv, the
# wheel and what it requires at the newest releases for that Python, and runs the examples and the command line.
# Needs `make wheel` and the network. Not part of `make test`, which has Debian's Python only.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[[ $# -gt 0 ]] || { echo "usage: wheel_pythons.sh PYTHON..." >&2; exit 2; }
unset PYTHONPATH
shopt -s nullglob
wheels=(build/wheel/*.whl)
[[ ${#wheels[@]} -eq 1 ]] || { echo "wheel_pythons: no wheel in build/wheel; run \`make wheel\`" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

try() {
  local python=$1 venv=$folder/venv
  rm -rf "$venv"
  "$python" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check "${wheels[0]}"
  "$venv/bin/python" -c 'import numpy, openvino, PIL, replayrt, sys
print(sys.version.split()[0], "numpy", numpy.__version__, "pillow", PIL.__version__, "openvino", openvino.__version__)'
  for example in examples/python/seed_*.py; do
    "$venv/bin/python" "$example"
  done
  "$venv/bin/python" examples/python/ocr.py build/data/pictures/word.png --models build/data/packages
  "$venv/bin/python" -m replayrt --help > /dev/null
  "$venv/bin/replayrt" --version
}

failed=()
for python in "$@"; do
  # In a process of its own, as `set -e` does not hold in a condition.
  (try "$python") & wait $! && echo "wheel_pythons: $python: fine" || failed+=("$python")
done
[[ ${#failed[@]} -eq 0 ]] || { echo "wheel_pythons: failed: ${failed[*]}" >&2; exit 1; }
