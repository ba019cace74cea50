"""The parts of the timeline left and right of its track."""

from typing import override

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from ui.controls.buttons import Button, IconButton
from ui.controls.choice_field import ChoiceField
from ui.controls.layouts import fill
from ui.controls.painted import PaintedWidget
from ui.panels.timeline.film import SPEEDS
from ui.theme import Theme, follow_theme, ui_font


class Transport(QWidget):
    """First, one back, play, one forward, and the speed of the film."""

    startRequested = Signal()
    moveRequested = Signal(int)
    playToggled = Signal()
    speedEdited = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.first = IconButton("skip-back", "First moment", "the weights training began with")
        self.back = IconButton("step-back", "Previous moment", "one snapshot earlier")
        self.play = IconButton("play", "Play", "show the run like a film")
        self.forward = IconButton("step-forward", "Next moment", "one snapshot later")
        for button in (self.first, self.back, self.play, self.forward):
            button.setEnabled(False)
        for button in (self.back, self.forward):
            button.setAutoRepeat(True)
        self.speed = ChoiceField([(str(speed), f"{speed}/s") for speed in SPEEDS])
        self.speed.setAccessibleName("Speed of the film")
        self.speed.setToolTip("Moments shown each second while the film plays")
        self.speed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._layout = fill(QHBoxLayout(self), self.first, self.back, self.play, self.forward, self.speed)
        self.first.clicked.connect(self.startRequested)
        self.back.clicked.connect(self._on_back_clicked)
        self.play.clicked.connect(self.playToggled)
        self.forward.clicked.connect(self._on_forward_clicked)
        self.speed.choiceEdited.connect(self._on_speed_edited)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._layout.setSpacing(theme.px(4))
        self.speed.setFixedWidth(theme.px(72))

    def set_playing(self, playing: bool) -> None:
        """Offer to pause the film, or to play it."""
        if playing:
            self.play.set_icon("pause", "Pause the film")
        else:
            self.play.set_icon("play", "Play")
            self.play.setToolTip("Play: show the run like a film")

    def set_enabled(self, *, earlier: bool, later: bool, film: bool) -> None:
        """Allow what makes sense: going back, going forward, playing."""
        self.first.setEnabled(earlier)
        self.back.setEnabled(earlier)
        self.forward.setEnabled(later)
        self.play.setEnabled(film)

    def _on_back_clicked(self) -> None:
        self.moveRequested.emit(-1)

    def _on_forward_clicked(self) -> None:
        self.moveRequested.emit(1)

    def _on_speed_edited(self, speed: str) -> None:
        self.speedEdited.emit(int(speed))


class MomentLabel(PaintedWidget):
    """Two lines of a fixed width: which moment is shown, and what was measured there."""

    _WIDEST = ("step 8,888,888", "loss 8.88e−8 · 88.8 %")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines = ("", "")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            "The moment that all panels show. Loss and accuracy are means over the steps before it, "
            "on training images as they were met."
        )
        follow_theme(self)

    def lines(self) -> tuple[str, str]:
        """Both lines."""
        return self._lines

    def set_lines(self, moment: str, measured: str) -> None:
        """Change both lines."""
        if (moment, measured) != self._lines:
            self._lines = (moment, measured)
            self.setAccessibleName(f"Shown moment: {moment}, {measured}")
            self.update()

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt))

    @override
    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        widest = max(metrics.horizontalAdvance(text) for text in self._WIDEST)
        return QSize(widest + 2, 2 * metrics.height() + 2)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        half = self.height() // 2
        align, upper, lower = Qt.AlignmentFlag, self.rect(), self.rect()
        upper.setBottom(half)
        lower.setTop(half + 2)
        painter.setPen(self._theme.color("text"))
        painter.drawText(upper, align.AlignLeft | align.AlignBottom, self._lines[0])
        painter.setPen(self._theme.color("muted"))
        painter.drawText(lower, align.AlignLeft | align.AlignTop, self._lines[1])


class ViewToggles(QFrame):
    """Compare and Live side by side; each is on or off by itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "segmented")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.compare = self._make(
            "Compare", "Compare the shown moment with another: filters then, now, difference"
        )
        self.live = self._make("Live", "Show the newest weights and follow training (End on the timeline)")
        fill(QHBoxLayout(self), self.compare, self.live, spacing=0)

    def _make(self, text: str, tooltip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setCheckable(True)
        button.setAutoDefault(False)
        button.setProperty("kind", "segment")
        button.setAccessibleName(text)
        button.setToolTip(tooltip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button


class ForkButton(Button):
    """Continue from the shown moment; only its icon is shown where there is little room."""

    _TEXT = "Continue from here"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self._TEXT, "git-fork", parent=parent)
        self.set_available(False)

    def set_available(self, available: bool) -> None:
        """Allow it, or say what is missing."""
        self.setEnabled(available)
        self.setToolTip(
            f"{self._TEXT}: train on from the shown moment with its settings, or with a learning rate chosen "
            "since; the run so far stays as a grey curve"
            if available
            else f"{self._TEXT}: first choose an earlier moment on the timeline"
        )
