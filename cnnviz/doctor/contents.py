"""Whether the files that come with the program are as they were made."""

import hashlib
import re
from collections.abc import Iterator

from cnnviz.bundled import INSTALL_AGAIN, bundled, documentation, restore
from cnnviz.doctor.fact import Fact, problem
from cnnviz.doctor.surroundings import has_window

#: Checksums of fonts, in the form of `sha256sum`.
SUMS = "SHA256SUMS"
_PICTURE = re.compile(r"!\[[^]]*\]\(([^)]+)\)")


def data() -> Iterator[Fact]:
    """Read the digits, which checks their MD5."""
    from cnnviz.datasets import load_mnist

    dataset = load_mnist(tuple("0123456789"))
    images = len(dataset.train_images) + len(dataset.test_images)
    from cnnviz.quantities import format_count

    yield Fact("MNIST", f"{format_count(images)} digits, checksums right, SHA-256 {dataset.sha256[:16]}…")


def fonts() -> Iterator[Fact]:
    """Compare the fonts with their checksums."""
    lines = bundled(SUMS).read_text(encoding="ascii").splitlines()
    wrong = [name for digest, _, name in (line.partition("  ") for line in lines) if _digest(name) != digest]
    if wrong:
        names = ", ".join(wrong)
        yield problem("fonts", f"missing or damaged: {names}; {restore('fonts')}")
    else:
        yield Fact("fonts", f"{len(lines)} files, checksums right")


def guide() -> Iterator[Fact]:
    """Look for the chapters of the user guide and for the pictures that they show."""
    if not has_window():
        return
    folder = documentation() / "guide"
    chapters = sorted(folder.glob("*.md"))
    pictures = {name for path in chapters for name in _PICTURE.findall(path.read_text(encoding="utf-8"))}
    missing = sorted(name for name in pictures if not (folder / name).is_file())
    if missing or not chapters:
        names = ", ".join(missing) or "all chapters"
        yield problem("user guide", f"missing: {names}. {INSTALL_AGAIN}")
    else:
        yield Fact("user guide", f"{len(chapters)} chapters, {len(pictures)} pictures")


def _digest(name: str) -> str:
    try:
        return hashlib.sha256(bundled(name).read_bytes()).hexdigest()
    except OSError:
        return ""
