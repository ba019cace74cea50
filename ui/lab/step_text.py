"""What there is to read in a step: paragraphs, lists, formulas, figures, and the image of a training step."""

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import override

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QImage, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from cnnviz.drawing.page import Card, Page
from cnnviz.graphics.formula import FORMULA, Formulas
from cnnviz.lab.figures import Picture
from cnnviz.lab.markup import (
    Block,
    Bullets,
    FigureFile,
    FormulaLine,
    Paragraph,
    Spans,
    parse_text,
    plain_text,
)  # fmt: skip
from cnnviz.lab.model import Step
from cnnviz.quantities import format_count, with_article
from cnnviz.training import epoch_order
from ui.controls.flow_row import height_for_width
from ui.controls.labels import WrapLabel
from ui.controls.layouts import fill, named
from ui.page_view import PageView
from ui.state import AppState
from ui.theme import mono_font, theme_manager
from ui.window.actions import action_row

_STRONG = '<span style="font-weight:600">'
#: Width that is asked for, and up to which a text has not been laid out yet, in pixels.
_USUAL, _LEAST = 240, 40
#: Side of the image of a step, likewise.
_SIDE = 84
_order = lru_cache(2)(epoch_order)
_TRAIN = action_row("train").label
_ITEM = '<p style="margin:0 0 0 16px; text-indent:-12px">\N{BULLET}&nbsp;&nbsp;{}</p>'


class StepText(QWidget):
    """What there is to read in a step."""

    def __init__(self) -> None:
        super().__init__()
        self._layout = fill(QVBoxLayout(self), spacing=9)
        self._parts: list[QWidget] = []
        self._shown: tuple[str, Mapping[str, Picture | str]] = ("", {})
        self._train, self._filter = _TRAIN, ""

    def set_text(self, text: str, figures: Mapping[str, Picture | str], filter: str) -> None:
        """Show a text, its figures by their names or why they cannot be shown, the filter as it is called."""
        self._shown, self._filter = (text, figures), filter
        for part in self._parts:
            part.hide()
            part.deleteLater()
        text = text.replace(f"**{_TRAIN}**", f"**{self._train}**").replace("{filter}", filter)
        self._parts = [part for block in parse_text(text) for part in _parts_of(block, figures)]
        for part in self._parts:
            self._layout.addWidget(part)

    def call(self, *, train: str = "", filter: str = "") -> None:
        """Call the button that trains, and the filter that the step is about, what they are at the moment."""
        train, filter = train or self._train, filter or self._filter
        if (train, filter) != (self._train, self._filter):
            self._train = train
            self.set_text(*self._shown, filter)


def _parts_of(block: Block, figures: Mapping[str, Picture | str]) -> list[QWidget]:
    match block:
        case Paragraph(spans):
            return [RichLabel(_html(spans), plain_text((block,)))]
        case Bullets(items):
            lines = "".join(_ITEM.replace("{}", _html(item)) for item in items)
            return [RichLabel(lines, plain_text((block,)))]
        case FormulaLine(equation):
            formula = Formulas((equation.formula,))
            view = PageView(lambda _ask: None)
            view.show_page(Page(Card("formula", FORMULA, formula)))
            view.setAccessibleName(equation.words)
            return [view]
        case FigureFile(name, caption):
            missing = f"The figure {name} is missing: put it beside the lab file."
            return [FigureView(figures.get(name, missing), caption), WrapLabel(caption, small=True)]


def _html(spans: Spans) -> str:
    """Write spans as HTML."""
    styles = {"strong": _STRONG, "code": f"<span style=\"font-family:'{mono_font().family()}'\">"}
    return "".join(
        f"{styles[each.style]}{escape(each.text)}</span>" if each.style else escape(each.text)
        for each in spans
    )


class RichLabel(QLabel):
    """Text as HTML, in as many lines as its width asks for.

    Docks, splitters and grids do not ask for a height that goes with the width; a minimum they respect. So it
    claims that height.
    """

    def __init__(self, html: str = "", name: str = "") -> None:
        super().__init__(html)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setSizePolicy(height_for_width())
        self.setAccessibleName(name)

    @override
    def sizeHint(self) -> QSize:
        return QSize(_USUAL, self.heightForWidth(_USUAL))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._claim_height()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Claim what changed out of sight: there, Qt tells of the first change of a layout only."""
        super().showEvent(event)
        self._claim_height()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self._claim_height()

    def _claim_height(self) -> None:
        self.setMinimumHeight(0)  # less than what is claimed, a label never asks for
        if self.width() > _LEAST:
            self.setMinimumHeight(max(self.heightForWidth(self.width()), 0))  # -1: no text


class FigureView(QLabel):
    """A picture, as wide as the column where it is wider.

    * `picture`: what is to be seen, or why it is not.
    * `caption`: what is to be seen, for those who cannot.
    """

    def __init__(self, picture: Picture | str, caption: str) -> None:
        super().__init__()
        named(self, caption, role="muted")
        self.setMinimumWidth(80)
        if isinstance(picture, str):
            self.setText(picture)
            self.setWordWrap(True)
            return
        # Pixels and not a file: readers of Qt open whatever a drawing names, and draw without end.
        height, width = picture.pixels.shape[:2]
        form = QImage.Format.Format_RGBA8888
        self.setPixmap(QPixmap.fromImage(QImage(picture.pixels.data, width, height, 4 * width, form)))
        self.setScaledContents(True)
        self.setMaximumWidth(max(picture.width, 80))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        pixmap = self.pixmap()
        if not pixmap.isNull():
            self.setFixedHeight(max(round(self.width() * pixmap.height() / pixmap.width()), 1))


class StepImage(QWidget):
    """Shows which training image the last step took in, or which one the first step will."""

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self._state, self._is_wanted = state, False
        self.picture, self.said = named(QLabel(), role="paper"), WrapLabel("", role="text")
        fill(QHBoxLayout(self), self.picture, (self.said, 1), spacing=10)
        state.runChanged.connect(self._look)
        state.datasetChanged.connect(self._look)

    def set_step(self, step: Step) -> None:
        """Show it in steps that wait for slow motion."""
        self._is_wanted = any(each.event == "slowed" for each in step.done_when)
        self._look()

    def _look(self) -> None:
        data, run, experiment = self._state.dataset, self._state.run, self._state.experiment
        is_known = data is not None and experiment.batch_size == 1 and data.classes == experiment.classes
        self.setVisible(self._is_wanted and is_known)
        if not self._is_wanted or data is None or not is_known:
            return
        number = max(run.step, 1)
        epoch, place = divmod(number - 1, len(data.train_labels))
        index = _order(len(data.train_labels), experiment.seed, epoch)[place]
        pixels = np.ascontiguousarray(data.train_images[index][0])
        height, width = pixels.shape
        image = QImage(pixels.data, width, height, width, QImage.Format.Format_Grayscale8)
        side = theme_manager().theme.px(_SIDE)
        self.picture.setPixmap(
            QPixmap.fromImage(image).scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio)
        )
        name = data.classes[data.train_labels[index]]
        what = f"Step {format_count(number)} took in" if run.step else "The first step will take in"
        self.said.set_text(f"{what} this training image, {with_article(name)}.")
        self.picture.setAccessibleName(self.said.text())
