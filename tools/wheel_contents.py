"""Says what a wheel of ReplayRT brings along, and what is wrong with it: `wheel_contents.py WHEEL`.

Exits with 1 if a library is needed that neither the wheel, OpenVINO's wheel nor every Linux has, or one is there that
must not be.
"""

import re
import sys
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

# Of glibc, GCC and zlib, by PEP 600; and what the wheel of OpenVINO brings.
ELSEWHERE = re.compile(
    r"(libc|libm|libdl|libpthread|librt|libgcc_s|libstdc\+\+|libz|ld-linux-x86-64|ld-linux-aarch64)\.so\.\d+"
    r"|libopenvino\.so\.\d+|libtbb\.so\.12"
)
# Decoders, windows, and what would be there twice.
UNWANTED = re.compile(r"lib(opencv_(?!core|imgproc)|openvino|tbb|X11|xcb|GL(?!X-)|EGL|av|python)", re.IGNORECASE)
# All that python/wheel/no_opengl.c has.
NO_OPENGL = {"glXGetCurrentContext", "glXGetCurrentDisplay", "glXGetProcAddressARB"}


@dataclass(frozen=True)
class Library:
    """A shared library of a wheel."""

    path: str  # in the wheel
    size: int  # bytes
    needed: list[str]
    run_path: list[str]
    exports: set[str]  # functions and data that it defines

    @property
    def name(self) -> str:
        return Path(self.path).name


def read_library(path: str, content: bytes) -> Library:
    """The facts of one ELF file."""
    elf = ELFFile(BytesIO(content))
    needed, run_path = [], []
    dynamic = elf.get_section_by_name(".dynamic")
    assert isinstance(dynamic, DynamicSection), f"{path} has no dynamic section"
    tag: Any  # the attribute depends on its kind
    for tag in dynamic.iter_tags():
        if tag.entry.d_tag == "DT_NEEDED":
            needed.append(tag.needed)
        elif tag.entry.d_tag == "DT_RUNPATH":
            run_path = tag.runpath.split(":")
        elif tag.entry.d_tag == "DT_RPATH":
            run_path = tag.rpath.split(":")
    symbols = elf.get_section_by_name(".dynsym")
    assert isinstance(symbols, SymbolTableSection), f"{path} has no dynamic symbols"
    exports = {
        symbol.name for symbol in symbols.iter_symbols() if symbol.name and symbol.entry.st_shndx != "SHN_UNDEF"
    }
    return Library(path, len(content), needed, run_path, exports)


def libraries(wheel: Path) -> list[Library]:
    """All shared libraries of a wheel, the extension among them."""
    with zipfile.ZipFile(wheel) as archive:
        contents = {name: archive.read(name) for name in sorted(archive.namelist())}
    return [read_library(name, content) for name, content in contents.items() if content.startswith(b"\x7fELF")]


def problems(found: list[Library]) -> list[str]:
    """What keeps these libraries from loading where only OpenVINO's wheel is installed, one sentence each."""
    names = {library.name for library in found}
    wrong = [f"{library.path} must not be in the wheel" for library in found if UNWANTED.match(library.name)]
    for library in found:
        wrong += [
            f"{library.path} needs {name}, which is not in the wheel"
            for name in library.needed
            if name not in names and not ELSEWHERE.fullmatch(name)
        ]
        if library.name.startswith("libGLX") and library.exports != NO_OPENGL:
            wrong.append(f"{library.path} is a real OpenGL library")
    extensions = [library for library in found if library.name.startswith("_core.")]
    if len(extensions) != 1:
        return [*wrong, f"there are {len(extensions)} extensions _core, expected 1"]
    needed = extensions[0].needed
    if not needed or not needed[0].startswith("libopenvino."):
        wrong.append(f"_core must name libopenvino before all others, so that its TBB is loaded; it names {needed}")
    if extensions[0].run_path != ["$ORIGIN/../openvino/libs", "$ORIGIN/../replayrt.libs"]:
        wrong.append(f"_core looks for libraries in {extensions[0].run_path}")
    return wrong


def main(wheel: Path) -> int:
    """Prints the libraries of `wheel` and what is wrong. Returns the exit status."""
    found = libraries(wheel)
    print(f"{wheel}: {wheel.stat().st_size / 1e6:.1f} MB")
    for library in sorted(found, key=lambda library: -library.size):
        print(f"  {library.size / 1e6:6.2f} MB  {library.path}")
    wrong = problems(found)
    for problem in wrong:
        print(f"wheel: {problem}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: wheel_contents.py WHEEL")
    sys.exit(main(Path(sys.argv[1])))
