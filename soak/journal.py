"""The journal of a trial: JSON lines, each on the disk before anything else is done."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

type Entry = dict[str, Any]


def tell(kind: str, **values: Any) -> None:
    """Write a line into the journal of this process."""
    line = json.dumps({"kind": kind, "at": round(time.monotonic(), 3), **values})
    with Path(os.environ["SOAK_JOURNAL"]).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def read(path: Path, kind: str = "") -> list[Entry]:
    """Return the whole lines of a journal, all or those of one kind."""
    return list(_entries(path, kind))


def _entries(path: Path, kind: str) -> Iterator[Entry]:
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
        try:
            entry: Entry = json.loads(line)
        except ValueError:  # a child was killed in the middle of it
            continue
        if kind in ("", entry.get("kind")):
            yield entry
