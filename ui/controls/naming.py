"""What a widget is called, said where it is made."""

from PySide6.QtWidgets import QWidget


def named[Widget: QWidget](widget: Widget, name: str = "", tip: str = "", role: str = "") -> Widget:
    """Name a widget, and return it.

    * `name`: what a screen reader says.
    * `tip`: tool tip.
    * `role`: role by which the stylesheet knows it, such as "caption".
    """
    if name:
        widget.setAccessibleName(name)
    if tip:
        widget.setToolTip(tip)
    if role:
        widget.setProperty("role", role)
    return widget
