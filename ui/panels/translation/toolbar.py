"""The choices that concern the whole panel."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QLabel, QWidget

from cnnviz.translation import RELATIVE_TO_BLANK_NOTE
from ui.controls.choice_field import ChoiceField
from ui.controls.flow_row import FlowRow
from ui.controls.naming import named
from ui.controls.segmented import SegmentedControl
from ui.panels.translation.flicker import FlickerControl
from ui.panels.translation.subject import LESSON_TITLES
from ui.panels.translation.view import View
from ui.tiles.pair_image import PAIR_VIEWS

_POOL_SIZES = (2, 3, 4)
_BLOCKS = (1, 2, 3)
_VIEW_TIPS = {
    "overlay": "Original and shifted in one picture, each in its own colour; what they share is neutral",
    "sides": "Original on the left, shifted on the right; under “vs moved” the original's maps are moved",
    "difference": "Shifted minus original, under “vs moved” minus the original's maps moved: red where the "
    "shifted one is larger, blue where it is smaller, white where they are equal",
    "flicker": "Original and shifted in turn, at most three times a second",
}


class Toolbar(FlowRow):
    """Lesson, view, window of the pools, block, and what features are relative to.

    Parameters
    ----------
    parent : QWidget, optional
    """

    lessonChosen = Signal(str)
    pairViewChosen = Signal(str)
    poolSizeChosen = Signal(int)
    blockChosen = Signal(int)
    relativeChosen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._build_lessons()
        self._build_views()
        self._build_network_choices()
        self.add(_group(self, "Lesson", self.lessons))
        self.add(self.views)
        self.add(self.flicker)
        self._blocks_group = _group(self, "Block", self.blocks)
        self.add(self._blocks_group)
        self.add(_group(self, "Pool", self.pool_sizes))
        self.add(self.relative)
        self._connect_signals()

    def show_view(self, view: View) -> None:
        """Show the choices in force."""
        self.lessons.set_choice(view.lesson)
        self.views.set_current(view.pair)
        self.flicker.setVisible(view.pair == "flicker")
        self.pool_sizes.set_current(str(view.pool_size))
        self.blocks.set_current(str(view.block))
        blocked = self.relative.blockSignals(True)
        self.relative.setChecked(view.relative)
        self.relative.blockSignals(blocked)

    def set_blocks(self, sides: Sequence[int]) -> None:
        """Offer the convolution blocks, by the side of their maps, that hold a pooling window.

        There is nothing to choose from one.
        """
        self._blocks_group.setVisible(len(sides) > 1)
        for number in _BLOCKS:
            self.blocks.button(str(number)).setVisible(number <= len(sides))
        for number, side in enumerate(sides, start=1):
            self.blocks.set_option_enabled(str(number), side >= _POOL_SIZES[0])

    def set_largest_pool(self, side: int) -> None:
        """Offer windows that fit into maps of some side."""
        for size in _POOL_SIZES:
            self.pool_sizes.set_option_enabled(str(size), size <= side)

    def _build_lessons(self) -> None:
        tip = "Small experiments, one after the other: each says what to look at and what it measured"
        self.lessons = named(ChoiceField(LESSON_TITLES), "Lesson", tip)
        self.lessons.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.lessons.setSizeAdjustPolicy(ChoiceField.SizeAdjustPolicy.AdjustToContents)

    def _build_views(self) -> None:
        self.views = named(SegmentedControl(PAIR_VIEWS), "How original and shifted are shown")
        for key, text in _VIEW_TIPS.items():
            self.views.set_option_tooltip(key, text)
        self.flicker = FlickerControl()
        self.flicker.hide()

    def _build_network_choices(self) -> None:
        self.blocks = named(SegmentedControl([str(number) for number in _BLOCKS]), "Convolution block")
        for number in _BLOCKS:
            self.blocks.set_option_tooltip(
                str(number), f"Convolution block {number}, counted from the input, and the pools after it"
            )
        self.pool_sizes = SegmentedControl([str(size) for size in _POOL_SIZES])
        self.pool_sizes.setAccessibleName("Side of the pooling windows")
        for size in _POOL_SIZES:
            self.pool_sizes.set_option_tooltip(
                str(size),
                f"Pool windows of {size} × {size} cells, for all kinds of pool; the filters stay",
            )
        self.relative = named(QCheckBox("Relative to blank"), "Take features relative to a blank image")
        self.relative.setAccessibleDescription(RELATIVE_TO_BLANK_NOTE)
        self.relative.setToolTip(f"F′(x) = F(x) − F(blank). {RELATIVE_TO_BLANK_NOTE}")
        self.relative.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _connect_signals(self) -> None:
        self.lessons.choiceEdited.connect(self.lessonChosen)
        self.views.currentChanged.connect(self.pairViewChosen)
        self.pool_sizes.currentChanged.connect(self._on_pool_size_changed)
        self.blocks.currentChanged.connect(self._on_block_changed)
        self.relative.toggled.connect(self.relativeChosen)

    @Slot(str)
    def _on_pool_size_changed(self, key: str) -> None:
        self.poolSizeChosen.emit(int(key))

    @Slot(str)
    def _on_block_changed(self, key: str) -> None:
        self.blockChosen.emit(int(key))


def _group(parent: FlowRow, text: str, control: QWidget) -> QWidget:
    label = named(QLabel(text), role="muted")
    label.setBuddy(control)
    return parent.joined(label, control)
