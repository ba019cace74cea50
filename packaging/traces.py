"""Look through a wheel or an sdist for what nobody else should see: folders of this machine, registries.

usage: python packaging/traces.py ROOT ARCHIVE
"""

import re
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path


def contents(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file of an archive."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                yield name, wheel.read(name)
        return
    with tarfile.open(archive) as sdist:
        for member in sdist.getmembers():
            if member.isfile() and (file := sdist.extractfile(member)) is not None:
                yield member.name, file.read()


def traces(root: Path, archive: Path) -> list[str]:
    """Return the names of the files that name this project's folder, the user's home, or a registry."""
    words = [str(root), *([] if Path.home() == Path("/root") else [str(Path.home())])]
    registry = r"(pypi|pythonhosted|npmjs)\.(org|com)"
    pattern = re.compile("|".join([*map(re.escape, words), registry]).encode())
    return [
        f"{name}: {found[0].decode()}" for name, data in contents(archive) if (found := pattern.search(data))
    ]


if __name__ == "__main__":
    found = traces(Path(sys.argv[1]), Path(sys.argv[2]))
    print(*found, sep="\n")
    sys.exit(bool(found))
