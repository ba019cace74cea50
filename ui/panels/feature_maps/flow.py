"""The network left to right: the columns of all its stages, side by side on one scale."""

from itertools import pairwise
from typing import override

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QScrollBar, QSizePolicy, QWidget

from cnnviz.session_state import ViewValue
from ui.cells.mark_legend import MarkLegend
from ui.controls.late_scroll import place_of, scroll_later
from ui.controls.layouts import fill
from ui.controls.painted_button import FoldedStrip
from ui.controls.scroll_column import set_up_area
from ui.panels.feature_maps.columns import ColumnRequests, StageColumn
from ui.panels.feature_maps.explain import Explained
from ui.panels.feature_maps.flat_columns import OutputColumn, UnitColumn
from ui.panels.feature_maps.map_column import MapColumn
from ui.panels.feature_maps.picture import Picture
from ui.panels.feature_maps.plan import Column, Kind, Plan
from ui.panels.feature_maps.sizes import (
    LARGEST_SCALE,
    Room,
    column_width,
    column_widths,
    default_folds,
    fitting_scale,
    scrolled_scale,
    side_of,
    total_width,
)
from ui.panels.views import Choices, under
from ui.theme import LIGHT, Theme, follow_theme

_WINNER = ("winner", "maximum")
_KEY = (("selected", "this cell"), ("receptive", "it reads"), _WINNER, ("feeds", "it feeds"))


class _Row(QWidget):
    """The columns, with an arrow from each to the next."""

    def __init__(self) -> None:
        super().__init__()
        self.columns: list[QWidget] = []
        self.row = fill(QHBoxLayout(self))
        self.arrow_height = 0
        self.arrow_color = QColor()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.arrow_color, 1.5, c=Qt.PenCapStyle.RoundCap))
        shown = [child for child in self.columns if not child.isHidden()]
        for left, right in pairwise(shown):
            tip = QPointF((left.geometry().right() + right.geometry().left()) / 2 + 3, self.arrow_height)
            painter.drawLine(tip, tip + QPointF(-4, -4))
            painter.drawLine(tip, tip + QPointF(-4, 4))


class FlowView(QScrollArea):
    """All columns. What does not fit is folded or scrolled; one column may be enlarged.

    * `requests`: what the columns ask for.
    * `unfolded`: columns can be seen again that were not drawn while they were folded.
    """

    unfolded = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self.requests = ColumnRequests(self)
        self.requests.enlargeRequested.connect(self._on_enlarge_requested)
        self.requests.foldRequested.connect(self._on_fold_requested)
        self._plan: Plan | None = None
        self._columns: dict[str, StageColumn] = {}
        self._strips: dict[str, FoldedStrip] = {}
        self._user_folds: dict[str, bool] = {}
        self._folded: frozenset[str] = frozenset()
        self._enlarged: str | None = None
        self._scale: int | None = None
        #: From where Tab comes to the columns.
        self.tabs_after: QWidget | None = None
        self._row = _Row()
        set_up_area(self, self._row)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    def draw(self, picture: Picture, explained: Explained) -> None:
        """Show a picture where the user looks; another network gets its own columns."""
        if picture.plan is not self._plan:
            self._build(picture.plan)
        for key, widget in self._columns.items():
            if key not in self._folded:
                widget.draw(picture, explained)

    # -- arrangement ---------------------------------------------------------------------------------------

    def column(self, key: str) -> StageColumn:
        """Widget of a column."""
        return self._columns[key]

    def set_folded(self, key: str, folded: bool) -> None:
        """Fold a column, or unfold it."""
        self._user_folds[key] = folded
        if folded and key == self._enlarged:
            self._enlarged = None
        self._arrange()

    def enlarged(self) -> str | None:
        """Key of the enlarged column."""
        return self._enlarged

    def set_enlarged(self, key: str | None) -> None:
        """Enlarge a column, or none."""
        self._enlarged = key
        self._arrange()
        if key is not None:
            self.ensureWidgetVisible(self._columns[key])

    def view_state(self) -> dict[str, ViewValue]:
        """Return sizes, folds, the enlarged column and what is scrolled, as the user has chosen them."""
        large = None if self._enlarged is None else self._columns[self._enlarged]
        return {
            "scale": self._scale,
            "enlarged": self._enlarged,
            "scroll": place_of(self.horizontalScrollBar()),
            **under("folded", self._user_folds),
            **(under("large", large.view_state()) if isinstance(large, MapColumn) else {}),
            **under("thumbs", {key: place_of(bar) for key, bar in self._thumb_bars().items()}),
        }

    def _thumb_bars(self) -> dict[str, QScrollBar]:
        columns = {key: each for key, each in self._columns.items() if isinstance(each, MapColumn)}
        return {key: each.thumbs.scroll_bar() for key, each in columns.items() if each.thumbs is not None}

    def restore_view(self, choices: Choices) -> None:
        """Choose as `view_state` said."""
        folds = choices.below("folded")
        self._scale = choices.whole("scale", 1, 2 * LARGEST_SCALE, None)
        self._user_folds = {key: folds.flag(key, False) for key in folds.names() if key in self._columns}
        enlarged = choices.any_text("enlarged")
        large = self._columns.get(enlarged)
        self.set_enlarged(enlarged if isinstance(large, MapColumn) else None)
        if isinstance(large, MapColumn):
            large.restore_view(choices.below("large"))
        thumbs, bars = choices.below("thumbs"), self._thumb_bars()
        for key in thumbs.names():
            if key in bars:
                scroll_later(bars[key], thumbs.whole(key, 0, 1_000_000, 0))
        scroll_later(self.horizontalScrollBar(), choices.whole("scroll", 0, 1_000_000, 0))

    def map_scale(self) -> int:
        """Pixels a cell of the largest map."""
        return self._fitted()[0]

    def change_scale(self, steps: int) -> None:
        """Draw all maps larger or smaller; what does not fit is scrolled."""
        self._scale = min(max(self.map_scale() + steps, 1), 2 * LARGEST_SCALE)
        self._arrange()

    def fit(self) -> None:
        """Draw all maps as large as fits, with the usual folds."""
        self._scale = None
        self._user_folds.clear()
        self._enlarged = None
        self._arrange()

    def set_theme(self, theme: Theme) -> None:
        """Scale the sizes."""
        self._theme = theme
        self._row.arrow_color = theme.color("muted", 0.7)
        self._arrange()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(900), self._theme.px(420))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(300), self._theme.px(190))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size() != event.oldSize():
            self._arrange()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        # There is nothing to scroll upwards: the wheel moves along the network.
        bar = self.horizontalScrollBar()
        if bar.maximum() > 0:
            delta = event.angleDelta().y() or event.angleDelta().x()
            bar.setValue(bar.value() - delta)
            event.accept()
        else:
            event.ignore()

    def _room(self) -> Room:
        return Room(self.width(), self.height(), self._theme)

    def _folds(self) -> frozenset[str]:
        if self._plan is None:
            return frozenset()
        folds = set(default_folds(self._plan, self._room()))
        for key, folded in self._user_folds.items():
            (folds.add if folded else folds.discard)(key)
        return frozenset(folds)

    def _fitted(self) -> tuple[int, bool]:
        """Pixels a cell, and whether the columns have to be scrolled."""
        assert self._plan is not None
        room, folds = self._room(), self._folds()
        if self._scale is None:
            fitting = fitting_scale(self._plan, folds, room)
            if fitting is not None:
                return fitting, False
        bar = self.horizontalScrollBar().sizeHint().height()
        lower = Room(room.width, room.height - bar, room.theme)
        scale = self._scale or scrolled_scale(self._plan, lower)
        return scale, total_width(self._plan, side_of(self._plan, scale), folds, room) > room.width

    def _arrange(self) -> None:
        """Give every column its width, for the room there is."""
        plan = self._plan
        if plan is None or not self._columns:
            return
        folds, room = self._folds(), self._room()
        opened = self._folded - folds
        self._folded = folds
        scale, scrolled = self._fitted()
        enlarged_width = 0
        if self._enlarged is not None and self._scale is None:
            scale = max(min(scale, 3), 1)
        side = side_of(plan, scale)
        if self._enlarged is not None:
            others = total_width(plan, side, {*folds, self._enlarged}, room)
            enlarged_width = max(room.width - others, round(0.45 * room.width), side)
            scrolled = others + enlarged_width > room.width
        widths = column_widths(
            plan, side, folds if enlarged_width == 0 else {*folds, str(self._enlarged)}, room
        )
        if enlarged_width:
            widths = {key: column_width(self._columns[key].column, side, self._theme) for key in widths}
        for key, widget in self._columns.items():
            enlarged = key == self._enlarged
            widget.setVisible(key not in folds)
            self._strips[key].setVisible(key in folds)
            if isinstance(widget, MapColumn):
                widget.set_enlarged(enlarged)
            width = enlarged_width if enlarged else widths.get(key, side)
            widget.setFixedWidth(width)
            widget.set_side(width if widget.column.kind is Kind.KERNELS else side)
        policy = Qt.ScrollBarPolicy
        self.setHorizontalScrollBarPolicy(policy.ScrollBarAlwaysOn if scrolled else policy.ScrollBarAlwaysOff)
        self._row.row.setSpacing(room.gap)
        self._row.arrow_height = self._theme.px(40) + side // 2
        self._row.update()
        if opened:
            self.unfolded.emit()

    # -- building ------------------------------------------------------------------------------------------

    def _build(self, plan: Plan) -> None:
        """Build the columns of another network."""
        self._clear()
        self._plan = plan
        for column in plan.columns:
            widget = self._make(column, plan)
            self._columns[column.key] = widget
            strip = FoldedStrip(widget.head.title(), self._row)
            strip.setProperty("key", column.key)
            strip.clicked.connect(self._on_strip_clicked)
            self._strips[column.key] = strip
            for part in (widget, strip):
                self._row.row.addWidget(part)
                self._row.columns.append(part)
        self._row.row.addStretch(1)
        self._arrange()
        self._order_tabs()

    def _order_tabs(self) -> None:
        """Let Tab reach the columns after what stands above them; made later, they would come last of all."""
        before = self.tabs_after
        for part in self._row.findChildren(QWidget):
            is_stop = bool(part.focusPolicy() & Qt.FocusPolicy.TabFocus)
            if before is not None and is_stop and part.window() is before.window():
                self.setTabOrder(before, part)
                before = part

    def _make(self, column: Column, plan: Plan) -> StageColumn:
        kind = {Kind.UNITS: UnitColumn, Kind.OUTPUT: OutputColumn}.get(column.kind, MapColumn)
        widget = kind(column, self.requests, self._row)
        if column.kind is Kind.IMAGE and isinstance(widget, MapColumn):
            key = MarkLegend(is_column=True)
            widget.add_below(key)
            has_winners = any(layer.tie_rule is not None for _, layer in plan.layers)
            key.set_marks([mark for mark in _KEY if mark != _WINNER or has_winners])
        return widget

    def _clear(self) -> None:
        while self._row.row.count():
            item = self._row.row.takeAt(0)
            widget = None if item is None else item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._row.columns.clear()
        self._columns.clear()
        self._strips.clear()
        self._user_folds.clear()
        self._folded = frozenset()
        self._enlarged = None

    def _on_enlarge_requested(self, key: str) -> None:
        self.set_enlarged(None if self._enlarged == key else key)

    def _on_fold_requested(self, key: str) -> None:
        self.set_folded(key, True)

    def _on_strip_clicked(self) -> None:
        strip = self.sender()
        assert strip is not None
        self.set_folded(str(strip.property("key")), False)
