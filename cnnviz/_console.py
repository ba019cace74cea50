"""Where a program can say something on Windows, which starts one that has a window without any console."""

import os
import sys
from pathlib import Path

_PARENT = -1  # the console of whoever started this process, if he has one
_SIGN_OF_AN_ERROR = 0x10
_UNSEEN_BUT_MEANT = "\n\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
_unheard = False  # whether nobody can read what is written


def find_console() -> None:
    """See to it that there is a standard output and error to write to.

    A command that was typed in a terminal of Windows writes into it, as on other systems; a program that was
    started with a double click has nowhere to write to.
    """
    global _unheard
    if sys.stdout is None or sys.stderr is None:
        _unheard = not _attach()
        target = Path(os.devnull if _unheard else "CONOUT$")
        sys.stdout = sys.stdout or target.open("w", encoding="utf-8")
        sys.stderr = sys.stderr or target.open("w", encoding="utf-8")


def visible(text: str) -> str:
    """Return a text that a terminal shows as it is: names in files of others may hold signs that steer it.

    Signs that are not seen become a mark, but for ends of lines and what joins letters.
    """
    return "".join(
        sign if sign.isprintable() or sign in _UNSEEN_BUT_MEANT else "\N{REPLACEMENT CHARACTER}"
        for sign in text
    )


def tell(message: str) -> None:
    """Write a line on stderr; in a box of the system where nobody could read it."""
    message = visible(" ".join(message.splitlines()))
    print(message, file=sys.stderr)
    if _unheard:
        _show(message)


def _attach() -> bool:
    """Share the console of whoever started the program; return whether there is one."""
    if sys.platform != "win32":
        return False
    import ctypes

    return bool(ctypes.windll.kernel32.AttachConsole(_PARENT))


def _show(message: str) -> None:
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.MessageBoxW(None, message, "CNNViz", _SIGN_OF_AN_ERROR)
