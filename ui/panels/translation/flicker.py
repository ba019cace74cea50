"""Showing original and shifted in turn, at a pace that the user sets and that stays slow."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from cnnviz.quantities import format_value
from cnnviz.session_state import ViewValue
from ui.controls.buttons import IconButton
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.panels.views import Choices
from ui.theme import Theme, follow_theme

_STEPS_PER_HERTZ = 2
_FASTEST = 3
"""Changes there and back a second. More than three flashes a second can cause seizures (WCAG 2.2, 2.3.1)."""


class FlickerControl(QWidget):
    """Pause and pace of the flicker. It rests while it is not in sight.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: "original" or "shifted": which image is to be seen now.
    phaseChanged = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._phase = "original"
        self._running = True
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_timeout)
        self._build()
        self.slider.valueChanged.connect(self._on_slider_moved)
        self.button.clicked.connect(self._on_button_clicked)
        self._on_slider_moved(self.slider.value())
        follow_theme(self)

    @property
    def hertz(self) -> float:
        """How often a second the images change there and back."""
        return self.slider.value() / _STEPS_PER_HERTZ

    def is_running(self) -> bool:
        """Whether the images change just now."""
        return self._timer.isActive()

    def view_state(self) -> dict[str, ViewValue]:
        """Return pace, whether it is paused, and which image is to be seen."""
        return {"pace": self.slider.value(), "runs": self._running, "phase": self._phase}

    def restore_view(self, choices: Choices) -> None:
        """Choose as `view_state` said."""
        self.slider.setValue(choices.whole("pace", 1, self.slider.maximum(), _STEPS_PER_HERTZ))
        if choices.flag("runs", True) != self._running:
            self._on_button_clicked()
        self._set_phase(choices.text("phase", ("original", "shifted"), "original"))

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self.slider.setFixedWidth(theme.px(72))
        self._value.setFixedWidth(theme.px(92))

    def _build(self) -> None:
        self.button = IconButton("pause", "Pause the flicker")
        tip = "How often a second the images change there and back, 0.5 to 3"
        self.slider = named(QSlider(Qt.Orientation.Horizontal), "Pace of the flicker", tip)
        self.slider.setRange(1, _FASTEST * _STEPS_PER_HERTZ)
        self.slider.setValue(_STEPS_PER_HERTZ)
        self._value = named(QLabel(), role="muted")
        fill(QHBoxLayout(self), self.button, self.slider, self._value, spacing=8)

    def showEvent(self, event: QShowEvent) -> None:
        """Go on."""
        super().showEvent(event)
        self._update_timer()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest, with the original in sight."""
        super().hideEvent(event)
        self._update_timer()
        self._set_phase("original")

    def _update_timer(self) -> None:
        self._timer.setInterval(round(500 / self.hertz))
        if self._running and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    def _set_phase(self, phase: str) -> None:
        self._phase = phase
        self._value.setText(f"{format_value(self.hertz)} Hz · {phase}")
        self.phaseChanged.emit(phase)

    def _on_timeout(self) -> None:
        self._set_phase("shifted" if self._phase == "original" else "original")

    def _on_slider_moved(self, _value: int) -> None:
        self._update_timer()
        self._set_phase(self._phase)

    def _on_button_clicked(self) -> None:
        self._running = not self._running
        if self._running:
            self.button.set_icon("pause", "Pause the flicker")
        else:
            self.button.set_icon("play", "Go on flickering")
        self._update_timer()
