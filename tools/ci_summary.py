#!/usr/bin/env python3
"""Adds up CTest's JUnit files for .ci/run. Fails on a failed test, a skip that is not allowed, or no test at all."""

import argparse
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def read_allowed_skips(path: Path) -> dict[str, str]:
    allowed = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        name, _, reason = line.partition(" ")
        if not reason.strip():
            sys.exit(f"{path}:{number}: '{name}' has no reason; write `<CTest name> <reason>`")
        allowed[name] = reason.strip()
    return allowed


def was_skipped(test: ElementTree.Element) -> bool:
    """True if the test asked for it. CTest also says "skipped" of a test whose program or fixture is missing."""
    skip = test.find("skipped")
    asked = skip is not None and skip.get("message", "").startswith("SKIP_")
    return asked or test.get("status") == "disabled"


def reason_of(test: ElementTree.Element) -> str:
    note = test.find("skipped")
    return "failed" if note is None else note.get("message", "did not run")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--allowed-skips", type=Path, required=True)
    parser.add_argument("--broken", action="append", default=[], help="a step that failed outside a test")
    parser.add_argument("junit", type=Path, nargs="*")
    arguments = parser.parse_args()

    allowed = read_allowed_skips(arguments.allowed_skips)
    passed, skipped, failed = 0, 0, [f"{step} (did not finish)" for step in arguments.broken]
    for path in arguments.junit:
        preset = path.parent.name
        for test in ElementTree.parse(path).iter("testcase"):
            name = test.get("name")
            if test.get("status") == "run":
                passed += 1
            elif was_skipped(test):
                skipped += 1
                if name in allowed:
                    print(f"skipped: {preset}: {name}: {allowed[name]}")
                else:
                    failed.append(f"{preset}: {name} was skipped, and tests/allowed_skips.txt does not allow it")
            else:
                failed.append(f"{preset}: {name}: {reason_of(test)}")
    if passed == 0:
        failed.append("no test passed")
    for line in failed:
        print(f"failed: {line}")
    print(f"{passed} passed, {len(failed)} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
