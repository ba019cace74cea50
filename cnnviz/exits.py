"""Exit statuses, and the one line that goes with a bad one."""

import sys

BAD_INPUT = 2
INTERRUPTED = 130


def complain(message: str) -> int:
    """Print one line on stderr and return the exit status of bad input."""
    print(f"cnnviz: {message}", file=sys.stderr)
    return BAD_INPUT
