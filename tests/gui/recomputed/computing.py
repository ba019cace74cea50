"""What all recomputations need: the network's answer, and the comparison of numbers."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnviz.datasets import to_input
from cnnviz.network import Network, Trace
from ui.session import Session

type Values = NDArray[np.floating]


def run(network: Network, pixels: NDArray[np.uint8]) -> Trace:
    """Run an image through a network."""
    return network.forward(to_input(pixels[np.newaxis], network.dtype))


def trace_of(session: Session, pixels: NDArray[np.uint8] | None = None) -> Trace:
    """Run the sample, or other pixels, through the network that is shown."""
    shown, sample = session.state.shown, session.state.sample
    return run(shown.network, sample.pixels if pixels is None else pixels)


def classes_of(session: Session) -> tuple[str, ...]:
    """Names of the classes."""
    return session.state.dataset.classes


def near(what: str, seen: ArrayLike | None, expected: ArrayLike, exactness: float = 1e-5) -> Iterator[str]:
    """Yield what differs; numbers of one array have one scale."""
    seen, expected = np.asarray(seen, np.float64), np.asarray(expected, np.float64)
    scale = float(np.abs(np.nan_to_num(expected)).max(initial=0.0))
    if seen.shape != expected.shape:
        yield f"{what}: shape {seen.shape} instead of {expected.shape}"
    elif not np.allclose(seen, expected, rtol=exactness, atol=exactness * scale + 1e-12, equal_nan=True):
        worst = np.nanargmax(np.abs(seen - expected))
        yield f"{what}: {seen.ravel()[worst]} instead of {expected.ravel()[worst]} at {worst}"
