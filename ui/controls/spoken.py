"""What a screen reader is told of what paints itself: name, the value pointed at, a text for the rest."""

from typing import override

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleInterface, QAccessibleValueChangeEvent
from PySide6.QtWidgets import QAccessibleWidget, QWidget


class Spoken:
    """Mixed into a widget that paints itself and shows its tips, before the class of Qt; no ``__init__``."""

    def spoken_value(self) -> str:
        """What is pointed at, by the pointer or by a key; "" for nothing."""
        raise NotImplementedError

    def spoken_summary(self) -> str:
        """What is to be seen as a whole, in words; "" where the accessible description says it."""
        return ""


class _Interface(QAccessibleWidget):
    """Answers the questions of a screen reader about such a widget.

    Qt keeps it as long as the widget, and asks for it only where a screen reader is at work.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget, QAccessible.Role.Graphic)
        self._widget = widget

    @override
    def text(self, t: QAccessible.Text, /) -> str:
        widget = self._widget
        assert isinstance(widget, Spoken)
        if t == QAccessible.Text.Value:
            return widget.spoken_value()
        if t == QAccessible.Text.Description:
            return " ".join(filter(None, (widget.accessibleDescription(), widget.spoken_summary())))
        return super().text(t)


def speak() -> None:
    """Answer screen readers from now on. Qt asks only where one is at work."""
    QAccessible.installFactory(_interface_of)


def tell_value(widget: QWidget) -> None:
    """Tell a screen reader, if there is one, that something else is pointed at in a `Spoken` widget."""
    if QAccessible.isActive() and isinstance(widget, Spoken):
        QAccessible.updateAccessibility(QAccessibleValueChangeEvent(widget, widget.spoken_value()))


def _interface_of(_kind: str, thing: QObject) -> QAccessibleInterface | None:
    return _Interface(thing) if isinstance(thing, QWidget) and isinstance(thing, Spoken) else None
