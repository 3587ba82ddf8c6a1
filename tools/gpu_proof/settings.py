"""The command line."""

import argparse
import shlex
from dataclasses import dataclass
from pathlib import Path

from .files import ROOT

EFFORTS = ("smoke", "quick", "full")
# On the machines that this is for a command runs 10 minutes at most.
STEP_SECONDS = 480

EPILOG = """Steps that have passed are skipped, and others go on where they stopped, as long as sources, effort, GPU and
TensorRT are the same. Exit codes: 0 no step failed, 1 a step failed, 2 wrong usage. OUT/steps/STEP.json says what
a step did, OUT/logs what its commands said."""


@dataclass(frozen=True)
class Settings:
    steps: tuple[str, ...]
    tensorrt: Path
    out: Path
    work: Path
    models: Path
    plans: Path
    prefix: Path | None
    programs: Path | None
    step_seconds: float
    effort: str
    again: bool
    commit: str | None
    only_list: bool
    command: str

    def amount(self, smoke: int, quick: int, full: int) -> int:
        return {"smoke": smoke, "quick": quick, "full": full}[self.effort]


def parse(argv: list[str], steps: dict[str, str]) -> Settings:
    """`steps` are the names of all, with what they do. Ends the program with exit code 2 on wrong usage."""
    parser = _parser(steps)
    arguments = parser.parse_intermixed_args(argv)
    for name in arguments.steps:
        if name not in steps:
            parser.error(f"unknown step '{name}': there are {', '.join(steps)}")
    if not arguments.only_list:
        _require_folders(parser, arguments)
    if arguments.step_seconds <= 0:
        parser.error(f"--step-seconds: expected more than 0, got {arguments.step_seconds:g}")
    out = (arguments.out or ROOT / "build/gpu_proof").resolve()
    return Settings(
        # In the steps' own order: each needs what those before it made.
        steps=tuple(name for name in steps if name in (arguments.steps or steps)),
        tensorrt=_absolute(arguments.tensorrt) or Path(),
        out=out,
        work=_absolute(arguments.work) or out / "work",
        models=arguments.models.resolve(),
        plans=_absolute(arguments.plans) or out / "plans",
        prefix=_absolute(arguments.prefix),
        programs=_absolute(arguments.programs),
        step_seconds=arguments.step_seconds,
        effort=arguments.effort,
        again=arguments.again,
        commit=arguments.commit,
        only_list=arguments.only_list,
        command=shlex.join(["tools/gpu_proof.sh", *argv]),
    )


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.resolve()


def _require_folders(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    for flag in ("tensorrt", "out"):
        if getattr(arguments, flag) is None:
            parser.error(f"--{flag} DIR is missing")
    for flag in ("tensorrt", "models", "prefix", "programs"):
        folder = getattr(arguments, flag)
        # Without models the steps that need none still run.
        if folder is not None and not folder.is_dir() and flag != "models":
            parser.error(f"--{flag}: there is no folder {folder}")


def _parser(steps: dict[str, str]) -> argparse.ArgumentParser:
    listed = "".join(f"  {name:<11} {summary}\n" for name, summary in steps.items())
    parser = argparse.ArgumentParser(
        prog="tools/gpu_proof.sh",
        usage="tools/gpu_proof.sh [STEP...] --tensorrt DIR --out DIR [OPTION...]",
        description=f"The proof on a machine with an NVIDIA GPU. Steps (default: all, in this order):\n{listed}",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("steps", nargs="*", metavar="STEP", help=argparse.SUPPRESS)
    add("--tensorrt", type=Path, metavar="DIR", help="folder of TensorRT's lib/ and include/")
    add("--out", type=Path, metavar="DIR", help="where records, logs and the report go")
    add("--work", type=Path, metavar="DIR", help="where it is built (default: OUT/work)")
    add("--models", type=Path, metavar="DIR", default=ROOT / "build/data/models",
        help="the ONNX files that `make setup` makes (default: build/data/models)")  # fmt: skip
    add("--plans", type=Path, metavar="DIR", help="where plans and the timing cache are kept (default: OUT/plans)")
    add("--prefix", type=Path, metavar="DIR",
        help="folder with usr/include and usr/lib of packages that the machine lacks, as unpacked from Debian's")  # fmt: skip
    add("--programs", type=Path, metavar="DIR", help="take the programs of this folder and build none")
    add("--step-seconds", type=float, metavar="S", default=STEP_SECONDS,
        help=f"longest time of a step (default: {STEP_SECONDS})")  # fmt: skip
    add("--effort", choices=EFFORTS, default="quick", help="how much is measured (default: quick)")
    add("--again", action="store_true", help="run the steps afresh, also those that have passed; plans are kept all the same")
    add("--commit", metavar="ID", help="the sources' commit, where they were copied without their history")
    add("--only-list", action="store_true", help="run nothing; list the steps and how each has ended in OUT")
    return parser
