"""Whether this Python can run the program. Compiles on Python 3.6, to say so on an old one."""

import platform
import sys
import sysconfig

OLDEST = (3, 12)
NEWEST = (3, 14)  # PySide6 has packages up to this one


def obstacle() -> str:
    """Return one sentence on why this Python cannot run the program and what to do; "" if it can."""
    kind = platform.python_implementation()
    version = "{}.{}.{}".format(*sys.version_info)
    wanted = "CNNViz needs Python {}.{} to {}.{}".format(*OLDEST, *NEWEST)
    if kind != "CPython":
        return _sentence(f"{wanted} as it comes from python.org (CPython), and this is {kind} {version}")
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return _sentence(f"{wanted}, and this is Python {version}")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return _sentence(f"CNNViz needs the usual build of Python, and this is the free-threaded {version}t")
    if sys.maxsize <= 2**32:
        return _sentence(f"CNNViz needs a 64-bit Python, and this is a 32-bit Python {version}")
    return ""


def _sentence(cause: str) -> str:
    return f"{cause} ({sys.executable or 'in an unknown place'}); start it with Python 3.13 for 64 bits."
