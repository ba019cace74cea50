"""Compare every gradient with a finite difference, and list what is worth a look."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QProgressBar,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from cnnviz.functional.max_pooling import TIE_RULES, TieRule
from cnnviz.quantities import format_cell, format_count, format_signed, format_together, format_value
from cnnviz.routing import CheckEntry, GradientCheck, ParameterTarget, Verdict
from ui.controls.buttons import Button
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.segmented import SegmentedControl
from ui.rows.value_list import ValueList, ValueRow
from ui.theme import Theme, follow_theme

_LISTED = 200
_KINDS = (("", "largest error"), ("kink", "kinks"), ("tie_rule", "tie rule"))
_WITHOUT_KINK: tuple[Verdict, ...] = ("ok", "tie_rule", "curvature", "mismatch")

type Checks = Mapping[TieRule | None, GradientCheck]
"""What was found under each rule for ties; under None in a network without a max pool."""

#: Name, colour role and tool tip of each row that counts a verdict.
_COUNTED: dict[Verdict, tuple[str, str, str]] = {
    "ok": ("agree", "success", "The gradient is the slope of the loss"),
    "kink": (
        "kink",
        "warning",
        "Not compared: a winner or a gate switches however small the poke, down to ±10⁻⁸",
    ),
    "tie_rule": (
        "tie rule",
        "info",
        "The gradient is no slope but what “all” says: the sum over all tied cells of a window",
    ),
    "curvature": ("bend", "info", "They differ because the loss bends within ±ε"),
    "mismatch": ("no reason", "danger", "They differ without a reason: a mistake in the gradient"),
}


class CheckPage(QWidget):
    """Button, progress, summary, and a list of parameters to click through.

    Signals
    -------
    checkRequested, cancelRequested
    entryChosen : ParameterTarget
    """

    checkRequested = Signal()
    cancelRequested = Signal()
    entryChosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._checks: Checks = MappingProxyType({})
        self._rule: TieRule | None = None
        self._shown: object = None
        self._entries: list[CheckEntry] = []
        self._build_widgets()
        fill(
            QVBoxLayout(self),
            self._title,
            self.check,
            self.progress,
            self.cancel,
            self.hint,
            self.summary,
            self.kinds,
            (self.table, 1),
            0,
            spacing=8,
        )
        self.check.clicked.connect(self.checkRequested)
        self.cancel.clicked.connect(self.cancelRequested)
        self.kinds.currentChanged.connect(self._on_kind_changed)
        self.table.cellClicked.connect(self._on_cell_clicked)
        self.table.itemActivated.connect(self._on_item_activated)
        self.show_checks({}, None, 0)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self.table.setMinimumHeight(theme.px(150))
        self.table.horizontalHeader().resizeSection(1, theme.px(76))
        self.table.verticalHeader().setDefaultSectionSize(theme.px(24))

    def result(self) -> GradientCheck | None:
        """Outcome under the rule in force; None if nothing was checked under it."""
        return self._checks.get(self._rule)

    def show_progress(self, fraction: float) -> None:
        """Tell how much is done."""
        self.progress.setValue(round(1000 * fraction))
        self._show(idle=False)

    def show_checks(self, checks: Checks, rule: TieRule | None, parameters: int) -> None:
        """Show what was found, and offer a check under the rule in force.

        Parameters
        ----------
        checks : mapping from rule to GradientCheck
            Of the network, the sample and the class that are shown.
        rule : {"first", "all", "split"} or None
            The one in force.
        parameters : int
            How many there are to check.
        """
        shown = dict(checks), rule, parameters
        if shown == self._shown and not self.progress.isVisibleTo(self):
            return
        before, self._checks, self._rule, self._shown = self.result(), shown[0], rule, shown
        text = f"Check all {format_count(parameters)} parameters"
        self.check.setText(text)
        self.check.setAccessibleName(text)
        result = self.result()
        self.hint.set_text(_unchecked_text(rule, checks) if result is None else _verdict_text(result.counts))
        if checks:
            columns = (None,) if rule is None else TIE_RULES
            self.summary.set_rows(
                _rows([checks.get(each) for each in columns]),
                () if rule is None else TIE_RULES,
                columns.index(rule),
                "Rule for ties that was checked; the one in force is bold",
            )
        if result is not None and result is not before:
            for key in ("kink", "tie_rule"):
                self.kinds.set_option_enabled(key, result.counts[key] > 0)
            self.kinds.set_current("kink" if result.counts["kink"] else "")
            self._fill()
        self._show(idle=True)

    def _build_widgets(self) -> None:
        self._title = SectionTitle("Check all")
        self.check = Button(
            "Check all parameters", "circle-check", "", "Poke every parameter, in the background"
        )
        tip = "Share of the parameters that have been poked"
        self.progress = named(QProgressBar(), "Progress of the check", tip)
        self.progress.setRange(0, 1000)
        self.cancel = Button("Cancel", "x", "", "Stop the check")
        self.hint = WrapLabel("")
        self.summary = ValueList()
        self.summary.setAccessibleName("Outcome of the check")
        self.kinds = SegmentedControl(_KINDS)
        self.kinds.setAccessibleName("Which parameters are listed")
        for key, tip in (
            ("", "All parameters without a kink, the largest relative error first"),
            ("kink", "Parameters whose smallest poke still makes a winner or a gate switch"),
            ("tie_rule", "Parameters whose gradient counts the slope several times under “all”"),
        ):
            self.kinds.set_option_tooltip(key, tip)
        tip = "Click a row, or press Enter, to poke this parameter"
        self.table = named(QTableWidget(0, 2), "Parameters", tip)
        self.table.setHorizontalHeaderLabels(["parameter", "error"])
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setMinimumSectionSize(1)  # as in `LogTable` and for its reason
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        header = self.table.horizontalHeader()
        # Not to the contents: the table would measure all rows anew for each that is filled in.
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)

    def _show(self, *, idle: bool) -> None:
        self.check.setVisible(idle)
        self.progress.setVisible(not idle)
        self.cancel.setVisible(not idle)
        self.summary.setVisible(idle and bool(self._checks))
        for widget in (self.kinds, self.table):
            widget.setVisible(idle and self.result() is not None)

    def _fill(self) -> None:
        result = self.result()
        assert result is not None
        kind = self.kinds.current()
        verdicts = (kind,) if kind in ("kink", "tie_rule") else _WITHOUT_KINK
        self._entries = result.entries(*verdicts, limit=_LISTED)
        self.table.setRowCount(len(self._entries))
        errors = [format_value(entry.judged_error, 2) for entry in self._entries]
        for row, entry in enumerate(self._entries):
            name = f"{entry.name}[{', '.join(map(str, entry.index))}]"
            for column, text in enumerate((name, errors[row])):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                item.setToolTip(_entry_text(entry))
                self.table.setItem(row, column, item)

    def _on_kind_changed(self, _kind: str) -> None:
        self._fill()

    def _on_cell_clicked(self, row: int, _column: int) -> None:
        self._choose(row)

    def _on_item_activated(self, item: QTableWidgetItem) -> None:
        self._choose(item.row())

    def _choose(self, row: int) -> None:
        entry = self._entries[row]
        self.entryChosen.emit(ParameterTarget(entry.name, entry.index))


def _entry_text(entry: CheckEntry) -> str:
    gradient, difference = format_together((entry.gradient, entry.difference), 6, format_signed)
    text = f"backprop {gradient}, finite difference {difference} (ε = {format_value(entry.eps)})"
    if entry.verdict == "tie_rule":
        text += f"\nunder “first” {format_signed(entry.first_gradient, 6)}"
    if entry.kink_layer is not None and entry.kink_cell is not None:
        text += f"\nkink in {entry.kink_layer}, {format_cell(entry.kink_cell)}"
    return text


def _rows(checks: list[GradientCheck | None]) -> tuple[ValueRow, ...]:
    """Write each check into a column of its own."""

    def row(key: str, name: str, text: Callable[[GradientCheck], str], role: str, tip: str) -> ValueRow:
        first, *others = ["–" if each is None else text(each) for each in checks]
        return ValueRow(key, name, first, role, tip, tuple(others))

    def largest(check: GradientCheck) -> str:
        first = check.entries(*_WITHOUT_KINK, limit=1)
        return format_value(first[0].judged_error if first else 0.0, 2)

    return (
        row(
            "checked",
            "checked",
            lambda each: format_count(each.checked),
            "text",
            "Parameters changed by ±ε; by less where a winner or a gate would switch within it",
        ),
        row(
            "largest",
            "largest error",
            largest,
            "text",
            "Largest error of the list below: of gradient and finite difference, and for the tie rule of the "
            "gradient and the sum over all tied cells",
        ),
        row(
            "error",
            "… agreeing",
            lambda each: format_value(each.largest_error, 2),
            "text",
            "Largest relative error of the parameters that agree with the finite difference",
        ),
        *(
            row(verdict, name, lambda each, key=verdict: format_count(each.counts[key]), role, tip)
            for verdict, (name, role, tip) in _COUNTED.items()
        ),
    )


def _unchecked_text(rule: TieRule | None, checks: Checks) -> str:
    text = "Each one is changed by ±ε in float64, and the change of the loss compared with its gradient."
    return f"{text} This was not done under “{rule}” yet." if checks else text


def _verdict_text(counts: Mapping[Verdict, int]) -> str:
    total = sum(counts.values())
    if counts["mismatch"]:
        return f"{format_count(counts['mismatch'])} of {format_count(total)} differ without a reason."
    text = f"All {format_count(total)} parameters are accounted for."
    if counts["tie_rule"]:
        text += (
            f" {format_count(counts['tie_rule'])} are not the slope, because “all” adds up the gradients of "
            "all tied cells of a window; these sums were checked by ±ε, too. "
            "Under “first” they are the slope."
        )
    return text
