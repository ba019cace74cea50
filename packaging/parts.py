"""Which of the files that PyInstaller finds go into the bundle: those that something in it loads."""

import re
from collections.abc import Iterable
from pathlib import PurePath

from PyInstaller.depend.bindepend import get_imports

Entry = tuple[str, str, str]  # place in the bundle, file, kind

#: Packages try whether these are there; nothing here needs them. Without _ssl and _hashlib Python computes
#: checksums by itself; pictures are PNG, JPEG and BMP.
EXCLUDED = [
    "_hashlib", "_ssl", "readline", "IPython", "matplotlib", "OpenGL", "pytest", "scipy", "setuptools",
    "tkinter", "numpy.f2py", "numpy.distutils", "pyqtgraph.examples", "pyqtgraph.opengl",
    "PIL._avif", "PIL._webp", "PIL._imagingcms", "PIL._imagingft", "PIL._imagingtk",
    "PySide6.QtDBus", "PySide6.QtNetwork", "PySide6.QtTest",
]  # fmt: skip

#: Plugins of Qt for what is not shown here (screens without a window system, touch panels, GTK's dialogs,
#: keyboards on the screen, OpenGL) and data that nothing reads.
_UNUSED = re.compile(
    r"""/plugins/(
        platforms/(lib)?q(eglfs|linuxfb|minimalegl|vkkhrdisplay|vnc|direct2d)
      | (egldeviceintegrations|generic|networkinformation|qmltooling|tls|xcbglintegrations)/
      | platformthemes/libqgtk3 | platforminputcontexts/libqtvirtualkeyboard
      | wayland-graphics-integration-client/ | wayland-shell-integration/lib(ivi|fullscreen|qt|wl)-shell
      | imageformats/(lib)?q(gif|icns|pdf|tga|tiff|wbmp|webp)
    )
    | /translations/ | opengl32sw | d3dcompiler | \.pyi$
    | numpy/.*/tests/ | \.dist-info/(RECORD|INSTALLER)$""",
    re.VERBOSE,
)
_LIBRARY = re.compile(r"(^|/)(lib)?[^/]+\.(so\.[\d.]+|dylib|dll)$|(^|/)lib[^/]+\.so$|^Qt\w+$", re.IGNORECASE)


def is_used(entry: Entry) -> bool:
    """Return whether an entry is none of those that nothing here loads."""
    return _UNUSED.search(PurePath(entry[0]).as_posix()) is None


def loaded(entries: Iterable[Entry]) -> list[Entry]:
    """Leave out the shared libraries that nothing else in the bundle names as its own need."""
    entries = [each for each in entries if is_used(each)]
    libraries = {_name(each[0]): each for each in entries if _is_library(each)}
    kept = [each for each in entries if not _is_library(each)]
    waiting = list(kept)
    while waiting:
        needs = {_name(name) for name, _path in get_imports(waiting.pop()[1])}
        found = [libraries.pop(name) for name in needs if name in libraries]
        kept += found
        waiting += found
    return kept


def _is_library(entry: Entry) -> bool:
    # Plugins look like libraries, but are found by their folder.
    place = PurePath(entry[0]).as_posix()
    return "/plugins/" not in place and "python3" not in place and _LIBRARY.search(place) is not None


def _name(path: str) -> str:
    return PurePath(path).name
