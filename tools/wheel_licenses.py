"""Adds the licences of the libraries that auditwheel brought in: `wheel_licenses.py WHEEL FOLDER` writes to FOLDER.

Each library's Debian package is looked up by its file; the package's `copyright` goes to licenses/debian in .dist-info.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from auditwheel.wheeltools import InWheelCtx

DOCUMENTS = Path("/usr/share/doc")
OURS = "libGLX"  # python/wheel/no_opengl.c


def package_of(library: str) -> str:
    """The Debian package of a bundled library, "libzip-5c554ca2.so.4.0": auditwheel puts a hash into its name."""
    name = re.sub(r"-[0-9a-f]{8}\.so", ".so", library)
    # By pattern, as a package may list the file in /lib, and the linker find it in /usr/lib.
    found = subprocess.run(["dpkg-query", "-S", f"*/{name}"], capture_output=True, text=True, check=False).stdout
    packages = {line.split(":")[0] for line in found.splitlines() if line.endswith(f"/{name}")}
    if len(packages) != 1:
        sys.exit(f"wheel_licenses: {library}: expected one Debian package that has {name}, found {sorted(packages)}")
    return packages.pop()


def packages(libraries: Iterable[str]) -> list[str]:
    """The Debian packages of the bundled libraries of these names, ours left out."""
    return sorted({package_of(name) for name in libraries if not name.startswith(OURS)})


def main(wheel: Path, folder: Path) -> None:
    """Writes `wheel` with the licences to `folder`."""
    with InWheelCtx(wheel.resolve(), (folder / wheel.name).resolve()) as inside:
        (information,) = Path(inside.path).glob("*.dist-info")
        for package in packages(path.name for path in Path(inside.path).glob("*.libs/*.so*")):
            target = information / "licenses/debian" / package / "copyright"
            target.parent.mkdir(parents=True)
            shutil.copyfile(DOCUMENTS / package / "copyright", target)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: wheel_licenses.py WHEEL FOLDER")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
