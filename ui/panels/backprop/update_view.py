"""The last step: every weight moves against its gradient; on trial, unless it is adopted."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnviz.quantities import format_signed, format_together
from ui.controls.buttons import Button
from ui.controls.choice_field import ChoiceField
from ui.controls.labels import SectionTitle, stand_in_a_row
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.number_field import FloatField
from ui.panels.backprop.arithmetic import source_stage
from ui.panels.backprop.focus import Focus
from ui.panels.backprop.map_card import MapCard
from ui.panels.backprop.maps_view import block_of_focus
from ui.panels.backprop.parameters import parameter_contents, rows_of
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.pickers import Overview
from ui.panels.backprop.step_view import StepView, offer_numbers
from ui.panels.backprop.steps import Step
from ui.panels.backprop.trial import Preview
from ui.rows.paired_bars import PairedBars
from ui.rows.value_list import ValueList, ValueRow
from ui.theme import Theme, follow_theme, theme_manager

_MOST_CHARACTERS = 13  # of a loss: there is room for them beside its name
#: What the slope promises, and why: under "first", and where the step is another rule's.
_PROMISES = (
    ("−η‖∂L/∂w‖²", "What the slope alone promises: −η times the squared length of the whole gradient"),
    (
        "−η ∇L·g",
        "What the slope alone promises: −η times the product of the slope ∇L, which is the gradient under "
        "“first”, and the step's direction g, which is the gradient under the rule in force",
    ),
)


class UpdateView(StepView):
    """Weights before and after, loss and prediction before and after; apply, undo, adopt.

    Signals
    -------
    rateEdited : float
    parameterRequested : str
        Look at another parameter.
    applyRequested, undoRequested, adoptRequested
    """

    rateEdited = Signal(float)
    parameterRequested = Signal(str)
    applyRequested = Signal()
    undoRequested = Signal()
    adoptRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preview: Preview | None = None
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self.rate.setFixedWidth(theme.px(96))
        self._below.setSpacing(theme.px(24))
        self._layout.setSpacing(theme.px(10))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Divide the height anew."""
        super().resizeEvent(event)
        self._fit_lower()

    def show_step(self, passed: Pass, step: Step, focus: Focus) -> None:
        """Draw the step."""
        self._shown = (passed, step, focus)
        names = tuple(passed.network.params)
        self.parameter.set_options([(name, name) for name in names])
        name = focus.parameter if focus.parameter in names else names[0]
        self.parameter.set_choice(name)
        self._draw_maps()
        self._draw_outcome()

    def set_rate(self, rate: float) -> None:
        """Show another learning rate."""
        self.rate.set_value(rate)

    def set_preview(self, preview: Preview | None) -> None:
        """Show what the next update would do; None while that is not known."""
        self._preview = preview
        if self._shown is not None:
            self._draw_maps()
            self._draw_outcome()

    def _build_widgets(self) -> None:
        self.parameter, self.row, self.channel = ChoiceField([]), ChoiceField([]), ChoiceField([])
        self.parameter.setSizeAdjustPolicy(ChoiceField.SizeAdjustPolicy.AdjustToContents)
        self.parameter.setAccessibleName("Parameter")
        self.parameter.setToolTip("Parameter whose weights are shown; all of them are updated")
        self.row.setAccessibleName("Filter or unit")
        self.row.setToolTip("Filter, or unit of the dense layer")
        self.channel.setAccessibleName("Input map")
        self.channel.setToolTip("Input map that the weights read")
        tip = "η: how far each weight moves for a gradient of 1. It begins as the run's own rate"
        self.rate = named(FloatField(1e-7, 1e3, 1e-4), "Learning rate", tip)
        self.rate.set_subject("Learning rate")
        self.cards = [MapCard() for _ in range(3)]
        self._signs = [QLabel(text) for text in ("+", "=")]
        for sign in self._signs:
            sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
            sign.setProperty("role", "muted")
        stand_in_a_row(*(card.title for card in self.cards))
        self.overview = Overview()
        self.outcome = ValueList()
        self.outcome.setAccessibleName("Loss before and after")
        self.bars = PairedBars()
        self.bars.setAccessibleName("Probabilities before and after the update")
        self.bars.setToolTip("Probability of each class: grey now, coloured after the update")
        self.bars_title = SectionTitle("Prediction", "grey now, coloured after")
        self.apply = Button("Apply the update", "zap", "primary", "Take this step on a copy of the network")
        self.undo = Button("Undo", "undo-2", "", "Take the last trial step back")
        self.adopt = Button(
            "Adopt",
            "check",
            "",
            "Continue the training run from the changed weights; until then the run is not touched",
        )

    def _build_layout(self) -> None:
        controls = fill(QHBoxLayout(), self.parameter, self.row, self.channel, 1, spacing=8)
        controls.addWidget(QLabel("Rate η"))
        controls.addWidget(self.rate)
        maps = fill(QHBoxLayout(), self.overview, spacing=8)
        for place, card in enumerate(self.cards):
            if place:
                maps.addWidget(self._signs[place - 1])
            maps.addWidget(card, 1)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column, widgets in (
            (left, (SectionTitle("Loss of this sample"), self.outcome)),
            (right, (self.bars_title, self.bars)),
        ):
            column.setSpacing(4)
            for widget in widgets:
                column.addWidget(widget)
        left.addStretch(1)
        self._lower = QWidget()
        self._below = fill(QHBoxLayout(self._lower), (left, 1), (right, 1))
        buttons = fill(QHBoxLayout(), self.apply, self.undo, self.adopt, 1, spacing=8)
        self._layout = fill(QVBoxLayout(self), controls, (maps, 1), self._lower, buttons)

    def _connect_signals(self) -> None:
        self.rate.valueEdited.connect(self.rateEdited)
        self.parameter.choiceEdited.connect(self.parameterRequested)
        self.row.choiceEdited.connect(self._on_row_edited)
        self.channel.choiceEdited.connect(self._on_channel_edited)
        self.apply.clicked.connect(self.applyRequested)
        self.undo.clicked.connect(self.undoRequested)
        self.adopt.clicked.connect(self.adoptRequested)
        self.overview.centerRequested.connect(self.centerRequested)
        self.cards[0].resized.connect(self._on_resized)
        for card in self.cards:
            self._pass_on(card, partial(self._on_pointed, card))

    def _draw_maps(self) -> None:
        assert self._shown is not None
        passed, _, focus = self._shown
        name = self.parameter.choice()
        preview = self._current_preview()
        after = None if preview is None else preview.network.params[name]
        contents = parameter_contents(passed, name, focus, self.rate.value(), after)
        self._side = self.cards[0].fitting_side()
        self.cards[2].map.set_covered(focus.is_covered)
        for card, content in zip(self.cards, contents, strict=True):
            card.show_map(content, block_of_focus(focus, self._side, content.grid.values.shape))
        shape = contents[1].grid.values.shape
        self.overview.show_map(contents[1], block_of_focus(focus, self._side, shape))
        for field, rows in zip((self.row, self.channel), rows_of(passed, name, focus), strict=True):
            offer_numbers(field, *rows)

    def _draw_outcome(self) -> None:
        assert self._shown is not None
        passed, _, focus = self._shown
        trial, known = passed.trial, self._current_preview()
        preview = None if focus.is_covered else known
        count = len(trial.networks)
        losses = [*trial.losses[:1], passed.gradients.loss, *(() if preview is None else (preview.loss,))]
        texts = iter(format_together(losses, 6, longest=_MOST_CHARACTERS))
        rows = [ValueRow("run", "the run's network", next(texts))] if count else []
        rows.append(ValueRow("before", f"now, after {trial.words}" if count else "before", next(texts)))
        if preview is not None:
            change = preview.loss - passed.gradients.loss
            promised = preview.expected - passed.gradients.loss
            by, tip = _PROMISES[passed.rule in ("all", "split")]
            role = "success" if change < 0 else "danger"
            step, of = ("after one more update", " by one more") if count else ("after the update", "")
            changes = format_together((change, promised), 4, format_signed, longest=_MOST_CHARACTERS)
            rows += [
                ValueRow("after", step, next(texts), role),
                ValueRow("change", f"change{of}", changes[0]),
                ValueRow("promised", f"promised, {by}", changes[1], tooltip=tip),
            ]
        self.outcome.set_rows(rows)
        self._fit_lower()
        after = None if preview is None else preview.probabilities
        self.bars.set_probabilities(passed.names, passed.probabilities, after, passed.label)
        self.apply.setEnabled(known is not None)
        self.undo.setEnabled(count > 0)
        self.adopt.setEnabled(count > 0)

    def _fit_lower(self) -> None:
        """Give the lower part what the maps cannot use: they are square, and as wide as their columns."""
        px = theme_manager().theme.px
        needed = self.outcome.sizeHint().height() + self.bars_title.sizeHint().height() + 8
        spare = self.height() - self.width() // len(self.cards) - px(140)
        self._lower.setFixedHeight(max(needed, min(spare, px(240))))

    def _current_preview(self) -> Preview | None:
        """Preview, unless it belongs to an earlier pass."""
        if self._preview is None or self._shown is None or self._preview.passed is not self._shown[0]:
            return None
        return self._preview

    def _on_resized(self) -> None:
        if self._shown is not None and self.cards[0].fitting_side() != self._side:
            self._draw_maps()

    def _on_pointed(self, card: MapCard, row: int, col: int) -> None:
        content = card.content()
        if content is not None:
            self.weightPointed.emit(content.target(row, col))

    def _on_row_edited(self, key: str) -> None:
        assert self._shown is not None
        name = self.parameter.choice().rpartition(".")[0]
        if self._shown[0].network.params[f"{name}.weight"].ndim == 4:
            self.channelRequested.emit(name, int(key))
        else:
            self.unitRequested.emit(name, int(key))

    def _on_channel_edited(self, key: str) -> None:
        assert self._shown is not None
        layer = self.parameter.choice().rpartition(".")[0]
        passed = self._shown[0]
        self.channelRequested.emit(source_stage(passed, layer), int(key))
