"""Errors whose text is written for the person at the screen: one sentence, cause and remedy."""

from traceback import walk_tb
from typing import TYPE_CHECKING

from cnnviz.bundled import INSTALL_AGAIN

if TYPE_CHECKING:
    from cnnviz.training import Progress  # which itself raises these errors


class CNNVizError(Exception):
    """Base of every error that CNNViz raises on purpose; its text can be shown as it is."""


class ParameterError(CNNVizError, ValueError):
    """A setting lies outside its valid range."""


class ShapeError(ParameterError):
    """An array or a layer does not fit the one before it."""


class DataError(CNNVizError):
    """A data file is damaged, of an unknown format or holds nothing usable."""


class NewerVersionError(DataError):
    """A file was written by a newer version than this."""


class CheckpointError(CNNVizError):
    """A model file is damaged, hostile or does not describe a network that can be built."""


class DivergenceError(CNNVizError):
    """Training went out of bounds; `progress` is what the last steps measured up to there, for the record."""

    def __init__(self, message: str, progress: "Progress | None" = None) -> None:
        super().__init__(message)
        self.progress = progress


NO_THREAD = "The system has no thread to spare for this. Close other programs, and try again."


_LONGEST = 200  # letters of what Python or a package says

#: What the loader says of a library for which there is no memory: to Python that is an `ImportError`.
_NO_ROOM = ("failed to map segment", "annot allocate memory")


def in_words(error: BaseException) -> str:
    """Return a sentence for what ended something: its own, or what the machine lacks; else ""."""
    if isinstance(error, CNNVizError):
        return str(error)
    lacks_memory = isinstance(error, ImportError) and any(each in str(error) for each in _NO_ROOM)
    if isinstance(error, MemoryError) or lacks_memory:
        return (
            "There is not enough memory for this. Close other programs, or choose fewer filters, smaller "
            "batches or less data."
        )
    if _is_of_importing(error):
        return f"A part of the program is missing or damaged ({_origin_of(error)}). {INSTALL_AGAIN}"
    if isinstance(error, RuntimeError) and "new thread" in str(error):
        return NO_THREAD
    return ""


def _is_of_importing(error: BaseException) -> bool:
    """Whether a module could not be loaded: it is missing, half written, or fails while it is run."""
    if isinstance(error, (ImportError, SyntaxError)):
        return True
    codes = [(frame.f_globals.get("__name__"), frame.f_code) for frame, _ in walk_tb(error.__traceback__)]
    return isinstance(error, Exception) and any(
        code.co_filename.startswith("<frozen importlib")
        or (code.co_name == "<module>" and name != "__main__")
        for name, code in codes
    )


def _origin_of(error: BaseException) -> str:
    """Return in one line what is behind an error of importing: packages wrap it in advice of many lines."""
    while error.__cause__ is not None:
        error = error.__cause__
    words = " ".join(str(error).split())
    kind = "" if isinstance(error, ImportError) else f"{type(error).__name__}: "
    return f"{kind}{words if len(words) <= _LONGEST else words[:_LONGEST] + '…'}"
