"""The report as it will appear, page under page."""

from collections.abc import Callable
from io import BytesIO
from typing import override

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from cnnviz.report.blocks import Document
from cnnviz.report.pdf import PREVIEW_SECONDS, to_pages
from ui.controls.labels import WrapLabel
from ui.controls.naming import named
from ui.controls.pace import single_shot
from ui.panels.analysis import Context
from ui.theme import Theme, follow_theme

_INCHES = 210 / 25.4  # width of an A4 page
_GAP = 12


class ReportPreview(QScrollArea):
    """Scrolls through the pages; `pagesWanted`: the pages have to be set anew: the width has changed."""

    pagesWanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setAccessibleName("Preview of the report")
        self.setToolTip("The report as it will be printed. Page up and Page down turn the pages.")
        self._content = QWidget()
        self._layout = QVBoxLayout(self._content)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._waiting = WrapLabel("The pages of the report appear here in a moment.")
        self._layout.addWidget(self._waiting)
        self._layout.addStretch(1)
        self.setWidget(self._content)
        #: What is shown, in order.
        self.pages: list[QLabel] = []
        self._images: list[QImage] = []
        self._resized = single_shot(self, self.pagesWanted, 250)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the gaps."""
        self._layout.setSpacing(theme.px(_GAP))

    @property
    def dpi(self) -> float:
        """Resolution at which a page is as wide as there is room."""
        return max(self.viewport().width(), 100) * self.devicePixelRatioF() / _INCHES

    def set_pages(self, pages: list[QImage]) -> None:
        """Show other pages; the view stays where it was."""
        place = self.verticalScrollBar().value()
        self._waiting.setVisible(not pages)
        self._images = pages
        while len(self.pages) > len(pages):
            self.pages.pop().deleteLater()
        while len(self.pages) < len(pages):
            page = named(QLabel(), role="paper")
            page.setScaledContents(True)
            page.setMinimumWidth(1)  # or it would not shrink below its picture
            self._layout.insertWidget(len(self.pages), page)
            self.pages.append(page)
        for page, image in zip(self.pages, pages, strict=True):
            page.setPixmap(QPixmap.fromImage(image))
        self._fit()
        self.verticalScrollBar().setValue(place)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the pages at once, and have sharper ones made."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()
            if self.isVisible():
                self._resized.start()

    def _fit(self) -> None:
        width = self.viewport().width()
        for number, (page, image) in enumerate(zip(self.pages, self._images, strict=True), start=1):
            page.setAccessibleName(f"Page {number} of {len(self.pages)}")
            page.setFixedHeight(round(width * image.height() / max(image.width(), 1)))


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
