"""Covers a part of a panel: what it shows is neither seen nor spoken, pointed at, copied or exported."""

from typing import override

from PySide6.QtWidgets import QBoxLayout, QLayout, QStackedWidget, QVBoxLayout, QWidget

from ui.controls.labels import WrapLabel
from ui.controls.layouts import fill


class Cover(QStackedWidget):
    """Takes the place of a part in its layout, and shows either the part or why it is covered.

    The room stays the same either way, so that nothing moves when it is uncovered.

    Parameters
    ----------
    part : QWidget
        In the layout of its parent.
    """

    def __init__(self, part: QWidget) -> None:
        parent = part.parentWidget()
        super().__init__(parent)
        found = None if parent is None else _place_of(part, parent.layout())
        if found is None:
            raise LookupError(f"{type(part).__name__} stands in no row or column.")
        layout, index = found
        # Not `replaceWidget`: the item that it takes out would go on being told by Qt, in place of the new
        # one, that the part wants another size.
        stretch = layout.stretch(index)
        layout.removeWidget(part)
        layout.insertWidget(index, self, stretch)
        self._part = part
        self.setSizePolicy(part.sizePolicy())
        # The part itself may be shown and hidden for reasons of its own.
        self._shown, self._instead = QWidget(), QWidget()
        fill(QVBoxLayout(self._shown), (part, 1))
        self.reason = WrapLabel("", role="muted")
        fill(QVBoxLayout(self._instead), self.reason, 1).setContentsMargins(6, 6, 6, 6)
        for page in (self._shown, self._instead):
            self.addWidget(page)

    def set_covered(self, reason: str) -> None:
        """Cover the part and say why, or with "" uncover it."""
        self.reason.set_text(reason)
        self.setCurrentWidget(self._instead if reason else self._shown)

    @override
    def hasHeightForWidth(self) -> bool:
        return self._part.hasHeightForWidth()

    @override
    def heightForWidth(self, width: int) -> int:
        return self._part.heightForWidth(width)


def _place_of(part: QWidget, layout: QLayout | None) -> tuple[QBoxLayout, int] | None:
    """Return the row or column that a part stands in, and its place there."""
    for index in range(0 if layout is None else layout.count()):
        item = None if layout is None else layout.itemAt(index)
        if item is None:
            continue
        if item.widget() is part:
            return (layout, index) if isinstance(layout, QBoxLayout) else None
        found = _place_of(part, item.layout())
        if found is not None:
            return found
    return None
