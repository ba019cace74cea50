"""Private folders for one trial, so that nothing of the user's is read or written."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: What a trial takes over from the environment; everything else could change what is measured.
_KEPT = ("PATH", "DISPLAY", "XAUTHORITY", "QT_QPA_PLATFORM", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Place:
    """Folders of one trial.

    Attributes
    ----------
    root : Path
        Holds the others.
    """

    root: Path

    @property
    def home(self) -> Path:
        """Home folder of the trial."""
        return self.root / "home"

    @property
    def config(self) -> Path:
        """Settings, and beside them the drafts."""
        return self.root / "config"

    @property
    def data(self) -> Path:
        """What the program keeps for the user."""
        return self.root / "data"

    @property
    def temporary(self) -> Path:
        """Temporary files."""
        return self.root / "tmp"

    @property
    def files(self) -> Path:
        """Files that are opened."""
        return self.root / "files"

    @property
    def out(self) -> Path:
        """Files that are written."""
        return self.root / "out"

    def make(self) -> None:
        """Make the folders."""
        for folder in (self.home, self.config, self.data, self.temporary, self.files, self.out):
            folder.mkdir(parents=True, exist_ok=True)
        for name in ("cache", "runtime"):
            (self.root / name).mkdir(exist_ok=True, mode=0o700)

    def environment(self, **changes: str | None) -> dict[str, str]:
        """Return the variables of a process that lives here; None takes one away."""
        values: dict[str, str | None] = {name: os.environ.get(name) for name in _KEPT}
        values |= {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.config),
            "XDG_DATA_HOME": str(self.data),
            "XDG_CACHE_HOME": str(self.root / "cache"),
            "XDG_RUNTIME_DIR": str(self.root / "runtime"),
            "TMPDIR": str(self.temporary),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONFAULTHANDLER": "1",
            "SOAK_PLACE": str(self.root),
            "SOAK_JOURNAL": str(self.root / "journal.jsonl"),
        }
        values |= changes
        return {name: value for name, value in values.items() if value is not None}

    def kept_words(self) -> str:
        """Return the text of everything that the program keeps: settings, drafts, saved runs.

        What a killed program was still writing beside a file it has not kept.
        """
        texts = [
            each.read_bytes().decode("utf-8", "replace")
            for folder in (self.config, self.data, self.home)
            for each in sorted(folder.rglob("*"))
            if each.is_file() and "/.cnnviz-" not in each.as_posix()
        ]
        return "\n".join(texts)

    def left_behind(self) -> list[str]:
        """Return what lies in the folder for temporary files, and temporary files anywhere else."""
        found = [each.relative_to(self.root).as_posix() for each in self.temporary.rglob("*")]
        for folder in (self.config, self.data, self.home, self.out, self.files):
            found += [each.relative_to(self.root).as_posix() for each in folder.rglob(".cnnviz-*")]
        return sorted(found)


def here() -> Place:
    """Return the place that this process lives in; for children."""
    return Place(Path(os.environ["SOAK_PLACE"]))


@contextlib.contextmanager
def private_place(name: str) -> Generator[Place]:
    """Make the folders of a trial, and remove them afterwards."""
    with tempfile.TemporaryDirectory(prefix=f"soak-{name}-", ignore_cleanup_errors=True) as folder:
        place = Place(Path(folder))
        place.make()
        yield place


def python(*arguments: str) -> list[str]:
    """Return a command line of this Python."""
    return [sys.executable, *arguments]
