"""The stages of the test data, and which of them are up to date."""

import hashlib
import importlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from .files import DataError, Folder

__all__ = ["DataError", "run_all"]


@dataclass(frozen=True)
class Stage:
    """A module of this package with `make(folder)`, the modules it uses, and the stages whose files it reads."""

    name: str
    uses: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


STAGES = (
    Stage("models"),
    Stage("classifiers", uses=("classifier_inputs",)),
    Stage("launch_bound"),
    Stage("bad_files", needs=("models", "classifiers")),
    Stage("pictures"),
    Stage("classifier_outputs", needs=("classifiers",)),
    Stage("ocr_text", needs=("pictures",)),
    Stage(
        "packages",
        uses=("package_configs", "package_graph", "package_maps", "package_masks", "package_networks", "package_pictures",
              "package_yolov8n"),
    ),
    Stage("text_packages", uses=("package_pictures",), needs=("models", "pictures")),
)


def run_all(output: Path, requirements: Path) -> None:
    """Runs every stage whose sources, pinned wheels or needed stages have changed, or whose files are gone."""
    keys: dict[str, str] = {}
    for stage in STAGES:
        sources = [Path(__file__).with_name(f"{name}.py") for name in ("files", stage.name, *stage.uses)]
        digest = hashlib.sha256()
        for path in [requirements, *sources]:
            digest.update(path.read_bytes())
        for need in stage.needs:
            digest.update(keys[need].encode())
        keys[stage.name] = digest.hexdigest()
        _run(stage, keys[stage.name], output)


def _run(stage: Stage, key: str, output: Path) -> None:
    stamp = output / ".stamps" / f"{stage.name}.json"
    old = _read_stamp(stamp)
    old_files = old.get("files", [])
    if old.get("key") == key and all((output / name).is_file() for name in old_files):
        return
    print(f"prepare_data: making {stage.name} ...", flush=True)
    start = time.monotonic()
    stamp.unlink(missing_ok=True)
    folder = Folder(output)
    importlib.import_module(f".{stage.name}", __package__).make(folder)
    for name in set(old_files) - set(folder.written):
        (output / name).unlink(missing_ok=True)
    # Last, so that an interrupted stage runs again.
    Folder(output).write_text(
        str(stamp.relative_to(output)), json.dumps({"key": key, "files": sorted(folder.written)}, indent=1)
    )
    print(f"prepare_data: {stage.name}: {len(folder.written)} files in {time.monotonic() - start:.1f} s", flush=True)


def _read_stamp(stamp: Path) -> dict:
    try:
        return json.loads(stamp.read_text())
    except (OSError, ValueError):
        return {}
