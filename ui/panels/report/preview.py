"""The report as it will appear, page under page."""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import NamedTuple, override

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from cnnviz.report.blocks import Block, Document
from cnnviz.report.pdf import PREVIEW_SECONDS, placed_pages
from ui.controls.buttons import Button, IconButton
from ui.controls.labels import WrapLabel
from ui.controls.layouts import fill, named
from ui.controls.pace import single_shot
from ui.controls.scroll_column import place_of, scroll_later
from ui.tasks import Context

_INCHES = 210 / 25.4  # width of an A4 page
_GAP = 12
_EDGE = 1  # width of the line around a page: inside it no pixel may be stretched
_PIXELS_PER_INCH = 96  # at 100 %
_MOST_DPI = 200.0  # a page has four million pixels then

FIT = 0
"""Zoom at which a page is as wide as there is room."""
LARGEST = 150
"""Largest zoom, in per cent."""
_ZOOMS = (50, 75, 100, 125, LARGEST)


class Pages(NamedTuple):
    """Pages, the blocks of the report, and on which page and at which share of its height each begins."""

    images: list[QImage]
    blocks: tuple[Block, ...] = ()
    places: Sequence[tuple[int, float]] = ()


type Sought = Callable[[Block], bool]
"""Whether a block is the one that is to be seen."""


class ReportPreview(QScrollArea):
    """Scrolls through the pages, as wide as there is room or larger."""

    pagesWanted = Signal()  # they have to be set anew: their size has changed

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
        self.bar = QWidget()  # stands above it
        fill(QHBoxLayout(self.bar), self.smaller, self.fit, self.larger, spacing=4)
        #: What is shown, in order.
        self.pages: list[QLabel] = []
        #: The pages that are shown, and what stands where on them.
        self.shown = Pages([])
        self._sought: tuple[Sought, ...] = ()  # what is to come into sight with the next pages
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
        self.zoom = percent
        self.fit.setText(f"{percent} %" if percent else "Fit width")
        self._refit()
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

    def _high(self, count: int | None = None) -> int:
        """Height of the first pages, or of all, with the gaps below them."""
        return sum(page.height() + _GAP for page in self.pages[:count])

    def _refit(self) -> None:
        """Fit the pages to their room; what is seen first stays so."""
        bar, before = self.verticalScrollBar(), self._high()
        place = place_of(bar)
        self._fit()
        if before:  # else a place is kept for pages that come
            scroll_later(bar, round(place * self._high() / before))

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
            self._refit()
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

    def look_at(self, *sought: Sought, is_stale: bool) -> None:
        """Bring a block into sight, the first kind that there is, now or with the next pages that have it.

        * `is_stale`: whether it may stand elsewhere on the next pages, and is to be sought there, too.
        """
        self._sought = sought
        if self._seek() and not is_stale:
            self._sought = ()

    def seen(self) -> list[Block]:
        """What begins above the middle of what is in sight."""
        middle = place_of(self.verticalScrollBar()) + self.viewport().height() / 2
        return [block for top, block in self._placed() if top <= middle]

    def _placed(self) -> list[tuple[float, Block]]:
        """Each block, below how much of the pages it begins."""
        placed = zip(self.shown.places, self.shown.blocks, strict=False)
        return [(self._high(n) + share * self.pages[n].height(), block) for (n, share), block in placed]

    def set_pages(self, shown: Pages, *, is_stale: bool = False) -> None:
        """Show other pages; the view stays where it was, or goes to what is to be looked at."""
        place, pages = self.verticalScrollBar().value(), shown.images
        self.shown = shown
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
        if self._seek() and not is_stale:  # else newer ones are coming, with what was sought meanwhile
            self._sought = ()

    def _seek(self) -> bool:
        """Scroll to what is to be looked at; return whether it is there."""
        placed, top = self._placed(), place_of(self.verticalScrollBar())
        found = (place for is_it in self._sought for place, block in placed if is_it(block))
        if (seen := next(found, None)) is None:
            return False  # these pages may have been made before it
        if not top <= seen <= top + 0.8 * self.viewport().height():
            high = self.viewport().height()
            last = self._high() - _GAP - high  # no place is beyond it
            scroll_later(self.verticalScrollBar(), max(min(round(seen - high / 6), last), 0))
        return True


def preview_work(compose: Callable[[], Document], dpi: float) -> Callable[[Context], Pages]:
    """Return the function that sets the pages of the preview, and decodes them: that takes as long again."""

    def work(context: Context) -> Pages:
        document = compose()
        pages, places = placed_pages(document, dpi, PREVIEW_SECONDS, lambda: context.cancelled)
        return Pages([_decoded(content) for content in pages], document.blocks, places)

    return work


def _decoded(content: bytes) -> QImage:
    from PIL import Image  # here: the window starts sooner without it

    # Not by Qt, which holds Python's lock meanwhile and joins objects by signals: it may then wait for the
    # GUI thread while that waits for it.
    with Image.open(BytesIO(content)) as page:
        pixels = page.convert("RGBA")
    image = QImage(pixels.tobytes(), *pixels.size, 4 * pixels.width, QImage.Format.Format_RGBA8888)
    return image.convertToFormat(QImage.Format.Format_RGB32)  # a copy, whose bytes are its own
