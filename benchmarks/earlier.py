"""The program as it was at another commit, measured by the benchmarks of today."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HERE = Path(__file__).resolve().parent


@contextmanager
def unpacked(commit: str) -> Iterator[Path | None]:
    """Put the program of a commit into a folder of its own, for processes that begin there.

    Parameters
    ----------
    commit : str
        Anything that git knows a commit by; "" for none.

    Raises
    ------
    SystemExit
        With a sentence, where git does not know it.
    """
    if not commit:
        yield None
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = folder / "program.tar"
        command = ["git", "archive", "--output", str(archive), commit]
        result = subprocess.run(command, cwd=_HERE.parent, capture_output=True, text=True, check=False)
        if result.returncode:
            raise SystemExit(f"There is no commit {commit} to compare with: {result.stderr.strip()}")
        shutil.unpack_archive(archive, folder, filter="data")
        archive.unlink()
        shutil.rmtree(folder / _HERE.name, ignore_errors=True)
        shutil.copytree(_HERE, folder / _HERE.name)
        yield folder
