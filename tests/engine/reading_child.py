"""Reads files in a process of its own and tells what each cost: `python -m tests.engine.reading_child`.

Standard input is a JSON list of [kind, path], standard output a list of [peak in MB, message]. The peak is
what the program took for a moment in addition to what it had, or None where the system does not tell.
"""

import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from cnnviz import checkpoint
from cnnviz.datasets import load_dataset, read_grayscale
from cnnviz.document import archive
from cnnviz.errors import CNNVizError

READERS: dict[str, Callable[[Path], object]] = {
    "data": load_dataset,
    "image": read_grayscale,
    "model": checkpoint.load,
    "document": archive.load,
}
_STATUS = Path("/proc/self/status")


def main() -> None:
    """Read what is asked for."""
    # What is imported late would be counted with the first file.
    for name in (
        "PIL.BmpImagePlugin",
        "PIL.JpegImagePlugin",
        "PIL.PngImagePlugin",
        "cnnviz.datasets.keras_npz",
    ):
        import_module(name)
    json.dump([_read(kind, Path(path)) for kind, path in json.load(sys.stdin)], sys.stdout)


def _read(kind: str, path: Path) -> tuple[float | None, str]:
    before = _start_peak()
    try:
        READERS[kind](path)
        message = ""
    except CNNVizError as error:
        message = str(error)
    return (None if before is None else _memory("VmHWM") - before), message


def _start_peak() -> float | None:
    """Forget the largest use of memory so far; return the present one in MB."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return _memory("VmRSS")
    except OSError:
        return None


def _memory(name: str) -> float:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1000


if __name__ == "__main__":
    main()
