"""What a program without a window tells its user, wherever it can, and what it does when that fails."""

import contextlib
import os
import sys
from collections.abc import Generator
from pathlib import Path

from cnnviz.errors import CNNVizError
from cnnviz.files import JOINERS, seen

_PARENT = -1  # the console of whoever started this process, if he has one
_SIGN_OF_AN_ERROR = 0x10
_unheard = False  # whether nobody can read what is written


def find_console() -> None:
    """See to it that there is a standard output and error to write to.

    A command that was typed in a terminal of Windows writes into it, as on other systems; a program that was
    started with a double click has nowhere to write to.
    """
    global _unheard
    if sys.stdout is None or sys.stderr is None:
        _unheard = not _attach()
        target = Path(os.devnull if _unheard else "CONOUT$")
        sys.stdout = sys.stdout or target.open("w", encoding="utf-8")
        sys.stderr = sys.stderr or target.open("w", encoding="utf-8")


def visible(text: str) -> str:
    """Return a text that a terminal shows as it is: names in files of others may hold signs that steer it.

    Signs that are not seen become a mark, but for ends of lines and what joins letters.
    """
    return seen(text, f"\n{JOINERS}")


def _attach() -> bool:
    """Share the console of whoever started the program; return whether there is one."""
    if sys.platform != "win32":
        return False
    import ctypes

    return bool(ctypes.windll.kernel32.AttachConsole(_PARENT))


def _show_box(message: str) -> None:
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.MessageBoxW(None, message, "CNNViz", _SIGN_OF_AN_ERROR)


BAD_INPUT = 2
INTERRUPTED = 130


def complain(message: str) -> int:
    """Write a line on stderr, or in a box of the system where nobody could read it; return `BAD_INPUT`."""
    line = visible(f"cnnviz: {' '.join(message.splitlines())}")
    print(line, file=sys.stderr)
    if _unheard:
        _show_box(line)
    return BAD_INPUT


class Output:
    """The log on the standard output, and the exit status that faults of writing lead to."""

    def __init__(self) -> None:
        self.status = 0

    def say(self, text: str) -> None:
        """Print a line at once; a log that cannot be written does not stop the run."""
        try:
            print(visible(text), flush=True)
        except BrokenPipeError:
            # Whoever read the log has gone, as `head` does after its lines. That is no fault.
            _drop_output()
        except OSError as error:
            _drop_output()
            reason = error.strerror or "of an unknown fault"
            self.status = complain(f"The log cannot be written on ({reason}); the run ends without it.")

    @contextlib.contextmanager
    def going_on(self) -> Generator[None]:
        """Report a file that cannot be written, and go on with the next."""
        try:
            yield
        except CNNVizError as error:
            self.status = complain(str(error))


def _drop_output() -> None:
    """Send the rest of the standard output nowhere: Python would fail on it again at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
