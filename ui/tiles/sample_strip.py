"""Thumbnails of thousands of images, of which one is chosen."""

from collections.abc import Sequence
from typing import Any, override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ui.controls.placeholder import draw_placeholder
from ui.controls.scroll_column import keep_bar
from ui.controls.tips import wrapped
from ui.theme import LIGHT, Theme, follow_theme, ui_font
from ui.theme.icons import icon_pixmap

_FEW = 100  # changed rows that a view is told of one by one
_MARK_ROLE = Qt.ItemDataRole.UserRole + 1
_ROOT = QModelIndex()
_Index = QModelIndex | QPersistentModelIndex


class SampleModel(QAbstractListModel):
    """The images to show, in order; pixels are read only for what is in sight."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._images: NDArray[np.uint8] = np.zeros((0, 1, 1, 1), dtype=np.uint8)
        self.indices: NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        self._texts: Sequence[str] = ()
        self._marks: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)

    def set_images(
        self,
        images: NDArray[np.uint8],
        indices: NDArray[np.intp],
        texts: Sequence[str],
        marks: NDArray[np.bool_],
    ) -> None:
        """Replace everything; see `SampleGrid.set_images`."""
        self.beginResetModel()
        self._images, self.indices = images, indices
        self._texts, self._marks = texts, marks
        self.endResetModel()

    def set_marks(self, texts: Sequence[str], marks: NDArray[np.bool_]) -> None:
        """Replace texts and marks of the same images."""
        before, self._texts, self._marks = self._marks, texts, marks
        if len(before) != len(marks):
            changed = np.arange(len(self.indices))
        else:
            # Texts are asked for when they are needed; a view that is told of all its rows looks at each.
            changed = np.flatnonzero(before != marks)
        if 0 < len(changed) <= _FEW:
            for row in changed.tolist():
                self.dataChanged.emit(self.index(row), self.index(row))
        elif len(changed):
            self.dataChanged.emit(self.index(int(changed[0])), self.index(int(changed[-1])))

    def image(self, row: int) -> QImage:
        """Picture of a row, Format_Grayscale8."""
        pixels = np.ascontiguousarray(self._images[self.indices[row], 0])
        height, width = pixels.shape
        return QImage(pixels.data, width, height, width, QImage.Format.Format_Grayscale8).copy()

    @override
    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.indices)

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = index.row()
        if not index.isValid() or row >= len(self.indices):
            return None
        text = self._texts[row] if row < len(self._texts) else ""
        if role == Qt.ItemDataRole.ToolTipRole:
            return wrapped(text)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return text
        if role == _MARK_ROLE:
            return bool(self._marks[row]) if row < len(self._marks) else False
        return None


class _SampleDelegate(QStyledItemDelegate):
    """Draws one thumbnail: image, frame when chosen, sign when misclassified."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.side = 62

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(self.side, self.side)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        assert isinstance(model, SampleModel)
        rect, state = option.rect, option.state
        px = self.theme.px
        inner = rect.adjusted(px(3), px(3), -px(3), -px(3))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawImage(inner, model.image(index.row()))
        if index.data(_MARK_ROLE):
            self._paint_mark(painter, inner)
        if state & QStyle.StateFlag.State_Selected:
            focused = state & QStyle.StateFlag.State_HasFocus
            painter.setPen(QPen(self.theme.color("accent"), px(3 if focused else 2)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(inner.adjusted(-1, -1, 0, 0))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(self.theme.color("muted"), px(1)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(inner)
        painter.restore()

    def _paint_mark(self, painter: QPainter, inner: QRect) -> None:
        side = self.theme.px(14)
        corner = QRect(inner.right() - side, inner.top() + 1, side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.color("danger_soft"))
        painter.drawEllipse(corner)
        ratio = painter.device().devicePixelRatio()
        painter.drawPixmap(corner, icon_pixmap("circle-x", self.theme.color("danger"), side, ratio))


class SampleGrid(QListView):
    """Grid of thumbnails that fills its width evenly. Only what is in sight is drawn."""

    #: Data-set index of the image that the user has chosen.
    sampleRequested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._preferred = 62
        self._placeholder = ""
        self._quiet = False
        self._samples = SampleModel(self)
        self._delegate = _SampleDelegate(self)
        self.setModel(self._samples)
        self.setItemDelegate(self._delegate)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        keep_bar(self)
        self.setMouseTracking(True)
        self.selectionModel().currentChanged.connect(self._on_current_changed)
        follow_theme(self)

    def set_images(
        self,
        images: NDArray[np.uint8],
        indices: NDArray[np.intp],
        labels_text: Sequence[str],
        marks: NDArray[np.bool_],
    ) -> None:
        """Show images; the chosen one stays chosen if it is still among them.

        * `images`: all images of a data set. Kept, not copied.
        * `indices`: numbers of those to show, in order.
        * `labels_text`: tool tips.
        * `marks`: true for those that are misclassified.
        """
        chosen = self.current()
        self._quiet = True
        self._samples.set_images(images, np.asarray(indices, dtype=np.intp), labels_text, marks)
        self._quiet = False
        self.set_current(chosen)

    def set_marks(self, labels_text: Sequence[str], marks: NDArray[np.bool_]) -> None:
        """Change tool tips and marks of the images shown, without scrolling.

        * `marks`: ndarray of shape (m,), bool.
        """
        self._samples.set_marks(labels_text, marks)

    def indices(self) -> NDArray[np.intp]:
        """Data-set indices of the images shown, in order."""
        return self._samples.indices

    def current(self) -> int | None:
        """Data-set index of the chosen image."""
        row = self.currentIndex().row()
        return int(self._samples.indices[row]) if 0 <= row < len(self._samples.indices) else None

    def set_current(self, index: int | None) -> None:
        """Choose an image by its data-set index and scroll to it; none if it is not among those shown."""
        rows = np.flatnonzero(self._samples.indices == (-1 if index is None else index))
        self._quiet = True
        if len(rows):
            self.setCurrentIndex(self._samples.index(int(rows[0])))
        else:
            self.setCurrentIndex(QModelIndex())
            self.clearSelection()
        self._quiet = False

    def set_tile_size(self, side: int) -> None:
        """Preferred side of a thumbnail, in pixels at scale 1."""
        if side != self._preferred:
            self._preferred = side
            self._fit_tiles()

    def set_placeholder(self, text: str) -> None:
        """Text shown when there are no images: what to do to get some."""
        self._placeholder = text
        self.viewport().update()

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        self._theme = theme
        self._delegate.theme = theme
        self.setFont(ui_font(theme))
        self._fit_tiles()

    @override
    def sizeHint(self) -> QSize:
        side = self._theme.px(self._preferred)
        return QSize(3 * side + self._bar_width() + 2, 5 * side)

    @override
    def minimumSizeHint(self) -> QSize:
        side = self._theme.px(self._preferred)
        return QSize(2 * side + self._bar_width() + 2, 2 * side)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_tiles()
        super().resizeEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not len(self._samples.indices) and self._placeholder:
            painter = QPainter(self.viewport())
            painter.setFont(ui_font(self._theme))
            draw_placeholder(painter, self.viewport().rect(), self._placeholder, self._theme)

    def _fit_tiles(self) -> None:
        width = self.width() - self._bar_width() - 2
        columns = max(width // self._theme.px(self._preferred), 1)
        side = max(width // columns, 16)
        if side != self._delegate.side or self.gridSize().width() != side:
            self._delegate.side = side
            self.setGridSize(QSize(side, side))

    def _bar_width(self) -> int:
        return self.verticalScrollBar().sizeHint().width()

    def _on_current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        if not self._quiet and current.isValid():
            self.sampleRequested.emit(int(self._samples.indices[current.row()]))
