"""A root folder in which a wheel runs as on a machine without Debian's OpenCV, X11 and TBB.

It holds Debian's Python, glibc, GCC's run-time libraries and what Python's own modules need, and one venv with the
wheel and its requirements, at the path that the venv has outside. Programs run in it by unshare(1) and chroot(1), as
root or where user namespaces are allowed. `build/wheel/empty` keeps it from run to run.
"""

import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PYTHON = Path(sys.executable).resolve()  # Debian's: that of build/venv
STDLIB = Path(sysconfig.get_path("stdlib"))
FOLDER = REPOSITORY / "build/wheel/empty"
ROOT = FOLDER / "root"
VENV = FOLDER / "venv"
# What wheels expect of every Linux (PEP 600): GCC's libraries, and those that glibc's code was once in.
LINUX_LIBRARIES = ("libstdc++.so.6", "libgcc_s.so.1", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libutil.so.1")
DEVICES = ("null", "zero", "random", "urandom")


def loaded_by(file: Path) -> set[Path]:
    """The libraries that the dynamic linker loads for `file`, by path."""
    lines = subprocess.run(["ldd", file], capture_output=True, text=True, check=True).stdout
    return {Path(path) for path in re.findall(r"(?:=> |^\s+)(/\S+) \(0x", lines, re.MULTILINE)}


def copy_into_root(path: Path) -> None:
    """Copies a file to its place in the root, links followed."""
    target = ROOT / path.relative_to("/")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def make_root() -> None:
    """Fills the root folder, unless a whole one is there."""
    done = FOLDER / "root.done"
    key = f"{PYTHON} {PYTHON.stat().st_mtime_ns} {hashlib.sha256(Path(__file__).read_bytes()).hexdigest()}"
    if done.is_file() and done.read_text() == key:
        return
    done.unlink(missing_ok=True)
    shutil.rmtree(ROOT, ignore_errors=True)
    for folder in ("proc", "sys", "dev", "tmp", "etc"):
        (ROOT / folder).mkdir(parents=True)
    # Debian keeps /lib, /lib64 and /bin as links into /usr.
    for link in ("lib", "lib64", "bin"):
        (ROOT / link).symlink_to(f"usr/{link}")
        (ROOT / "usr" / link).mkdir(parents=True)
    for device in DEVICES:
        (ROOT / "dev" / device).touch()
    left_out = shutil.ignore_patterns("__pycache__", "dist-packages", "config-*", "test", "sitecustomize.py")
    shutil.copytree(STDLIB, ROOT / STDLIB.relative_to("/"), symlinks=True, ignore=left_out)
    copy_into_root(PYTHON)
    libraries = loaded_by(PYTHON)
    for module in (STDLIB / "lib-dynload").glob("*.so"):
        libraries |= loaded_by(module)
    for name in LINUX_LIBRARIES:
        found = subprocess.run(["cc", f"-print-file-name={name}"], capture_output=True, text=True, check=True).stdout
        libraries.add(Path(found.strip()))
    for library in libraries:
        # By the name it is asked for, in a folder that the dynamic linker knows.
        folder = "lib64" if library.name.startswith("ld-linux") else "lib"
        shutil.copy2(library.resolve(), ROOT / "usr" / folder / library.name)
    done.write_text(key)


def pip(*arguments: str | Path) -> None:
    """Runs pip in the venv, which sees no package of another folder."""
    options = ["--quiet", "--no-input", "--disable-pip-version-check"]
    subprocess.run([VENV / "bin/python", "-I", "-m", "pip", *options, *arguments], check=True, stdin=subprocess.DEVNULL)


def make_venv(wheel: Path) -> None:
    """Installs `wheel` into the venv, unless it is there, and what it requires, at tools/requirements.txt's releases."""
    done = FOLDER / "venv.done"
    releases = REPOSITORY / "tools/requirements.txt"
    key = hashlib.sha256(wheel.read_bytes() + releases.read_bytes()).hexdigest()
    if done.is_file() and done.read_text() == key:
        return
    done.unlink(missing_ok=True)
    if not (VENV / "bin/python").exists():
        subprocess.run([PYTHON, "-m", "venv", "--clear", VENV], check=True)
    pip("install", "--force-reinstall", "--no-deps", wheel)
    pip("install", "--constraint", releases, wheel)
    done.write_text(key)


def prepare(wheel: Path) -> None:
    """Makes the root and its venv fit for `run`, quickly if they are there already."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    make_root()
    make_venv(wheel)


@functools.cache
def apart() -> list[str]:
    """The command that gives mounts of its own to what follows it: in a user's namespace, or as root without one."""
    for flags in (["--user", "--map-root-user", "--mount"], ["--mount"]):
        tried = ["unshare", *flags, "mount", "--rbind", "/proc", "/proc"]
        if subprocess.run(tried, capture_output=True, check=False).returncode == 0:
            return ["unshare", *flags]
    raise RuntimeError("unshare(1) may neither make a user namespace here nor, as this user, a mount namespace")


def run(
    arguments: list[str | Path], *, shown: list[Path] | None = None, environment: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Runs a program of the venv ("python", "replayrt") in the root, in /tmp; `prepare` comes first.

    It sees the folders `shown` of this machine at their paths, and of variables only `environment` and HOME.
    """
    mounts = [(Path("/proc"), ROOT / "proc"), (Path("/sys"), ROOT / "sys")]
    mounts += [(Path("/dev") / device, ROOT / "dev" / device) for device in DEVICES]
    for folder in [VENV, *(shown or [])]:
        inside = ROOT / folder.relative_to("/")
        inside.mkdir(parents=True, exist_ok=True)
        mounts.append((folder.resolve(), inside))
    script = [f'mount --rbind "{source}" "{target}"' for source, target in mounts]
    script.append(f'exec chroot "{ROOT}" {PYTHON} -c "$0" "$@"')
    enter = "import os, sys; os.chdir('/tmp'); os.execv(sys.argv[1], sys.argv[1:])"
    command = [*apart()]
    variables = {"PATH": "/usr/sbin:/usr/bin", "HOME": "/tmp", **(environment or {})}
    command += ["env", "-i", *(f"{name}={value}" for name, value in variables.items())]
    command += ["sh", "-c", " && ".join(script), enter, str(VENV / "bin" / arguments[0]), *map(str, arguments[1:])]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
    result = run(["python", *sys.argv[2:]])
    print(result.stdout, result.stderr, sep="", end="")
    sys.exit(result.returncode)
