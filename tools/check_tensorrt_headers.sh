#!/bin/sh
# Usage: tools/check_tensorrt_headers.sh INCLUDE_DIR...
#
# For each folder of TensorRT's headers: does src/backends/tensorrt compile against them, and does every member that
# the tests' double of TensorRT declares have the same signature, and every enumerator the same value, there? Needs no
# GPU and no library. CXX names the compiler, CUDA_INCLUDE_DIR the folder of cuda_runtime_api.h.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2; }

cuda=${CUDA_INCLUDE_DIR:-}
for candidate in ${CUDA_PATH:+"$CUDA_PATH/include"} /usr/local/cuda/include \
    build/venv/lib/python3*/site-packages/nvidia/cu1[0-9]/include; do
  [ -n "$cuda" ] || ! [ -f "$candidate/cuda_runtime_api.h" ] || cuda=$candidate
done
[ -n "$cuda" ] || { echo "CUDA's headers were not found: set CUDA_INCLUDE_DIR" >&2; exit 1; }

# A member that nobody holds to NVIDIA's signature could be anything.
double=tests/fakes/tensorrt
for member in $(sed -n 's/^ *virtual .*[ *]\([A-Za-z0-9]*\)(.*/\1/p' $double/include/Nv*.h |
    grep -v '^I[A-Z]' | sort -u); do
  grep -q "MEMBER([A-Za-z]*, $member," $double/signatures.cpp || { echo "$double/signatures.cpp does not check $member" >&2; exit 1; }
done

compile() {  # compile HEADERS FILE
  "${CXX:-c++}" -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror \
    -Isrc -Iinclude -isystem "$1" -isystem "$cuda" "$2"
}

failed=0
for headers in "$@"; do
  [ -f "$headers/NvInferRuntime.h" ] || { echo "$headers has no NvInferRuntime.h" >&2; failed=1; continue; }
  version=$(printf '#include <NvInferVersion.h>\nNV_TENSORRT_MAJOR NV_TENSORRT_MINOR NV_TENSORRT_PATCH\n' |
    "${CXX:-c++}" -E -P -x c++ -I"$headers" - | tail -n 1 | tr ' ' .)
  count=0
  bad=
  for file in src/backends/tensorrt/*.cpp $double/signatures.cpp; do
    compile "$headers" "$file" || bad="$bad $file"
    count=$((count + 1))
  done
  if [ -z "$bad" ]; then
    echo "TensorRT $version: $count files compile, signatures agree ($headers)"
  else
    echo "TensorRT $version: FAILED:$bad ($headers)"
    failed=1
  fi
done
exit $failed
