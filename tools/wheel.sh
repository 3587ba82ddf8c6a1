#!/usr/bin/env bash
# Makes the wheel of the Python package: builds it with the tools of build/venv, brings in what it needs of Debian's
# libraries, checks it, and leaves it in build/wheel. Quick when nothing changed. Arguments are scikit-build-core's,
# e.g. -Ccmake.define.REPLAYRT_CUDA=ON (pyproject.toml). `make wheel` calls it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly out="$PWD/build/wheel" python="$PWD/build/venv/bin/python"
[[ -x $python ]] || { echo "wheel: build/venv is missing; run \`make setup\`" >&2; exit 1; }
unset PYTHONPATH  # a package of another build must not stand in for the one that is made here
mkdir -p "$out"
exec 9> "$out/.lock"
flock 9  # one build of the wheel at a time

# What the wheel is made of, by content: a checkout gives files new times.
stamp() {
  {
    printf '%s\n' "$("$python" -VV)" "$@"
    find CMakeLists.txt LICENSE README.md pyproject.toml cmake cli include src python \
      tools/requirements.txt tools/wheel.sh tools/wheel_contents.py tools/wheel_licenses.py \
      \( -name __pycache__ -o -path python/tests \) -prune -o -type f -print0 |
      LC_ALL=C sort -z | xargs -0 sha256sum
  } | sha256sum | cut -d' ' -f1
}

now=$(stamp "$@")
shopt -s nullglob
wheels=("$out"/*.whl)
if [[ ${#wheels[@]} -eq 1 && "$(cat "$out/.stamp" 2>/dev/null)" == "$now" ]]; then
  exec "$python" tools/wheel_contents.py "${wheels[0]}"
fi
rm -rf "$out"/*.whl "$out/.stamp" "$out/built" "$out/repaired"

# Warnings are errors and the compiler has CMake's name for it, as in the presets; so ccache finds what those compiled.
CXX="${CXX:-c++}" "$python" -m build --wheel --no-isolation --outdir "$out/built" -Cbuild-dir="$out/cmake" \
  -Ccmake.define.REPLAYRT_WERROR=ON "$@" .

# OpenVINO and its TBB come from OpenVINO's own wheel, where the extension looks for them. It names libopenvino first,
# so OpenCV gets the TBB that is loaded by then. GLX would bring in X11 (python/wheel/no_opengl.c).
mkdir -p "$out/no_opengl"
cc -O2 -Wall -Werror -shared -fPIC -Wl,-soname,libGLX.so.0 -o "$out/no_opengl/libGLX.so.0" python/wheel/no_opengl.c
PATH="${python%/*}:$PATH" AUDITWHEEL_LD_LIBRARY_PATH="$out/no_opengl" "$python" -m auditwheel repair \
  --exclude 'libopenvino*' --exclude 'libtbb*' --wheel-dir "$out/repaired" "$out"/built/*.whl

"$python" tools/wheel_contents.py "$out"/repaired/*.whl
"$python" tools/wheel_licenses.py "$out"/repaired/*.whl "$out"
echo "$now" > "$out/.stamp"
