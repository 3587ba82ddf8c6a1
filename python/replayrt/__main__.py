"""The command line: `python -m replayrt`, or the console script `replayrt`."""

from __future__ import annotations

import signal
import sys

from . import _core


def main() -> int:
    """Runs the command line in `sys.argv` and gives its exit code; to be called by the main thread."""
    # Python would notice Ctrl-C only after the command. The others as in the program (cli/main.cpp): a reader that goes
    # away, or a limit on file sizes, must not kill a command that has files to write or to take away.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    code, _ = _core.run_program(["replayrt", *sys.argv[1:]])
    return code


if __name__ == "__main__":
    sys.exit(main())
