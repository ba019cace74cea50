"""Going through many images in chunks that can be watched and stopped."""

from collections.abc import Callable, Iterator

from cnnviz._types import ByteArray, FloatArray
from cnnviz.datasets import to_input
from cnnviz.evaluation import CancelledError
from cnnviz.network import Network

Progress = Callable[[float], None]
Cancelled = Callable[[], bool]

_CHUNK = 64


def ignore_progress(fraction: float) -> None:
    """Do nothing with the progress."""
    del fraction


def never() -> bool:
    """Answer that the work is still wanted."""
    return False


def input_chunks(
    network: Network, images: ByteArray, task: str, progress: Progress, cancelled: Cancelled
) -> Iterator[tuple[slice, FloatArray]]:
    """Walk through images, a chunk at a time, as input of the network.

    * `images`: shape (n, c, h, w).
    * `task`: what is being done, for the message when it is stopped: "The search for ties".
    * `progress`: is told the fraction that is done after each chunk, from 0 to 1.
    * `cancelled`: asked before each chunk; when it returns True the walk stops.
    * Yields: the images of the chunk.
    * Yields: shape (m, c, h, w).
    * Raises CancelledError: if `cancelled` returned True.
    """
    for start in range(0, len(images), _CHUNK):
        if cancelled():
            raise CancelledError(f"{task} was cancelled.")
        which = slice(start, min(start + _CHUNK, len(images)))
        yield which, to_input(images[which], network.dtype)
        progress(which.stop / len(images))
