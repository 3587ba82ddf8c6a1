#!/usr/bin/env bash
# Makes build/reference-venv, the Python that oracle.py runs with, and prints its path. Some 7 GB; it is needed only to
# write tests/models/expected anew. REPLAYRT_REFERENCE_PYTHON names a Python that has the reference already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly requirements=tools/reference/requirements.txt
readonly venv="$PWD/build/reference-venv"

fail() {
  printf 'reference: %s\n' "$@" >&2
  exit 1
}

wanted_version() {
  sed -n 's/^inference-models==//p' "$requirements"
}

check_python() {
  local version
  version=$("$1" -c 'import importlib.metadata as m; print(m.version("inference-models"))' 2>/dev/null) ||
    fail "$1 has no inference-models; $requirements says what must be there"
  [[ "$version" == "$(wanted_version)" ]] || fail "$1 has inference-models $version, $(wanted_version) is wanted"
}

find_python() {
  local python
  for python in python3.11 /usr/bin/python3 python3; do
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
      command -v "$python"
      return
    fi
  done
  fail "Python 3.11 with the module venv was not found; the pinned wheels are for it"
}

make_venv() {
  local python stamp
  python=$(find_python)
  # The stamp is written last: an interrupted run leaves none, and the next one starts afresh.
  stamp=$({ cat "$requirements"; "$python" -VV; echo "$venv"; } | sha256sum | cut -d' ' -f1)
  [[ "$(cat "$venv/.stamp" 2>/dev/null)" != "$stamp" ]] || return 0
  echo "reference: making build/reference-venv with $("$python" -V)" >&2
  "$python" -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check -r "$requirements" >&2 ||
    fail "pip could not install $requirements (see above): is the Python package index reachable?"
  echo "$stamp" > "$venv/.stamp"
}

if [[ -n "${REPLAYRT_REFERENCE_PYTHON:-}" ]]; then
  check_python "$REPLAYRT_REFERENCE_PYTHON"
  echo "$REPLAYRT_REFERENCE_PYTHON"
else
  make_venv
  check_python "$venv/bin/python"
  echo "$venv/bin/python"
fi
