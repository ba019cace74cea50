"""Pictures from files and from the clipboard, how they become samples, and what the network says of one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from cnnviz._types import ByteArray
from cnnviz.datasets import fit_image, to_input
from cnnviz.datasets.images import grayscale_in, read_grayscale
from cnnviz.digit import find_ink, normalize_digit, shrink
from cnnviz.drawing.page import Card
from cnnviz.errors import CNNVizError
from cnnviz.files import printable
from cnnviz.graphics.probabilities import PROBABILITIES, Probabilities
from cnnviz.graphics.texts import WORDS, Words
from cnnviz.layers.losses import cross_entropy
from cnnviz.network import Trace
from cnnviz.quantities import format_signed, format_value
from ui.panels.scene import Scene, SceneRun
from ui.tasks import Context

Fit = Literal["digit", "whole"]

#: Longer side in pixels of what is kept of a picture; more than enough for a digit.
_LONGEST = 512
_LONGEST_NAME = 28
_OFFERED = ("image/png", "image/jpeg", "image/bmp")
_DRAWINGS = ("image/svg", "image/svgz")  # as Qt asks other programs for them


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture of any size, and where it comes from.

    * `pixels`: grey levels; no side is longer than 512. `size` is that of the original.
    * `dark_ink`: whether it seems to be dark on light.
    """

    pixels: ByteArray
    size: tuple[int, int]
    name: str
    dark_ink: bool


def read_picture(path: Path) -> Picture:
    """Read an image file; an error names it without its folder, to fit into a narrow bar."""
    try:
        return _picture(read_grayscale(path), path.name)
    except CNNVizError as error:
        raise CNNVizError(str(error).replace(printable(path), shortened(path.name))) from error


def offered_image(data: QMimeData, name: str) -> Callable[[], Picture] | None:
    """Return what reads the image that is pasted or dropped, to be called in the background; None for none.

    Qt would take the reader that fits the content, whatever kind the other program says it is: one of SVG
    opens what a drawing names.
    """
    kind = next((each for each in _OFFERED if data.hasFormat(each)), "")
    if kind:
        content = bytes(data.data(kind).data())
        return lambda: _picture(grayscale_in(content, name), name)
    image = data.imageData() if data.hasImage() and not any(map(data.hasFormat, _DRAWINGS)) else None
    if not isinstance(image, QImage) or image.isNull():
        return None
    return lambda: picture_of_image(image, name)


def picture_of_image(image: QImage, name: str) -> Picture:
    """Turn an image of the clipboard into a picture; transparent parts become white, like paper."""
    size = image.height(), image.width()
    if max(size) > 2 * _LONGEST:
        # Qt scales down quickly; the rest is done with the mean over each pixel's area.
        side = 2 * _LONGEST
        keep = Qt.AspectRatioMode.KeepAspectRatio
        image = image.scaled(side, side, keep, Qt.TransformationMode.SmoothTransformation)
    paper = QImage(image.size(), QImage.Format.Format_RGB32)
    paper.fill(QColor("white"))
    painter = QPainter(paper)
    image.setDevicePixelRatio(1.0)
    painter.drawImage(0, 0, image)
    painter.end()
    grey = paper.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    picture = _picture(rows[:, : grey.width()].copy(), name)
    return replace(picture, size=size)


def fitted(picture: Picture, fit: Fit, height: int, width: int, *, dark_ink: bool) -> ByteArray:
    """Return a picture as an image of the data set's size, light on dark.

    * `fit`: cut out the digit, scale and centre it as MNIST does; or scale the whole picture.
    """
    if fit == "digit":
        return normalize_digit(find_ink(picture.pixels, is_dark=dark_ink).pixels, height, width)
    pixels = 255 - picture.pixels if dark_ink else picture.pixels
    return fit_image(pixels, height, width)


def scaling_words(ink: ByteArray | None, seen: ByteArray) -> str:
    """How ink was scaled and moved to what the network sees; `ink` is None where a whole picture was."""
    if ink is None:
        return "The whole picture, scaled to the size of the data"
    if not seen.any():
        return "No ink was found"
    (high, wide), _ = _extent(seen)
    before, after = (_extent(each)[1] * seen.shape / each.shape for each in (ink, seen))
    down, right = (format_signed(round(each)) for each in (after - before).tolist())
    to = "to" if np.abs(after - np.divide(seen.shape, 2)).max() <= 1 else "towards"
    moved = f"its centre of mass moved by ({right}, {down}) {to} the middle"
    return f"Ink scaled to {wide} × {high} pixels, {moved}"


def _extent(levels: ByteArray) -> tuple[NDArray[np.intp], NDArray[np.floating]]:
    """Height and width of what is not 0, and its centre of mass: row and column."""
    places = np.argwhere(levels)
    return np.ptp(places, axis=0) + 1, np.average(places + 0.5, axis=0, weights=levels[levels > 0])


def shortened(name: str) -> str:
    """Return a file name that fits into a narrow bar: a long one loses its middle."""
    return printable(name, _LONGEST_NAME)


def _picture(pixels: ByteArray, name: str) -> Picture:
    small, (high, wide) = shrink(pixels, _LONGEST), pixels.shape
    return Picture(small, (high, wide), name, find_ink(small).is_dark)


@dataclass(frozen=True, slots=True, eq=False)
class Prediction(SceneRun):
    """The pass of a sample through a network, and whose sample and network these are."""

    scene: Scene[None]
    trace: Trace


def predict(scene: Scene[None], _context: Context | None = None) -> Prediction:
    """Run the sample of a scene through its network."""
    network = scene.snapshot.network
    return Prediction(scene, network.forward(to_input(scene.sample.pixels[np.newaxis], network.dtype)))


def verdict_of(prediction: Prediction) -> str:
    """Return what the network makes of the sample, and whether that is right where its class is known."""
    sample, probabilities = prediction.scene.sample, prediction.probabilities
    classes = prediction.scene.classes
    predicted = int(np.argmax(probabilities))
    which, origin = f"#{sample.index}", sample.origin
    if sample.index is None:
        is_file = not origin.startswith(("drawn", "pasted", "dropped"))  # whose name stays as it is
        which = shortened(origin) if is_file else origin.split()[0].capitalize()  # in one line
    if sample.label is None:
        return f"{which} · read as {classes[predicted]}"
    logits = prediction.trace.logits
    loss = cross_entropy(logits, np.array([sample.label]))
    word = "correct" if predicted == sample.label else f"read as {classes[predicted]}"
    return f"{which} · is {classes[sample.label]} · {word} · loss {format_value(loss, 4)}"


def prediction_cards(bars: Probabilities, said: str, tip: str = "") -> tuple[Card[Any], ...]:
    """Bars under their title, which says how many there are where that is not all, and a verdict."""
    caption = f"the {bars.most} most probable" if len(bars.names) > bars.most else ""
    card = Card("bars", PROBABILITIES, bars, "Prediction", caption, tip, room=None)
    return card, Card("said", WORDS, Words(said, ink="muted"), room=None)
