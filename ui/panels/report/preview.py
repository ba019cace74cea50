"""The report as it will appear, page under page."""

from collections.abc import Callable
from io import BytesIO
from typing import override

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from cnnviz.report.blocks import Document
from cnnviz.report.pdf import PREVIEW_SECONDS, to_pages
from ui.controls.buttons import Button, IconButton
from ui.controls.labels import WrapLabel
from ui.controls.layouts import fill, named
from ui.controls.pace import single_shot
from ui.controls.scroll_column import scroll_later
from ui.tasks import Context

_INCHES = 210 / 25.4  # width of an A4 page
_GAP = 12
_EDGE = 1  # width of the line around a page: inside it no pixel may be stretched
_PIXELS_PER_INCH = 96  # at 100 %
_MOST_DPI = 200.0  # a page has four million pixels then

_BODY = 0.93
"""Share of the height of a page above its foot, which says how many pages there are."""

FIT = 0
"""Zoom at which a page is as wide as there is room."""
LARGEST = 150
"""Largest zoom, in per cent."""
_ZOOMS = (50, 75, 100, 125, LARGEST)


class ReportPreview(QScrollArea):
    """Scrolls through the pages, as wide as there is room or larger.

    * `pagesWanted`: the pages have to be set anew: their size has changed.
    * `bar`: its controls, which stand above it.
    """

    pagesWanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setAccessibleName("Preview of the report")
        self.setToolTip(
            "The report as it will be printed. Keys: arrows scroll, + and - zoom, 0 fits the width."
        )
        self._content = QWidget()
        self._waiting = WrapLabel("The pages of the report are being made…")
        self._layout = fill(QVBoxLayout(self._content), self._waiting, 1, spacing=_GAP)
        self.setWidget(self._content)
        self.smaller = IconButton("minus", "Smaller pages", shortcut="-")
        self.fit = Button("Fit width", tooltip="Make the pages as wide as there is room", shortcut="0")
        self.larger = IconButton("plus", "Larger pages", shortcut="+")
        self.bar = QWidget()
        fill(QHBoxLayout(self.bar), self.smaller, self.fit, self.larger, spacing=4)
        #: What is shown, in order.
        self.pages: list[QLabel] = []
        self._images: list[QImage] = []
        self._follows = False  # whether what is new in the next pages comes into sight
        self.zoom = FIT
        self._resized = single_shot(self, self.pagesWanted, 250)
        # Where pages and what they lie in get narrower in one turn, Qt leaves the pages beside the middle.
        self._fitted = single_shot(self, self._centre, 0)
        self.smaller.clicked.connect(lambda: self._step(-1))
        self.fit.clicked.connect(lambda: self.set_zoom(FIT))
        self.larger.clicked.connect(lambda: self._step(1))

    # --- size -----------------------------------------------------------------------------------------------

    @property
    def dpi(self) -> float:
        """Resolution at which a page has as many pixels as it takes on the screen."""
        return min(self._page_width() * self.devicePixelRatioF() / _INCHES, _MOST_DPI)

    def set_zoom(self, percent: int) -> None:
        """Show the pages in per cent of their size on paper, or with `FIT` as wide as there is room."""
        place = self.verticalScrollBar().value() / max(self._content.height(), 1)
        self.zoom = percent
        self.fit.setText(f"{percent} %" if percent else "Fit width")
        self._fit()
        scroll_later(self.verticalScrollBar(), round(place * self._content.sizeHint().height()))
        if self.isVisible():
            self._resized.start()

    def _step(self, way: int) -> None:
        now = 100 * self._page_width() / (_INCHES * _PIXELS_PER_INCH)
        further = [each for each in _ZOOMS[::way] if (each - now) * way > 1]
        if further:
            self.set_zoom(further[0])

    def _page_width(self) -> int:
        room = max(self.viewport().width() - 2 * _EDGE, 100)
        whole = round(_INCHES * _PIXELS_PER_INCH * (self.zoom or LARGEST) / 100)
        return whole if self.zoom else min(room, whole)

    def _fit(self) -> None:
        wide = self._page_width()
        for number, page in enumerate(self.pages, start=1):
            page.setAccessibleName(f"Page {number} of {len(self.pages)}")
            size = page.pixmap().deviceIndependentSize()
            if abs(size.width() - wide) >= 1:  # until sharper ones come
                size *= wide / max(size.width(), 1)
            page.setFixedSize(size.toSize() + QSize(2 * _EDGE, 2 * _EDGE))
        self._fitted.start()

    def _centre(self) -> None:
        self._layout.invalidate()
        self._layout.activate()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the pages at once, and have sharper ones made."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()
            if self.isVisible():
                self._resized.start()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.text():
            case "+" | "=":
                self._step(1)
            case "-":
                self._step(-1)
            case "0":
                self.set_zoom(FIT)
            case _:
                super().keyPressEvent(event)

    # --- pages ----------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """Let the next pages be scrolled to where they differ from those that are shown."""
        self._follows = True

    def set_pages(self, pages: list[QImage]) -> None:
        """Show other pages; the view stays where it was, or goes where there is something new."""
        place = self.verticalScrollBar().value()
        follows = self._follows and bool(self._images)
        new = _first_change(self._images, pages) if follows else None
        self._follows, self._images = follows and new is None, pages  # these may have been made before it
        self._waiting.setVisible(not pages)
        while len(self.pages) > len(pages):
            self.pages.pop().deleteLater()
        while len(self.pages) < len(pages):
            page = named(QLabel(), role="paper")
            page.setScaledContents(True)
            self._layout.insertWidget(len(self.pages), page, 0, Qt.AlignmentFlag.AlignHCenter)
            self.pages.append(page)
        for page, image in zip(self.pages, pages, strict=True):
            image.setDevicePixelRatio(self.devicePixelRatioF())
            page.setPixmap(QPixmap.fromImage(image))
        self._fit()
        self.verticalScrollBar().setValue(place)
        if new is not None:
            number, share = new
            above = sum(page.height() + _GAP for page in self.pages[:number])
            seen = above + share * self.pages[number].height() - self.viewport().height() / 3
            scroll_later(self.verticalScrollBar(), max(round(seen), 0))


def _first_change(before: list[QImage], after: list[QImage]) -> tuple[int, float] | None:
    """Find the first page that is another one, but for its foot, and at which share of its height."""
    for number, (old, new) in enumerate(zip(before, after, strict=False)):
        if old.size() != new.size():
            return None
        shape, body = (new.height(), new.width()), int(_BODY * new.height())
        one, other = (np.frombuffer(each.constBits(), np.uint32).reshape(shape)[:body] for each in (old, new))
        rows = np.flatnonzero((one != other).any(axis=1))
        if rows.size:
            return number, float(rows[0] / new.height())
    return (len(before), 0.0) if len(after) > len(before) else None


def preview_work(compose: Callable[[], Document], dpi: float) -> Callable[[Context], list[QImage]]:
    """Return the function that sets the pages of the preview, and decodes them: that takes as long again."""

    def work(context: Context) -> list[QImage]:
        pages = to_pages(compose(), dpi, PREVIEW_SECONDS, cancelled=lambda: context.cancelled)
        return [_decoded(content) for content in pages]

    return work


def _decoded(content: bytes) -> QImage:
    from PIL import Image  # here: the window starts sooner without it

    # Not by Qt, which holds Python's lock meanwhile and joins objects by signals: it may then wait for the
    # GUI thread while that waits for it.
    with Image.open(BytesIO(content)) as page:
        pixels = page.convert("RGBA")
    image = QImage(pixels.tobytes(), *pixels.size, 4 * pixels.width, QImage.Format.Format_RGBA8888)
    return image.convertToFormat(QImage.Format.Format_RGB32)  # a copy, whose bytes are its own
