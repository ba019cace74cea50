"""Rows and columns of widgets without a margin of their own."""

from PySide6.QtWidgets import QBoxLayout, QLayout, QWidget

#: Greatest width and height that Qt knows: no limit. PySide6 does not export its QWIDGETSIZE_MAX.
UNLIMITED = 16_777_215

Part = QWidget | QLayout | tuple[QWidget | QLayout, int] | int


def fill[Box: QBoxLayout](layout: Box, *parts: Part, spacing: int | None = None) -> Box:
    """Put parts into a row or a column, and return it.

    * `layout`: loses its margins.
    * `*parts`: in their order. A part with a stretch takes what the others leave; a number by
      itself is empty room of that stretch.
    * `spacing`: pixels between the parts; as the style has it when None.
    """
    layout.setContentsMargins(0, 0, 0, 0)
    if spacing is not None:
        layout.setSpacing(spacing)
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
