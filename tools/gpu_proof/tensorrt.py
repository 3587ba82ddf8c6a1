"""A folder with TensorRT's lib/ and include/, and the environment in which programs find what is there."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Version = tuple[int, int, int]
# 8.6 shares them as `replayrt build` asks for it.
SHARES_PROFILES = (8, 6, 0)
LIBRARY_VARIABLES = {
    "REPLAYRT_TENSORRT_LIBRARY": "nvinfer",
    "REPLAYRT_TENSORRT_PARSER_LIBRARY": "nvonnxparser",
}


def version_text(version: Version | None) -> str:
    return "unknown" if version is None else ".".join(map(str, version))


@dataclass(frozen=True)
class TensorRT:
    folder: Path
    prefix: Path | None = None

    @property
    def include(self) -> Path:
        return self.folder / "include"

    @property
    def lib(self) -> Path:
        return self.folder / "lib"

    @cached_property
    def headers(self) -> Version | None:
        try:
            text = (self.include / "NvInferVersion.h").read_text()
        except OSError:
            return None
        # Since 10.11 NV_TENSORRT_MAJOR is TRT_MAJOR_ENTERPRISE.
        found = [
            re.search(rf"#define (?:NV_TENSORRT_{part}|TRT_{part}_ENTERPRISE) +(\d+)", text)
            for part in ("MAJOR", "MINOR", "PATCH")
        ]
        major, minor, patch = (int(match[1]) if match else 0 for match in found)
        return (major, minor, patch) if major else None

    @property
    def shares_profiles(self) -> bool:
        return self.headers is not None and self.headers >= SHARES_PROFILES

    def library(self, stem: str) -> Path | None:
        """The one of the headers' major version, if there is any."""
        major = "*" if self.headers is None else str(self.headers[0])
        names = [f"lib{stem}.so.{major}", f"lib{stem}.so.{major}.*", f"lib{stem}.so"]
        return next((path for name in names for path in sorted(self.lib.glob(name))), None)

    def library_version(self) -> Version | None:
        """What the library itself says; None if it cannot be opened. In a process of its own, as it is never unloaded."""
        library = self.library("nvinfer")
        script = "import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).getInferLibVersion())"
        try:
            done = subprocess.run(
                (sys.executable, "-c", script, str(library)), check=True, capture_output=True, text=True,
                timeout=60, env=self.environment(),
            )  # fmt: skip
            number = int(done.stdout)
        except (OSError, ValueError, subprocess.SubprocessError):
            return None
        thousands = 1000 if number < 10_000 else 10_000  # 8503 is 8.5.3, 101601 is 10.16.1.
        return number // thousands, number % thousands // 100, number % 100

    def environment(self) -> dict[str, str]:
        """For programs on the GPU: all libraries are found, whatever the machine has."""
        found = self.environment_of_doubles()
        found["LD_LIBRARY_PATH"] = _joined(str(self.lib), found.get("LD_LIBRARY_PATH"))
        for variable, stem in LIBRARY_VARIABLES.items():
            if library := self.library(stem):
                found[variable] = str(library)
        return found

    def environment_of_doubles(self) -> dict[str, str]:
        """For builds, and for tests that must not find NVIDIA's libraries where they look for their own."""
        found = {name: value for name, value in os.environ.items() if name not in LIBRARY_VARIABLES}
        if self.prefix is not None:
            usr = self.prefix / "usr"
            libraries = [usr / "lib" / f"{os.uname().machine}-linux-gnu", usr / "lib"]
            found["LD_LIBRARY_PATH"] = _joined(*map(str, libraries), found.get("LD_LIBRARY_PATH"))
            found["CMAKE_PREFIX_PATH"] = _joined(str(usr), found.get("CMAKE_PREFIX_PATH"))
            found["PKG_CONFIG_PATH"] = _joined(*(f"{path}/pkgconfig" for path in libraries), found.get("PKG_CONFIG_PATH"))
            # Debian's files say /usr, wherever they were unpacked.
            found["PKG_CONFIG_SYSROOT_DIR"] = str(self.prefix)
            found["PATH"] = _joined(found.get("PATH"), str(usr / "bin"))
        return found


def _joined(*paths: str | None) -> str:
    return ":".join(path for path in paths if path)
