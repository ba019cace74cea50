"""Labels: the title of a section, text that is cut with an ellipsis, text that wraps."""

import re
from typing import override

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from cnnviz.drawing.look import unbroken
from ui.controls.flow_row import FlowRow
from ui.controls.layouts import named
from ui.controls.painted import PaintedWidget, WrappedWidget, height_for_width
from ui.theme import Theme, follow_theme, mono_font, ui_font

_NUMBER = re.compile(r"\d[\d.,]*(e\D?\d+)?")
_LONG_NUMBER = "0.0000e-00"


class SectionTitle(FlowRow):
    """Title of a section with a caption in muted text beside it, as "Filters  change as you watch".

    Where there is no room beside the title, the caption stands below it.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._title = named(QLabel(text), role="title")
        self._caption = ElidedLabel(role="muted")
        self.set_caption("")  # an empty one takes no second line
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)  # centred beside controls
        self.add(self._title, self._caption)

    def set_text(self, text: str) -> None:
        self._title.setText(text)

    def set_caption(self, caption: str) -> None:
        self._caption.set_text(caption)
        self._caption.setVisible(bool(caption))

    def text(self) -> str:
        return self._title.text()

    def caption(self) -> str:
        return self._caption.text()

    @override
    def _restyle(self, theme: Theme) -> None:
        self._gap = theme.px(6), 0

    @override
    def hasHeightForWidth(self) -> bool:
        return False  # it claims its height: else all around would take its usual height for its least


class ElidedLabel(PaintedWidget):
    """One line of text that ends in an ellipsis when there is no room; the whole text is then its tool tip.

    * `widest`: longest text there will be. With it the room of the label does not depend on its
      text, so that one that changes at display rate asks no layout for anything.
    * `mono`: whether figures are to line up, at the right; they are small.
    """

    def __init__(
        self,
        text: str = "",
        role: str = "text",
        *,
        widest: str | None = None,
        small: bool = False,
        mono: bool = False,
    ) -> None:
        super().__init__()
        self._text, self._shown, self._role, self._widest = text, text, role, widest
        self._small, self._mono = small, mono
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)
        follow_theme(self)

    def text(self) -> str:
        return self._text

    def set_text(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self._shorten()
            if self._widest is None:
                self.updateGeometry()
            self.update()

    def is_elided(self) -> bool:
        """Whether part of the text is not shown."""
        return self._shown != self._text

    @override
    def _restyle(self, theme: Theme) -> None:
        size = theme.small_pt if self._small else theme.base_pt
        self.setFont(mono_font(theme=theme) if self._mono else ui_font(theme, size))

    @override
    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        text = self._text if self._widest is None else self._widest
        return QSize(metrics.horizontalAdvance(text) + 2, metrics.height())

    @override
    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        if self._widest is None:
            hint.setWidth(min(self.fontMetrics().horizontalAdvance("MM…"), hint.width()))
        return hint

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._shorten()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._shorten()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self._theme.color(self._role))
        side = Qt.AlignmentFlag.AlignRight if self._mono else Qt.AlignmentFlag.AlignLeft
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | side, self._shown)

    def _shorten(self) -> None:
        metrics = self.fontMetrics()
        self._shown = metrics.elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        self.setToolTip(self._text if self.is_elided() else "")


class WrapLabel(WrappedWidget):
    """Text in as many lines as its width asks for.

    A word-wrapped QLabel in a resizable scroll area can make Qt's layout call itself without end; this one
    says which height goes with a width, and claims it.

    * `role`: colour of the text; a title is strong text.
    * `lively`: whether numbers in it change at display rate: the room that it asks for is then that
      of long ones, so that no layout has to be done for each.
    """

    def __init__(
        self, text: str = "", role: str = "muted", *, small: bool = False, lively: bool = False
    ) -> None:
        super().__init__()
        self._text, self._room, self._lively = text, "", lively
        self._role = "text" if role == "title" else role
        self._weight = QFont.Weight.DemiBold if role == "title" else QFont.Weight.Normal
        self._small = small
        #: Where the text stands in a label that is higher than it.
        self.vertical = Qt.AlignmentFlag.AlignTop
        self._heights: dict[int, int] = {}  # of the text, by width: layouts ask again and again
        self.setAccessibleName(text)
        follow_theme(self)

    def text(self) -> str:
        return self._text

    def set_text(self, text: str, room: str = "") -> None:
        """Change the text; there is room for another one, too, that may stand here."""
        if (text, room) != (self._text, self._room):
            before = (self.sizeHint(), self.minimumSizeHint())
            self._text, self._room = text, room
            self._heights.clear()
            self.setAccessibleName(text)
            self._claim_height()
            # A number in the text may change many times a second: not every time does it need other room.
            if (self.sizeHint(), self.minimumSizeHint()) != before:
                self.updateGeometry()
            self.update()

    def show_text(self, text: str) -> None:
        """Change the text, and take no room where there is none."""
        self.set_text(text)
        self.setVisible(bool(text))

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt if self._small else theme.base_pt, self._weight))
        self._heights.clear()
        self._claim_height()

    @override
    def heightForWidth(self, width: int) -> int:
        if not self._text:
            return 0
        if width not in self._heights:
            box = QRect(0, 0, max(width, 1), 100_000)
            wrap, bounds = int(Qt.TextFlag.TextWordWrap), self.fontMetrics().boundingRect
            texts = map(unbroken, (self._text, self._room))
            self._heights[width] = max(bounds(box, wrap, each).height() for each in texts)
        return self._heights[width]

    @override
    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        step = 2 * metrics.averageCharWidth()
        wanted = -(-(metrics.horizontalAdvance(self._measured()) + 2) // step) * step
        width = min(wanted, 22 * step)
        return QSize(width, self.heightForWidth(width))

    @override
    def minimumSizeHint(self) -> QSize:
        words = self._measured().split()
        longest = max((self.fontMetrics().horizontalAdvance(word) for word in words), default=0)
        return QSize(longest + 2, self.fontMetrics().height() if self._text else 0)

    def _measured(self) -> str:
        """Text whose room is asked for."""
        return _NUMBER.sub(_LONG_NUMBER, self._text) if self._lively else self._text

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self._theme.color(self._role))
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | self.vertical
        painter.drawText(self.rect(), int(flags), unbroken(self._text))


#: Width that is asked for, and up to which a text has not been laid out yet, in pixels.
_USUAL, _LEAST = 240, 40

#: What may change the height that goes with a width; what changes out of sight is told when it is shown.
_RESHAPES = {QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.FontChange, QEvent.Type.StyleChange}


class RichLabel(QLabel):
    """Text as HTML, in as many lines as its width asks for; it claims the height that goes with it."""

    def __init__(self, html: str = "", name: str = "") -> None:
        super().__init__(unbroken(html))
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setSizePolicy(height_for_width())
        self.setAccessibleName(name)

    @override
    def sizeHint(self) -> QSize:
        return QSize(_USUAL, self.heightForWidth(_USUAL))

    @override
    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() in _RESHAPES:
            self.setMinimumHeight(0)  # less than what is claimed, a label never asks for
            if self.width() > _LEAST:
                self.setMinimumHeight(max(self.heightForWidth(self.width()), 0))  # -1: no text
        return done
