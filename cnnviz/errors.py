"""Errors whose text is written for the person at the screen: one sentence, cause and remedy."""

from typing import TYPE_CHECKING

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
    """Training produced numbers that are no longer finite, or far from what they should be.

    Parameters
    ----------
    message : str
    progress : Progress, optional
        What the last steps measured up to there, for the record of the run.
    """

    def __init__(self, message: str, progress: "Progress | None" = None) -> None:
        super().__init__(message)
        self.progress = progress


NO_THREAD = "The system has no thread to spare for this. Close other programs, and try again."


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
    if isinstance(error, ImportError):
        return (
            f"A part of the program is missing ({error}). Install the packages in requirements/runtime.txt "
            "again, as `make run` does."
        )
    if isinstance(error, RuntimeError) and "new thread" in str(error):
        return NO_THREAD
    return ""
