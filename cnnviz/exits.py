"""Exit statuses, and the one line that goes with a bad one."""

from cnnviz._console import tell

BAD_INPUT = 2
INTERRUPTED = 130


def complain(message: str) -> int:
    """Print one line on stderr and return the exit status of bad input."""
    tell(f"cnnviz: {message}")
    return BAD_INPUT
