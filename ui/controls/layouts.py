"""Rows, columns and forms of widgets, what these are called, and lengths that follow the scale."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast, override

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QLabel, QLayout, QSizePolicy, QWidget

from ui.theme import Theme, follow_theme, theme_manager

#: Greatest width and height that Qt knows: no limit. PySide6 does not export its QWIDGETSIZE_MAX.
UNLIMITED = 16_777_215

Part = QWidget | QLayout | tuple[QWidget | QLayout, int] | int


def fill[Box: QBoxLayout](
    layout: Box, *parts: Part, spacing: int | None = None, margins: tuple[int, ...] = (0, 0, 0, 0)
) -> Box:
    """Put parts into a row or a column, and return it.

    * `*parts`: in their order. A part with a stretch takes what the others leave; a number by
      itself is empty room of that stretch.
    * `spacing`: between the parts, in pixels at scale 1; as the style has it when None.
    * `margins`: at the left, above, at the right and below, in pixels at scale 1.
    """
    scaled(layout.setContentsMargins, *margins)
    if spacing is not None:
        scaled(layout.setSpacing, spacing)
    for each in parts:
        if isinstance(each, int):
            layout.addStretch(each)
            continue
        part, stretch = each if isinstance(each, tuple) else (each, 0)
        if isinstance(part, QWidget):
            layout.addWidget(part, stretch)
        else:
            layout.addLayout(part, stretch)
    return layout


def discard(layout: QLayout, widgets: Iterable[QWidget]) -> None:
    """Take widgets out of a layout, and out of sight at once, for good."""
    for each in widgets:
        layout.removeWidget(each)
        each.hide()
        for part in (each, *each.findChildren(QWidget)):  # a key may have pressed a button a moment ago
            part.blockSignals(True)
        each.deleteLater()


def scaled(setter: Callable[..., object], *lengths: int) -> None:
    """Call a setter of a widget or a layout with pixels at scale 1, now and whenever the scale changes."""
    if any(lengths):
        _Scaled(setter, lengths)
    else:
        setter(*lengths)


class _Scaled(QObject):
    """Goes with the object whose setter it calls."""

    def __init__(self, setter: Callable[..., object], lengths: tuple[int, ...]) -> None:
        super().__init__(cast(Any, setter).__self__)
        self._setter, self._lengths = cast(Any, setter).__name__, lengths
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        getattr(self.parent(), self._setter)(*map(theme.px, self._lengths))


def named[Widget: QWidget](widget: Widget, name: str = "", tip: str = "", role: str = "") -> Widget:
    """Give a widget a name for screen readers, a tool tip and a role for the stylesheet, and return it."""
    if name:
        widget.setAccessibleName(name)
    if tip:
        widget.setToolTip(tip)
    if role:
        widget.setProperty("role", role)
    return widget


def label_of(field: QWidget, text: str, role: str = "muted") -> QLabel:
    """Make the label of a field, to which its letter after an ampersand leads."""
    label = named(QLabel(text), role=role)
    label.setBuddy(field)
    return label


def outwards(part: QWidget | None) -> Iterator[QWidget]:
    """Yield a part of the window and all that it is in, from the inside out, up to its window."""
    while part is not None:
        yield part
        part = None if part.isWindow() else part.parentWidget()


#: Width from which on there are two rows side by side, in pixels at scale 1.
_WIDE = 500


class Form(QWidget):
    """Rows of a muted label and its field; in two halves, side by side, where it is wide."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        scaled(self._grid.setHorizontalSpacing, 12)
        scaled(self._grid.setVerticalSpacing, 6)
        self._grid.setColumnStretch(1, 1)
        self._labels: dict[QWidget, QLabel] = {}
        self._absent = set[QWidget]()
        self._halves = 1

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        halves = 2 if self.width() >= theme_manager().theme.px(_WIDE) else 1
        if halves != self._halves:
            self._halves = halves
            self._arrange()

    def _arrange(self) -> None:
        """Put the rows that are not hidden one below the other, in one half or two."""
        rows = [(label, field) for field, label in self._labels.items() if field not in self._absent]
        high = -(-len(rows) // self._halves)
        self._grid.setColumnStretch(3, self._halves - 1)
        for n, (label, field) in enumerate(rows):
            half, row = divmod(n, high)
            self._grid.addWidget(label, row, 2 * half, Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(field, row, 2 * half + 1)

    def add_row(self, text: str, field: QWidget, tooltip: str = "") -> QLabel:
        """Add a field and return its label, which is also the accessible name of a field that has none."""
        label = label_of(field, text)
        if not field.accessibleName():
            field.setAccessibleName(text.replace("&", ""))
        if tooltip:
            label.setToolTip(tooltip)
            field.setToolTip(tooltip)
            field.setAccessibleDescription(tooltip)
        field.setSizePolicy(QSizePolicy.Policy.Expanding, field.sizePolicy().verticalPolicy())
        self._labels[field] = label
        self._arrange()
        return label

    def set_row_visible(self, field: QWidget, visible: bool) -> None:
        """Show or hide a field with its label."""
        if visible == (field in self._absent):
            self._absent ^= {field}
            self._labels[field].setVisible(visible)
            field.setVisible(visible)
            self._arrange()
