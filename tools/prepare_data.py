#!/usr/bin/env python3
"""Makes the test data of ReplayRT in build/data: models, pictures and expected outputs.

Run by `make setup` with the Python of build/venv. Everything is made from the pinned wheels of tools/requirements.txt
and from seeded random numbers, so that two machines with the same wheels get the same models and pictures. A stage
whose sources have not changed is skipped; files appear by rename, so an interrupted run leaves no half-written one.
"""

import argparse
import sys
from pathlib import Path

from data import stages

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "data", help="default: build/data")
    arguments = parser.parse_args()
    try:
        stages.run_all(arguments.output, ROOT / "tools" / "requirements.txt")
    except stages.DataError as error:
        print(f"prepare_data: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
