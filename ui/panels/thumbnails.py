"""Shows thumbnails, with a scroll bar beside them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, override

from PySide6.QtGui import QResizeEvent

from cnnviz._types import IntArray
from cnnviz.datasets import Dataset
from cnnviz.drawing import Box
from cnnviz.evaluation import Evaluation
from cnnviz.graphics.thumbnails import Thumbnails
from cnnviz.quantities import format_count, probability_of
from ui.controls.spoken import tell_value
from ui.marks import ScrolledView


class ThumbnailView(ScrolledView[Thumbnails]):
    """Scrolls by itself: what is shown says which images and which of them is chosen, never how far."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bar.valueChanged.connect(self._on_scrolled)

    @override
    def show_content(self, content: Thumbnails | None) -> None:
        """Show other images; another choice, and the choice among other images, is scrolled into sight."""
        before = self.content
        super().show_content(content if content is None else replace(content, scroll=self.bar.value()))
        self._set_range()
        if content is None:
            return
        is_other = before is None or before.current != content.current
        if before is None or is_other or before.images.indices is not content.images.indices:
            self._bring_choice_into_sight(content)
        if is_other:
            tell_value(self)

    @override
    def spoken_value(self) -> str:
        content, pointed = self.content, super().spoken_value()
        if pointed or content is None:
            return pointed
        return content.say(content.images.place(content.current))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        content = self.content
        was_in_sight = content is not None and self._is_in_sight(content, event.oldSize().height())
        super().resizeEvent(event)
        if content is not None and was_in_sight:
            self._bring_choice_into_sight(content)
        self.bar.setValue(self.bar.value() - self.bar.value() % self.bar.singleStep())  # whole rows

    def _is_in_sight(self, content: Thumbnails, height: int) -> bool:
        """Whether the chosen image was to be seen at a height."""
        place, tiles = content.images.place(content.current), content.tiles(self._room(), self._theme)
        if place is None:
            return False
        tile = tiles.cell(*divmod(place, tiles.cols))
        return tile.top >= 0 and tile.bottom <= height

    @override
    def _room(self) -> Box:
        """Room for whole rows: none is cut, wherever they are scrolled to."""
        room = super()._room()
        side = room.height if self.content is None else self.content.tiles(room, self._theme).side
        return room.cut(bottom=room.height % side if room.height > side else 0)

    @override
    def _set_range(self) -> None:
        content, room = self.content, self._room()
        tiles = None if content is None else content.tiles(room, self._theme)
        length = 0 if tiles is None else round(tiles.box.height)
        self.bar.setPageStep(max(round(room.height), 1))
        self.bar.setSingleStep(1 if tiles is None else round(tiles.side))
        self.bar.setRange(0, max(length - round(room.height), 0))
        self.bar.setEnabled(self.bar.maximum() > 0)  # one that is disabled shows no handle

    def _bring_choice_into_sight(self, content: Thumbnails) -> None:
        place, room = content.images.place(content.current), self._room()
        tiles = replace(content, scroll=0).tiles(room, self._theme)
        if place is not None:
            top = round(tiles.cell(place // tiles.cols, 0).top)
            bottom = top + round(tiles.side - room.height)
            self.bar.setValue(max(min(self.bar.value(), top), bottom))

    def _on_scrolled(self, value: int) -> None:
        value -= value % self.bar.singleStep()
        if self.content is not None and value != self.content.scroll:
            super().show_content(replace(self.content, scroll=value))


def describer(dataset: Dataset, indices: IntArray, evaluation: Evaluation | None) -> Callable[[int], str]:
    """Place among some test images to the description of the one there."""
    return lambda place: describe_test_image(dataset, int(indices[place]), evaluation)


def describe_test_image(dataset: Dataset, index: int, evaluation: Evaluation | None = None) -> str:
    """Return index, class and, where it is known, the prediction of a test image in one line."""
    text = f"Test image {format_count(index)}: class {dataset.classes[int(dataset.test_labels[index])]}"
    if evaluation is None or index >= len(evaluation.labels):
        return text
    predicted = int(evaluation.predictions[index])
    p = probability_of(evaluation.probabilities[index], predicted)
    return f"{text}, read as {dataset.classes[predicted]} ({p})"
