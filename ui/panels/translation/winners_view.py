"""What became of the winner of every max-pooling window."""

from dataclasses import replace
from typing import override

import numpy as np
from PySide6.QtCore import QPoint, QRect, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviz.inspect.receptive_field import receptive_field
from cnnviz.palette import signed_levels
from cnnviz.quantities import format_cell, format_together
from cnnviz.translation import WinnerChange, WinnerMap
from ui.cells.category_map import Category, CategoryMap
from ui.cells.category_table import CategoryRow, CategoryTable
from ui.cells.window_card import WindowCard, WindowPair
from ui.controls.color_scale import ColorScale
from ui.controls.labels import ElidedLabel, SectionTitle
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.panels.drawn import Drawn, TellsDrawn
from ui.panels.translation.picture import Picture
from ui.panels.translation.stages import own_pool, pooled_layer
from ui.theme import Theme, follow_theme

Block = tuple[int, int, int, int]

_SAME, _SAME_TIED = Category("border", name="same"), Category("faint", name="same, tied")
_MOVED = Category("winner", dotted=True, name="moved")
_CHANGED = Category("shifted", faint=0.82, name="value changed")
_CATEGORIES = (_SAME, _MOVED, _CHANGED, _SAME_TIED)
_NAMES = {
    WinnerChange.SAME: ("same", "same winner, equal value"),
    WinnerChange.MOVED: ("moved", "winner moved, equal value"),
    WinnerChange.CHANGED: ("changed", "value changed"),
}


class WinnersView(TellsDrawn, QWidget):
    """Map of the windows of one filter, counts, and a card for the window under the pointer.

    Parameters
    ----------
    card_ground : QWidget
        Where the card of a window may lie: the whole panel.
    parent : QWidget, optional
    """

    #: Window under the pointer: its cells in the maps that are pooled, in the pooled map and in the input,
    #: each (row, column, rows, columns); None when there is no window.
    windowPointed = Signal(object)

    def __init__(self, card_ground: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._result: Picture | None = None
        self._ground = card_ground
        self.card = WindowCard(card_ground)
        self._build_widgets()
        self._build_layout()
        self.map.cellHovered.connect(self._on_cell_hovered)
        self.map.cellLeft.connect(self._on_cell_left)
        follow_theme(self)

    def show_result(self, result: Picture) -> None:
        """Show the windows of the chosen filter, and count them."""
        self._result = result
        channel = result.channel
        own = own_pool(result.subject.network, result.view.block)
        what_if = "" if own == ("max", result.comparison.pool_size) else ", what if"
        self._title.set_caption(f"filter {channel}{what_if}")
        one = channel_of(result.comparison.winners, channel)
        self._show_map(one)
        self._show_counts(one)
        if self.map.hovered is not None:
            self._on_cell_hovered(*self.map.hovered)

    @override
    def drawn(self) -> Drawn | None:
        return None if self._result is None else self._result.drawn_of_winners

    def set_theme(self, theme: Theme) -> None:
        """Scale the gaps."""
        self._layout.setSpacing(theme.px(6))
        self._row.setSpacing(theme.px(12))
        self._title.setMinimumHeight(theme.px(18))

    def _build_widgets(self) -> None:
        self._title = SectionTitle("Winners of max pooling")
        tip = (
            "One cell a pooling window. Point at one, or reach it by Tab and arrow keys, to see its values. "
            "Palest: the winner stayed, but several cells share the maximum, as blank background does."
        )
        self.map = named(CategoryMap(_CATEGORIES), "Winner map", tip)
        tip = (
            "Windows of this filter. Single: one cell alone is the largest, before and after. Tied: several "
            "cells share the maximum before or after; the first of them counts as the winner."
        )
        self.table = named(CategoryTable(("single", "tied")), "Windows counted", tip)
        self._change = ElidedLabel(role="muted", widest="mean 0.00 · max 00.00", small=True)
        self._change.setToolTip("By how much the changed values have changed")

    def _build_layout(self) -> None:
        side = fill(QVBoxLayout(), self.table, self._change, 1, spacing=6)
        self._row = fill(QHBoxLayout(), (self.map, 10), (side, 9))
        self._layout = fill(QVBoxLayout(self), self._title, (self._row, 1))

    def _show_map(self, one: WinnerMap) -> None:
        category, tied, change = one.category[0], one.tied[0], np.abs(one.change[0])
        kinds = np.where((category == WinnerChange.SAME) & tied, 3, category)
        largest = float(change.max())
        strengths = change / largest if largest > 0 else np.zeros_like(change)
        self.map.set_cells(kinds, np.where(category == WinnerChange.CHANGED, strengths, 1.0))

    def _show_counts(self, one: WinnerMap) -> None:
        counts = one.counts
        self.table.set_rows(
            [
                CategoryRow(
                    _CATEGORIES[kind], *_NAMES[kind], (str(counts[kind].single), str(counts[kind].tied))
                )
                for kind in WinnerChange
            ]
        )
        changes = np.abs(one.change[one.category == WinnerChange.CHANGED])
        if changes.size:
            mean, largest = format_together((float(changes.mean()), float(changes.max())))
            self._change.set_text(f"mean {mean} · max {largest}")
        else:
            self._change.set_text("no value changed")

    def _on_cell_hovered(self, row: int, column: int) -> None:
        if self._result is None:
            return
        winners = self._result.comparison.winners
        channel, size = self._result.channel, winners.size
        kind = WinnerChange(int(winners.category[channel, row, column]))
        tie = ", tied" if winners.tied[channel, row, column] else ""
        place = (channel, row, column)
        values = np.stack([winners.original[channel], winners.moved[channel]])
        window = WindowPair(
            f"{format_cell((row, column)).capitalize()}: {_NAMES[kind][1]}{tie}",
            winners.window(*place),
            (int(winners.original_winner[place]), int(winners.moved_winner[place])),
            ColorScale("signed", *signed_levels(values)),
        )
        cell = self.map.cell_rect(row, column).toAlignedRect()
        corner = self.map.mapTo(self._ground, QPoint(0, 0))
        self.card.show_window(window, QRect(cell.topLeft() + corner, cell.size()))
        pooled = (row * size, column * size, size, size)
        self.windowPointed.emit((pooled, (row, column, 1, 1), self._input_block(pooled)))

    def _input_block(self, window: Block) -> Block:
        """Pixels that a window of the pooled maps is computed from."""
        assert self._result is not None
        network = self._result.subject.network
        layer = pooled_layer(network, self._result.view.block)
        top, left, rows, cols = window
        corners = [(top, left), (top + rows - 1, left + cols - 1)]
        fields = [receptive_field(network, layer, (0, *corner))["input"].rectangle for corner in corners]
        first, last = fields
        return (
            first.top,
            first.left,
            last.top + last.height - first.top,
            last.left + last.width - first.left,
        )

    @Slot()
    def _on_cell_left(self) -> None:
        self.card.hide()
        self.windowPointed.emit(None)


def channel_of(winners: WinnerMap, channel: int) -> WinnerMap:
    """Winner map of one filter alone."""
    only = slice(channel, channel + 1)
    return replace(
        winners,
        category=winners.category[only],
        tied=winners.tied[only],
        change=winners.change[only],
        original_winner=winners.original_winner[only],
        moved_winner=winners.moved_winner[only],
        original=winners.original[only],
        moved=winners.moved[only],
    )
