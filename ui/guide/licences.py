"""What the program is made of by others, and under which licences: table and texts."""

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from PySide6.QtCore import QUrl, qVersion

from cnnviz import __version__
from cnnviz.bundled import bundled
from cnnviz.doctor import version_of


@dataclass(frozen=True, slots=True)
class Part:
    """Something that comes with the program.

    * `texts`: files with the text of the licence, in ``resources``.
    * `package`: under which name it is installed, for its version; "" for what has none.
    """

    name: str
    licence: str
    texts: tuple[str, ...]
    package: str = ""


_LGPL = ("licences/LGPL-3.0.txt", "licences/GPL-3.0.txt")
_BSD = "BSD, three clauses"


def _package(name: str, licence: str, package: str = "") -> Part:
    package = package or name.lower()
    return Part(name, licence, (f"licences/{package}.txt",), package)


PARTS = (
    Part("CNNViz", "MIT", ("licences/CNNViz.txt",)),
    Part("Qt for Python", "GNU LGPL, version 3", _LGPL, "PySide6-Essentials"),
    Part("Shiboken", "GNU LGPL, version 3", _LGPL, "shiboken6"),
    _package("pyqtgraph", "MIT"),
    _package("NumPy", f"{_BSD}; OpenBLAS and others in it as the text says"),
    _package("threadpoolctl", _BSD),
    _package("safetensors", "Apache 2.0"),
    _package("msgspec", _BSD),
    _package("Pillow", "MIT-CMU; libraries in it as the text says"),
    _package("fontTools", "MIT", "fonttools"),
    _package("Jinja2", _BSD),
    _package("MarkupSafe", _BSD),
    _package("tqdm", "MPL 2.0 and MIT"),
    _package("typst", "Apache 2.0"),
    _package("colorama", f"{_BSD}; used on Windows"),
    Part("Python", "PSF licence; inside the program where it was built as one", ("licences/python.txt",)),
    Part("MNIST", "CC BY-SA 3.0 (Y. LeCun, C. Cortes, C. J. C. Burges)", ("mnist/NOTICE",)),
    Part("Inter", "SIL Open Font License 1.1", ("fonts/Inter-LICENSE.txt",)),
    Part("JetBrains Mono", "SIL Open Font License 1.1", ("fonts/JetBrainsMono-LICENSE.txt",)),
    Part("Noto Emoji", "SIL Open Font License 1.1", ("report/fonts/NotoEmoji-LICENSE.txt",)),
    Part("Droid Sans Fallback", "Apache 2.0", ("report/fonts/DroidSansFallback-LICENSE.txt",)),
    Part("Lucide icons", "ISC", ("icons/LICENSE",)),
)
"""Everything that comes with the program or is installed with it."""

_ABOUT_QT = (
    "Qt is used under the LGPL: it is not changed, lies beside the program as libraries of its own, and may "
    "be replaced by another build of the same version. Its own parts by others are listed at "
    '<a href="https://doc.qt.io/qt-6/licenses-used-in-qt.html">doc.qt.io</a>.'
)


def licences_page() -> str:
    """Return the table of all parts as HTML; what it links to are files with the texts."""
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in _cells(part))}</tr>" for part in PARTS)
    head = "<tr><th>part</th><th>version</th><th>licence</th><th>text</th></tr>"
    return f"<h1>Licences</h1><table>{head}{rows}</table><p>{_ABOUT_QT}</p>"


def _cells(part: Part) -> Iterator[str]:
    yield f"<b>{escape(part.name)}</b>"
    yield escape(_version(part))
    yield escape(part.licence)
    links = (bundled(name) for name in part.texts)
    yield ", ".join(
        f'<a href="{QUrl.fromLocalFile(str(path)).toString()}">{_label(path)}</a>' for path in links
    )


def _label(path: Path) -> str:
    return path.stem if "GPL" in path.stem else "text"


def _version(part: Part) -> str:
    known = {"CNNViz": __version__, "Qt for Python": qVersion(), "Python": platform.python_version()}
    if part.name in known:
        return known[part.name]
    return version_of(part.package) if part.package else ""
