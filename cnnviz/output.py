"""What a run without a window tells its user, and what it does when the telling or the writing fails."""

import contextlib
import os
import sys
from collections.abc import Generator

from cnnviz._console import visible
from cnnviz.errors import CNNVizError
from cnnviz.exits import complain


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
            self._fail(f"The log cannot be written on ({reason}); the run ends without it.")

    @contextlib.contextmanager
    def going_on(self) -> Generator[None]:
        """Report a file that cannot be written, and go on with the next."""
        try:
            yield
        except CNNVizError as error:
            self._fail(str(error))

    def _fail(self, message: str) -> None:
        self.status = complain(message)


def _drop_output() -> None:
    """Send the rest of the standard output nowhere: Python would fail on it again at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
