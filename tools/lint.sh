#!/usr/bin/env bash
# Checks the format of every tracked C++ file and runs clang-tidy on the product's sources. `--fix` formats instead.
# `make lint` and `make format` call it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools/setup.sh --dev
mapfile -t files < <(git ls-files '*.cpp' '*.hpp')

case "${1:-}" in
  --fix)
    clang-format-14 -i "${files[@]}"
    exit
    ;;
  "") ;;
  *) echo "lint: unknown argument '$1'; the only one is --fix" >&2; exit 2 ;;
esac

status=0
clang-format-14 --dry-run -Werror "${files[@]}" || status=1

# clang-tidy reads how each file is compiled from here.
cmake --preset dev > build/lint-configure.log || { cat build/lint-configure.log; exit 1; }
# GCC's own warning options are unknown to clang.
run-clang-tidy-14 -p build/dev -quiet -j "$(nproc)" -extra-arg=-Wno-unknown-warning-option \
  "^$PWD/(src|cli|examples|benchmarks|python/src)/" > build/lint-tidy.log 2>&1 || {
  grep -avE '^clang-tidy-14 |[0-9]+ warnings? generated' build/lint-tidy.log
  status=1
}
[[ $status -eq 0 ]] && echo "lint: ${#files[@]} files are fine" || echo "lint: \`make format\` mends the format" >&2
exit $status
