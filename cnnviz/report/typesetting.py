"""Typst in a process of its own, which can be ended: nothing else stops it once it has begun.

What is set may be a report that somebody else has made; setting it may take for ever, or take all memory.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

from cnnviz._typesetter import END, TYPESET
from cnnviz.errors import CNNVizError
from cnnviz.evaluation import CancelledError
from cnnviz.quantities import format_count

_ROOM = 256 << 20
"""Bytes that must be there before anything is set: a report takes up to half of them."""
_GLANCE_SECONDS = 0.1  # between looks whether it is still wanted
_GRACE_SECONDS = 10.0  # after which a process that nobody has ended ends itself
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # or Windows opens a console for it


@dataclass(frozen=True, slots=True)
class Sheet:
    """What Typst is to set.

    * `source`: A program of Typst's.
    * `inputs`: what the program finds in ``sys.inputs``.
    * `dpi`: resolution of the pages as PNG.
    """

    source: str
    inputs: dict[str, str]
    format: Literal["pdf", "png"]
    dpi: float | None = None


def typeset(
    sheets: Sequence[Sheet], fonts: Sequence[Path], seconds: float, cancelled: Callable[[], bool]
) -> list[list[bytes]]:
    """Set sheets in a process of its own.

    * `fonts`: folders with fonts.
    * `seconds`: after which the process is ended.
    * `cancelled`: asked several times a second; when it returns True the process is ended.
    * Returns: the pages of each sheet; the whole file of one that is set as PDF.
    * Raises CNNVizError: if it takes longer, Typst is not there or refuses it, or the process
      cannot be started.
    * Raises CancelledError: if `cancelled` returned True.
    * Raises MemoryError: if there is no room for Typst to work in.
    """
    order = {
        "sheets": [asdict(each) for each in sheets],
        "fonts": [str(each) for each in fonts],
        "room": _ROOM,
        "seconds": seconds + _GRACE_SECONDS,
    }
    # A lone surrogate is no text that any file could hold.
    content = json.dumps(order, ensure_ascii=False).encode("utf-8", "replace")
    answer = _answer_of(content, seconds, cancelled)
    head, _, rest = answer.partition(b"\n")
    found = cast("dict[str, Any]", json.loads(head))
    if "refused" in found:
        raise CNNVizError(cast("str", found["refused"]))
    if "sizes" not in found:
        raise MemoryError
    pages: list[list[bytes]] = []
    for sizes in cast("list[list[int]]", found["sizes"]):
        pages.append([])
        for size in sizes:
            pages[-1].append(rest[:size])
            rest = rest[size:]
    return pages


def _answer_of(content: bytes, seconds: float, cancelled: Callable[[], bool]) -> bytes:
    is_frozen = bool(getattr(sys, "frozen", False))
    command = [sys.executable, *(() if is_frozen else ("-m", "cnnviz")), TYPESET]
    try:
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=_NO_WINDOW,
        )
    except OSError as error:
        raise CNNVizError(
            f"The report could not be typeset: no process could be started ({error.strerror}). Close other "
            "programs, and try again."
        ) from error
    is_done, end = threading.Event(), time.monotonic() + seconds

    def watch() -> None:
        while not is_done.wait(_GLANCE_SECONDS):
            if cancelled() or time.monotonic() > end:
                process.kill()
                return

    watching = threading.Thread(target=watch, name="watching the typesetter", daemon=True)
    with process:
        try:
            watching.start()
            answer, _ = process.communicate(content)
        finally:
            is_done.set()
            process.kill()
            watching.join()
    if answer.endswith(END):
        return answer
    if cancelled():
        raise CancelledError("Typesetting was cancelled.")
    if time.monotonic() > end:
        raise CNNVizError(
            f"Typesetting was stopped after {format_count(round(seconds))} seconds: there is too much in the "
            "report. Take out its largest figure or table, and try again."
        )
    raise MemoryError  # the system has ended it, as it does when it has no memory left
