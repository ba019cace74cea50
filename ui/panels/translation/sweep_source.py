"""What is measured, and on what: this image, or many digits."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from cnnviz.translation import MEASURES, Measure
from ui.controls.buttons import Button
from ui.controls.choice_field import ChoiceField
from ui.controls.labels import SectionTitle
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.number_field import IntField
from ui.controls.segmented import SegmentedControl
from ui.panels.translation.view import View
from ui.theme import Theme, follow_theme, ui_font


class SweepSource(QWidget):
    """Choice of the measure and of the images; for many digits their number, start and progress.

    Parameters
    ----------
    parent : QWidget, optional
    """

    measureChosen = Signal(str)
    manyChosen = Signal(bool)
    digitsChosen = Signal(int)
    measureRequested = Signal()
    cancelRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._running = False
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._build_widgets()
        self._build_layout()
        self.measure.choiceEdited.connect(self.measureChosen)
        self.source.currentChanged.connect(self._on_source_changed)
        self.digits.valueEdited.connect(self.digitsChosen)
        self.button.clicked.connect(self._on_button_clicked)
        follow_theme(self)

    def show_view(self, view: View) -> None:
        """Show the choices in force."""
        self.source.set_current("many" if view.many else "one")
        self.digits.set_value(view.digits)
        for widget in (self.digits, self.button):
            widget.setVisible(view.many)
        self.measure.set_choice(view.measure)
        self.measure.setToolTip(measure_tip(MEASURES[view.measure]))

    def set_available(self, digits: int) -> None:
        """Say how many test images there are; with none there is no choice."""
        self.source.set_option_enabled("many", digits > 0)
        if digits > 0 and digits != self.digits.maximum():
            self.digits.setMaximum(digits)

    def set_progress(self, fraction: float | None) -> None:
        """Show how much is measured, or with None that nothing is being measured."""
        self._running = fraction is not None
        self.progress.setVisible(self._running)
        self.progress.setValue(0 if fraction is None else round(1000 * fraction))
        text, name = ("Cancel", "the measurement") if self._running else ("Start", "to measure these images")
        self.button.setText(text)
        self.button.setAccessibleName(f"{text} {name}")
        self.digits.setEnabled(not self._running)

    def is_running(self) -> bool:
        """Whether digits are being measured."""
        return self._running

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self._layout.setSpacing(theme.px(6))
        self.digits.setFixedWidth(theme.px(58))
        letters = QFontMetrics(ui_font(theme, weight=QFont.Weight.Medium))
        self.button.setFixedWidth(letters.horizontalAdvance("Cancel") + theme.px(24))

    def _build_widgets(self) -> None:
        self._title = SectionTitle("Sweep")
        self.measure = named(ChoiceField([(name, info.title) for name, info in MEASURES.items()]), "Measure")
        self.measure.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for place, info in enumerate(MEASURES.values()):
            self.measure.setItemData(place, measure_tip(info), Qt.ItemDataRole.ToolTipRole)
        self.source = named(SegmentedControl([("one", "One"), ("many", "Many")]), "Whose shifts are shown")
        self.source.set_option_tooltip("one", "All shifts of the one image on the left")
        self.source.set_option_tooltip("many", "All shifts of many test images: mean and spread")
        tip = "How many test images are moved to every place, from the first one on"
        self.digits = named(IntField(1, 100_000, 400), "Number of test images", tip)
        self.digits.set_subject("Images")
        self.button = Button(
            "Start",
            tooltip="Move these images to every place and measure all stages; this takes some seconds",
        )
        self.progress = named(QProgressBar(), "Share of the images that is measured")
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.hide()

    def _build_layout(self) -> None:
        header = fill(QHBoxLayout(), self._title, (self.measure, 1))
        row = fill(QHBoxLayout(), self.source, 1, self.digits, self.button, spacing=6)
        self._layout = fill(QVBoxLayout(self), header, row, self.progress)

    @Slot(str)
    def _on_source_changed(self, key: str) -> None:
        self.manyChosen.emit(key == "many")

    @Slot()
    def _on_button_clicked(self) -> None:
        if self._running:
            self.cancelRequested.emit()
        else:
            self.digits.interpretText()
            self.measureRequested.emit()


def measure_tip(measure: Measure) -> str:
    """Formula, meaning and source of a measure."""
    return f"{measure.title} = {measure.formula}\n{measure.meaning}\n{measure.source}"
