"""What all maps of cells have in common: where cells lie, pointing at them, and the layers above them."""

import math
from collections.abc import Sequence
from typing import override

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.cells.cell_axes import CellAxes
from ui.cells.cell_geometry import CellGeometry
from ui.cells.outlines import OUTLINES, CellBlock, paint_outline
from ui.controls.cached_drawing import CachedDrawing
from ui.controls.key_moves import is_enter, plain_arrow_step, stepped
from ui.controls.pointed import PointedWidget
from ui.theme import Theme

Cell = tuple[int, int]


class CellView(PointedWidget[Cell]):
    """Cells in rows and columns, as large as the widget allows, whole numbers of screen pixels wide.

    Layers, from the lowest: what the cells are (`_paint_cells`, kept as a picture while it is the same),
    marks of a special map (`_paint_marks`), outlines, the cell under the pointer, the cell of the keyboard,
    coordinates on the edges. Hovering, clicking and the arrow keys point at cells.

    Pass a parameter for how the same things are drawn: colours, limits, lines, alignment,
    coordinates, outlines. Make a kind of it where cells are something else (numbers, kinds, counts), where
    pointer or keys do something else (edit, move a frame), or where there is a layer that no other map has.
    A kind of it says its `shape`, and calls `_show` whenever its content is another.
    """

    #: Row and column of the cell under the pointer, or of the cell that the arrow keys have reached.
    cellHovered = Signal(int, int)
    #: The pointer or the keyboard has left the cells.
    cellLeft = Signal()
    #: Row and column of the cell that was clicked, or confirmed by Enter.
    cellClicked = Signal(int, int)

    shows_hand = False
    #: Whether it fills its own ground, so that what lies below need not be painted with every movement.
    paints_ground = False
    #: Role of the outline of the cell under the pointer.
    hover_role = "hover"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._focus_cell: Cell = (0, 0)
        self._is_interactive = True
        self._alignment = Qt.AlignmentFlag.AlignCenter
        self._has_coordinates = False
        self._outlines: dict[str, tuple[CellBlock, ...]] = {}
        self._fitted: tuple[object, CellGeometry] | None = None  # what the geometry depends on, and it
        self._backdrop, self._revision = CachedDrawing(), 0
        self._shown_shape: Cell = (0, 0)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, self.paints_ground)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    # -- what a kind of it says ----------------------------------------------------------------------------

    @property
    def shape(self) -> Cell:
        """Rows and columns; (0, 0) when there is nothing to show."""
        raise NotImplementedError

    def axes(self) -> CellAxes | None:
        """Coordinates on the edges."""
        if not self._has_coordinates or self.shape == (0, 0):
            return None
        (row, col), (rows, cols) = self._place_of(0, 0), self.shape
        return CellAxes(range(row, row + rows), range(col, col + cols))

    def _place_of(self, row: int, col: int) -> Cell:
        """Where a cell lies in the map by which it is named."""
        return row, col

    def _paint_cells(self, painter: QPainter, grid: CellGeometry) -> None:
        """Paint the cells; what is painted here is kept until `_show` is called."""

    def _paint_marks(self, painter: QPainter, grid: CellGeometry) -> None:
        """Paint what a special map shows between its cells and their outlines; nothing here."""

    # -- where things are ----------------------------------------------------------------------------------

    def grid(self) -> CellGeometry:
        """Where the cells lie, in the widget's coordinates."""
        shape, axes, ratio = self.shape, self.axes(), self.devicePixelRatioF()
        key = (shape, axes, ratio, self.size(), self._alignment, self._theme)
        if self._fitted is None or self._fitted[0] != key:
            area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
            if axes is not None:
                area.adjust(*axes.margins(self._theme))
            rows, cols = max(shape[0], 1), max(shape[1], 1)
            self._fitted = key, CellGeometry.fit(rows, cols, area, ratio, self._alignment)
        return self._fitted[1]

    def drawn_height(self) -> int:
        """Height of what is drawn, coordinates included; below it the widget may be empty."""
        axes = self.axes()
        below = 0.0 if axes is None else -axes.margins(self._theme)[3]
        return min(math.ceil(self.grid().rect.bottom() + below) + 2, self.height())

    def cell_rect(self, row: int, col: int) -> QRectF:
        """Rectangle of a cell, in the widget's coordinates."""
        return self.grid().cells(row, col)

    def cell_at(self, point: QPointF) -> Cell | None:
        """Row and column of the cell at a point of the widget, or None."""
        return None if self.shape == (0, 0) else self.grid().cell_at(point)

    def edges(self) -> tuple[int, int]:
        """Width and height that the coordinates take, at the left and at the bottom; 0 without any."""
        axes = self.axes()
        left, _, _, below = (0.0, 0.0, 0.0, 0.0) if axes is None else axes.margins(self._theme)
        return math.ceil(left), math.ceil(-below)

    # -- how it is shown -----------------------------------------------------------------------------------

    def set_interactive(self, interactive: bool) -> None:
        """Answer to pointer and keyboard, or be a picture only."""
        self._is_interactive = interactive
        self.setMouseTracking(interactive)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if interactive else Qt.FocusPolicy.NoFocus)

    def set_coordinates(self, shown: bool) -> None:
        """Write the numbers of rows and columns on the edges."""
        if shown != self._has_coordinates:
            self._has_coordinates = shown
            self._show()

    def set_alignment(self, alignment: Qt.AlignmentFlag) -> None:
        """Say where the cells lie when the widget has room to spare; in the centre by default."""
        self._alignment = alignment
        self.update()

    def set_highlight(self, blocks: Sequence[CellBlock], role: str) -> None:
        """Outline blocks of cells, in place of those that had this role before.

        * `role`: A key of `OUTLINES`: dashed, solid with a filled corner, bold, thin.
        * Raises ValueError: if there is no such role.
        """
        if role not in OUTLINES:
            raise ValueError(
                f"The role of an outline must be one of {', '.join(OUTLINES)}. Got {role!r} instead."
            )
        new = tuple(blocks)
        if new != self._outlines.get(role, ()):
            self._outlines[role] = new
            self.update()

    def highlighted(self, role: str) -> tuple[CellBlock, ...]:
        """Blocks of cells that are outlined in a role."""
        return self._outlines.get(role, ())

    @override
    def _restyle(self, theme: Theme) -> None:
        self._revision += 1

    def _show(self) -> None:
        """Draw other content, and look which of its cells is pointed at."""
        self._revision += 1
        if self.shape != self._shown_shape:
            self._shown_shape = self.shape
            self._focus_cell = (0, 0)
            self.updateGeometry()
        self._ask_again()
        self.update()

    @override
    def _is_there(self, part: Cell) -> bool:
        return stepped(part, (0, 0), self.shape) == part and self.shape != (0, 0)

    # -- pointing ------------------------------------------------------------------------------------------

    @property
    def focus_cell(self) -> Cell:
        """Row and column of the cell that the keyboard points at."""
        return self._focus_cell

    def set_focus_cell(self, row: int, col: int) -> None:
        """Move the keyboard's cell without a signal; clipped to the map."""
        self._focus_cell = stepped((row, col), (0, 0), self.shape)
        self.update()

    @override
    def _part_rect(self, part: Cell) -> QRectF:
        return self.cell_rect(*part)

    @override
    def _part_at(self, point: QPointF) -> Cell | None:
        return self.cell_at(point)

    @override
    def _on_hovered(self, part: Cell | None) -> None:
        if part is None:
            self.cellLeft.emit()
        else:
            self.cellHovered.emit(*part)

    @override
    def _can_press(self, part: Cell) -> bool:
        return self._is_interactive

    @override
    def _press(self, part: Cell) -> None:
        self._focus_cell = part
        self.update()
        self.cellClicked.emit(*part)

    @override
    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() in (QEvent.Type.Polish, QEvent.Type.StyleChange):
            # The stylesheet, which makes the content of scroll areas transparent, has taken it back.
            self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, self.paints_ground)
        return done

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._is_interactive:
            super().mouseMoveEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = plain_arrow_step(event)
        if not self._is_interactive or self.shape == (0, 0):
            event.ignore()
        elif step is not None:
            self.set_focus_cell(self._focus_cell[0] + step[0], self._focus_cell[1] + step[1])
            self._hover(self._focus_cell)
        elif is_enter(event):
            self.cellClicked.emit(*self._focus_cell)
        else:
            super().keyPressEvent(event)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if not self.underMouse():
            self._hover(None)

    @override
    def sizeHint(self) -> QSize:
        rows, cols = self.shape if self.shape != (0, 0) else (1, 1)
        side = self._theme.px(240)
        return QSize(round(side * cols / max(rows, cols)) + 2, round(side * rows / max(rows, cols)) + 2)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint().boundedTo(QSize(self._theme.px(56), self._theme.px(56)))

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.paints_ground:
            painter.fillRect(event.rect(), self._theme.color("surface"))
        if self.shape == (0, 0):
            self._paint_placeholder(painter)
            return
        grid, is_whole = self.grid(), self._seen() == self.rect()
        if self._is_kept(grid):
            key = (self._revision, grid, is_whole)
            self._backdrop.paint(painter, self, key, lambda inner: self._paint_base(inner, grid, is_whole))
        else:
            self._paint_base(painter, grid, is_whole)
        self._paint_marks(painter, grid)
        ratio = self.devicePixelRatioF()
        for role in OUTLINES:
            blocks = self._outlines.get(role, ())
            for block in blocks if blocks and self._shows_outline(role) else ():
                rect = grid.cells(*block).intersected(grid.rect)
                paint_outline(painter, rect, role, self._theme, ratio)
        if not is_whole:
            self._paint_axes(painter, grid)
        # A chosen cell keeps its colour, which says what it is, under the pointer.
        if self._hovered is not None and not self._is_chosen(self._hovered):
            self._paint_hovered(painter, grid.cells(*self._hovered))
        if self.hasFocus():
            self._paint_focus(painter, grid)

    def _is_kept(self, grid: CellGeometry) -> bool:
        """Whether the cells take so long to draw that a picture of them is worth its memory."""
        return True

    def _paint_base(self, painter: QPainter, grid: CellGeometry, is_whole: bool) -> None:
        self._paint_cells(painter, grid)
        if is_whole:
            self._paint_axes(painter, grid)

    def _paint_axes(self, painter: QPainter, grid: CellGeometry) -> None:
        axes = self.axes()
        if axes is not None:
            axes.paint(painter, grid, QRectF(self._seen()), self._theme)

    def _seen(self) -> QRect:
        """Part of the widget that is in sight, at whose edges coordinates stand; all if there are none."""
        seen = QRect() if self.axes() is None else self.visibleRegion().boundingRect()
        return self.rect() if seen.isEmpty() else seen

    def _shows_outline(self, role: str) -> bool:
        """Whether the outlines of a role are drawn now."""
        return True

    def _is_chosen(self, cell: Cell) -> bool:
        return (*cell, 1, 1) in self.highlighted("selected")

    def _paint_hovered(self, painter: QPainter, cell: QRectF) -> None:
        """Show which cell is pointed at."""
        paint_outline(painter, cell, self.hover_role, self._theme, self.devicePixelRatioF())

    def _paint_focus(self, painter: QPainter, grid: CellGeometry) -> None:
        """Show that the map has the keyboard, and at which cell."""
        rect = grid.cells(*self._focus_cell)
        if self._is_chosen(self._focus_cell):  # round its frame, not over it
            beyond = OUTLINES["selected"].width
            rect = rect.adjusted(-beyond, -beyond, beyond, beyond)
        paint_outline(painter, rect, "focus", self._theme, self.devicePixelRatioF())
