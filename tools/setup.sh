#!/usr/bin/env bash
# Installs what ReplayRT is built and tested with: Debian packages, a venv in build/venv, test data in build/data.
# Quick when there is nothing to do, and safe to interrupt and run again. `--dev` adds the tools of `make lint`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly venv="$PWD/build/venv"
lists=(tools/apt-packages.txt)
for argument in "$@"; do
  case "$argument" in
    --dev) lists+=(tools/apt-packages-dev.txt) ;;
    *) echo "setup: unknown argument '$argument'; the only one is --dev" >&2; exit 2 ;;
  esac
done

fail() {
  printf 'setup: %s\n' "$@" >&2
  exit 1
}

missing_packages() {
  local package
  for package in $(sed 's/#.*//' "${lists[@]}"); do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

install_packages() {
  if ! command -v dpkg-query >/dev/null; then
    echo "setup: not a Debian system; ${lists[*]} say what must be there" >&2
    return
  fi
  local missing
  mapfile -t missing < <(missing_packages)
  [[ ${#missing[@]} -gt 0 ]] || return 0
  local install=(apt-get install -y --no-install-recommends "${missing[@]}")
  if [[ $EUID -ne 0 ]]; then
    fail "these Debian packages are missing: ${missing[*]}" "install them with: sudo ${install[*]}"
  fi
  echo "setup: installing ${#missing[@]} Debian packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update || fail "apt-get update failed (see above): is the network reachable?"
  "${install[@]}" || fail "apt-get could not install the packages (see above). By hand: ${install[*]}"
}

# Debian's own Python first, so that a pyenv or conda in PATH does not decide what is built here.
find_python() {
  local python
  for python in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$python"
      return
    fi
  done
  fail "no Python >= 3.11 with the module venv was found (looked for /usr/bin/python3, then python3 in PATH)." \
    "On Debian 12: apt-get install python3 python3-venv"
}

make_venv() {
  local python stamp
  python=$(find_python)
  # The stamp is written last: an interrupted run leaves none, and the next one starts afresh.
  stamp=$({ cat tools/requirements.txt; "$python" -VV; echo "$venv"; } | sha256sum | cut -d' ' -f1)
  [[ "$(cat "$venv/.stamp" 2>/dev/null)" != "$stamp" ]] || return 0
  echo "setup: making build/venv with $("$python" -V)"
  "$python" -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check -r tools/requirements.txt ||
    fail "pip could not install tools/requirements.txt (see above): is the Python package index reachable?"
  echo "$stamp" > "$venv/.stamp"
}

mkdir -p build
exec 9> build/.setup.lock
flock 9  # one setup at a time in this folder
install_packages
make_venv
"$venv/bin/python" tools/prepare_data.py
