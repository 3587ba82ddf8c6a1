"""The wheel of tools/wheel.sh: what is in it, and that it runs where Debian's OpenCV, X11 and TBB are not.

The wheel is made first if it is missing or older than what it is made of.
"""

import email.message
import email.parser
import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
sys.path.append(str(REPOSITORY / "tools"))

import empty_root  # noqa: E402
from wheel_contents import Library, libraries, problems  # noqa: E402
from wheel_licenses import packages  # noqa: E402

EXAMPLES = REPOSITORY / "examples/python"


def pins(text: str) -> set[str]:
    """The releases of OpenVINO that a file asks for."""
    return set(re.findall(r"^[\s\"]*openvino==([0-9.]+)", text, re.MULTILINE))


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The wheel in build/wheel."""
    result = subprocess.run([REPOSITORY / "tools/wheel.sh"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    (found,) = (REPOSITORY / "build/wheel").glob("*.whl")
    return found


@pytest.fixture(scope="session")
def files(wheel: Path) -> dict[str, bytes]:
    """The files of the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


@pytest.fixture(scope="session")
def metadata(files: dict[str, bytes]) -> email.message.Message:
    """The wheel's METADATA."""
    (name,) = (name for name in files if name.endswith(".dist-info/METADATA"))
    return email.parser.BytesParser().parsebytes(files[name])


@pytest.fixture(scope="session")
def project() -> dict[str, dict[str, list[str]]]:
    """pyproject.toml."""
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


@pytest.fixture(scope="session")
def installed(wheel: Path) -> None:
    """The wheel is in the venv of the empty root."""
    empty_root.prepare(wheel)


def run(*arguments: str | Path, shown: list[Path] | None = None) -> str:
    """What a program of the venv prints in the empty root."""
    result = empty_root.run(list(arguments), shown=shown)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_one_release_of_openvino(project: dict[str, dict[str, list[str]]]) -> None:
    built_with = pins("\n".join(project["build-system"]["requires"]))
    required = pins("\n".join(project["project"]["dependencies"]))
    assert len(built_with) == 1
    assert built_with == required == pins((REPOSITORY / "tools/requirements.txt").read_text())


def test_built_with_what_it_requires(project: dict[str, dict[str, list[str]]]) -> None:
    # pip builds in a venv of its own, where the package is imported to make its stub.
    assert set(project["project"]["dependencies"]) <= set(project["build-system"]["requires"])


def test_metadata(metadata: email.message.Message, project: dict[str, dict[str, list[str]]]) -> None:
    version = re.search(r"VERSION ([0-9.]+)", (REPOSITORY / "CMakeLists.txt").read_text().split("project(")[1])
    assert version is not None
    assert (metadata["Name"], metadata["Version"]) == ("replayrt", version[1])
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["License-Expression"] == "Apache-2.0"
    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    names = [re.split(r"[<>=]", line)[0] for line in required]
    assert sorted(names) == ["nanobind-backend", "numpy", "openvino", "pillow"]
    assert pins("\n".join(required)) == pins("\n".join(project["project"]["dependencies"]))


def test_one_wheel_serves_all_pythons_from_3_10(wheel: Path, files: dict[str, bytes]) -> None:
    assert re.fullmatch(r"replayrt-[0-9.]+-cp310-abi3-manylinux_2_\d+_\w+\.whl", wheel.name)
    (name,) = (name for name in files if name.endswith(".dist-info/WHEEL"))
    assert f"Tag: {wheel.stem.split('-', 2)[2]}\n" in files[name].decode()
    assert [name for name in files if name.startswith("replayrt/") and ".so" in name] == ["replayrt/_core.abi3.so"]


def test_has_the_python_files_the_types_and_nothing_else(files: dict[str, bytes]) -> None:
    package = REPOSITORY / "python/replayrt"
    sources = {f"replayrt/{path.relative_to(package)}" for path in package.rglob("*.py")}
    found = {name for name in files if not name.startswith(("replayrt.libs/", "replayrt-"))}
    assert found == sources | {"replayrt/py.typed", "replayrt/_core.pyi", "replayrt/_core.abi3.so"}
    for name in sources:
        assert files[name] == (package.parent / name).read_bytes()


def test_libraries(wheel: Path) -> None:
    found = libraries(wheel)
    assert problems(found) == []
    names = {re.split(r"[-.]", library.name)[0] for library in found}
    assert {"_core", "libopencv_core", "libopencv_imgproc", "libGLX"} <= names


def test_the_licence_of_each_library_is_there(wheel: Path, files: dict[str, bytes]) -> None:
    bundled_names = [Path(library.path).name for library in libraries(wheel) if "replayrt.libs" in library.path]
    names = packages(bundled_names)
    assert {"libopencv-core406", "libzip4", "libbz2-1.0", "libssl3"} <= set(names)
    for name in names:
        (licence,) = (text for path, text in files.items() if path.endswith(f"/licenses/debian/{name}/copyright"))
        assert b"opyright" in licence
    assert sum("/licenses/debian/" in path for path in files) == len(names)


CORE = Library(
    "replayrt/_core.abi3.so",
    size=1,
    needed=["libopenvino.so.2641", "libopencv_core-1.so", "libc.so.6"],
    run_path=["$ORIGIN/../openvino/libs", "$ORIGIN/../replayrt.libs"],
    exports={"PyInit__core"},
)


def bundled(name: str, needed: tuple[str, ...] = ("libc.so.6",), exports: frozenset[str] = frozenset()) -> Library:
    """A library that a wheel brings."""
    return Library(f"replayrt.libs/{name}", size=1, needed=list(needed), run_path=[], exports=set(exports))


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([], "replayrt/_core.abi3.so needs libopencv_core-1.so, which is not in the wheel"),
        ([bundled("libopencv_core-1.so", needed=("libX11.so.6",))], "libopencv_core-1.so needs libX11.so.6"),
        ([bundled("libopencv_core-1.so"), bundled("libtbb-1.so.12")], "libtbb-1.so.12 must not be in the wheel"),
        ([bundled("libopencv_imgcodecs-1.so")], "libopencv_imgcodecs-1.so must not be in the wheel"),
        ([bundled("libGLX-1.so.0", exports=frozenset({"glXSwapBuffers"}))], "libGLX-1.so.0 is a real OpenGL library"),
    ],
)
def test_a_bad_library_is_found(others: list[Library], said: str) -> None:
    assert any(said in problem for problem in problems([CORE, *others]))


def test_the_order_and_the_folders_of_libraries_count() -> None:
    good = bundled("libopencv_core-1.so")
    assert problems([CORE, good]) == []
    swapped = Library(CORE.path, 1, CORE.needed[::-1], CORE.run_path, CORE.exports)
    assert any("before all others" in problem for problem in problems([swapped, good]))
    elsewhere = Library(CORE.path, 1, CORE.needed, ["/work/openvino/libs"], CORE.exports)
    assert any("looks for libraries in" in problem for problem in problems([elsewhere, good]))


def test_the_source_distribution_has_what_the_wheel_is_made_of(wheel: Path, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(tmp_path), str(REPOSITORY)]
    result = subprocess.run(build, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        has = {name.split("/", 1)[1] for name in opened.getnames() if "/" in name}
    # What the compiler read for the wheel in build/wheel, and what CMake did.
    ninja = ["ninja", "-C", str(REPOSITORY / "build/wheel/cmake"), "-t"]
    read = "".join(
        subprocess.run([*ninja, tool], capture_output=True, text=True, check=True).stdout for tool in ("deps", "inputs")
    )
    needed = {
        str(path.relative_to(REPOSITORY))
        for path in (Path(line.strip()) for line in read.splitlines())
        if path.is_relative_to(REPOSITORY) and not path.is_relative_to(REPOSITORY / "build") and path.is_file()
    }
    assert len(needed) > 100 and needed <= has, sorted(needed - has)
    assert {"LICENSE", "README.md", "pyproject.toml", "python/replayrt/py.typed"} <= has
    assert not any(name.startswith(("build/", "tests/", "shared/")) for name in has)


@pytest.mark.usefixtures("installed")
class TestInAnEmptyRoot:
    """Programs in a root that has Python and its libraries, and the wheel's venv."""

    def test_nothing_of_debian_helps(self) -> None:
        code = """
import os
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys", "/dev")]
    print(*(os.path.join(folder, name) for name in files if ".so" in name or "opencv" in name), sep="\\n")
"""
        found = [Path(line) for line in run("python", "-c", code).split()]
        inside = [path.name for path in found if path.is_relative_to(empty_root.VENV)]
        outside = [path.name for path in found if not path.is_relative_to(empty_root.VENV)]
        assert "libc.so.6" in outside and any(name.startswith("libopencv_core") for name in inside)
        unwanted = re.compile(r"lib(opencv|GL|EGL|X11|xcb|tbb|openvino|lapack|blas|gfortran|zip|fmt|spdlog|md|cuda|nv)")
        assert [name for name in outside if unwanted.match(name)] == []

    def test_the_venv_has_what_the_wheel_requires_and_no_more(self) -> None:
        listed = run("python", "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check")
        names = {line.split("==")[0].replace("_", "-").lower() for line in listed.split()}
        required = {"replayrt", "nanobind-backend", "numpy", "openvino", "openvino-telemetry", "pillow"}
        assert names - {"pip", "setuptools"} == required

    def test_each_library_is_loaded_once(self) -> None:
        code = 'import replayrt\nprint(*{line.split()[-1] for line in open("/proc/self/maps") if ".so" in line})'
        loaded = [Path(path) for path in run("python", "-c", code).split()]
        for name in ("libtbb.so", "libopenvino.so", "libopencv_core", "libGLX"):
            (path,) = (path for path in loaded if path.name.startswith(name))
            assert path.is_relative_to(empty_root.VENV)
        assert not any(path.name.startswith(("libX11", "libcuda")) for path in loaded)

    @pytest.mark.parametrize("order", ["import openvino, replayrt", "import replayrt, openvino"])
    def test_openvinos_own_package_may_be_imported_too(self, order: str) -> None:
        code = f"{order}\nprint(openvino.Core().available_devices, replayrt.__version__)"
        assert "CPU" in run("python", "-c", code)

    @pytest.mark.parametrize("name", ["seed_environment.py", "seed_caller_cache.py", "seed_from_pretrained.py"])
    def test_seed_example(self, name: str) -> None:
        printed = run("python", EXAMPLES / name, shown=[EXAMPLES])
        assert printed.endswith("TRTCudaGraphCache'>\n") if name == "seed_environment.py" else printed == ""

    def test_the_ocr_example(self) -> None:
        """A real picture; its packages link to the models beside them."""
        data = REPOSITORY / "build/data"
        picture = data / "pictures/paragraph.png"
        arguments = [EXAMPLES / "ocr.py", picture, "--models", data / "packages", "--json", "--repeat", "2"]
        (line,) = run("python", *map(str, arguments), shown=[EXAMPLES, data]).splitlines()
        texts = [found["text"] for found in json.loads(line)["lines"]]
        expected = json.loads((data / "expected/ocr/paragraph.json").read_text())
        assert texts == [line["text"] for line in expected["lines"]]

    def test_the_command_line(self) -> None:
        by_module = run("python", "-m", "replayrt", "--help")
        assert all(command in by_module for command in ("bench", "predict", "inspect"))
        assert run("replayrt", "--help") == by_module
