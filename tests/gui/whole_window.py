"""Steps that tests of the whole window share."""

from collections.abc import Callable, Iterator
from typing import override

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import (
    QAccessible,
    QFontInfo,
    QPaintDevice,
    QPaintEngine,
    QPaintEngineState,
    QPainter,
    QTextItem,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.gui.driving import give_up_keyboard, settle, take_pointer_away
from ui.panels import registry
from ui.panels.scene import PictureLoop
from ui.session import Session
from ui.state import RunStatus

PANELS = tuple(row.name for row in registry.PANELS)
_CONTROLS = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit,
    QPlainTextEdit, QTabBar, QTextEdit,
)  # fmt: skip


def train(qtbot: QtBot, session: Session, step: int) -> None:
    """Train up to a step and no further, and wait for what follows from it."""
    state = session.state
    train_to(qtbot, session, step)
    qtbot.waitUntil(lambda: state.evaluation is not None and session.window.samples._loop.is_current)


def train_to(qtbot: QtBot, session: Session, step: int) -> None:
    """Train up to a step and no further, and wait until its network is shown, unless an earlier one is."""
    state = session.state
    session.controller.train_to(step, 1)
    qtbot.waitUntil(lambda: state.run.step == step and state.run.status is not RunStatus.TRAINING)
    qtbot.waitUntil(lambda: state.shown is state.live or not state.follows_live)


def show_panel(qtbot: QtBot, session: Session, number: int, painted: bool = False) -> QWidget:
    """Bring a panel to the front, wait until it shows the present network, and return it."""
    session.window.panels.show_panel(number)
    qtbot.waitUntil(lambda: session.window.panels.front == number)
    panel = session.window.panels.panels()[number]
    ready = {
        "feature_maps": lambda: panel.picture is not None,
        "backprop": lambda: panel.model.passed is not None,
    }.get(PANELS[number])
    rest(qtbot, session, *([] if ready is None else [ready]), painted=painted)
    return panel


def rest(qtbot: QtBot, session: Session, *conditions: Callable[[], bool], painted: bool = False) -> None:
    """Wait until nothing trains, nothing is computed, and all is shown and laid out."""
    controller, state = session.controller, session.state
    loops = session.window.findChildren(PictureLoop)

    def is_all_shown() -> bool:
        return state.run.status is not RunStatus.TRAINING and all(
            each.is_current for each in loops if each.is_in_sight
        )

    def is_idle() -> bool:
        return controller.is_idle and not session.document.restorer.is_busy

    settle(qtbot, is_all_shown, is_idle, *conditions, parts=[controller], painted=painted)


def come_to_rest(qtbot: QtBot, session: Session) -> None:
    """Wait for the window to be at rest, with neither keyboard nor pointer anywhere: both can be seen."""
    give_up_keyboard()
    take_pointer_away(session.window)
    rest(qtbot, session)


def controls_in(part: QWidget) -> Iterator[QWidget]:
    """Whatever can be seen in a part of the window and be used by pointer or keyboard."""
    for widget in part.findChildren(QWidget):
        is_part_of_other = (
            isinstance(widget, QScrollBar | QHeaderView)
            or (
                isinstance(widget, QLineEdit)
                and isinstance(widget.parentWidget(), QAbstractSpinBox | QComboBox)
            )
            or (widget.objectName().startswith("qt_") and not isinstance(widget, QAbstractButton))
        )
        usable = isinstance(widget, _CONTROLS) or widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        if usable and not is_part_of_other and widget.isVisible() and widget.window() is part.window():
            yield widget


def name_of(widget: QWidget) -> str:
    """What a screen reader calls a widget."""
    found = QAccessible.queryAccessibleInterface(widget)
    return found.text(QAccessible.Text.Name) if found is not None else widget.accessibleName()


def texts_of(widget: QWidget) -> list[tuple[float, str]]:
    """Return every text that a widget really paints, with the height of its font in pixels."""
    sheet = _Sheet(widget.size())
    painter = QPainter(sheet)
    widget.render(painter, QPoint(0, 0))
    painter.end()
    return sheet.ink.texts


class _Ink(QPaintEngine):
    """Keeps the texts that are painted, and nothing else, which would take most of the time."""

    def __init__(self) -> None:
        super().__init__(QPaintEngine.PaintEngineFeature.AllFeatures)
        self.texts = list[tuple[float, str]]()

    @override
    def begin(self, device: QPaintDevice) -> bool:
        return True

    @override
    def end(self) -> bool:
        return True

    @override
    def type(self) -> QPaintEngine.Type:
        return QPaintEngine.Type.User

    @override
    def updateState(self, state: QPaintEngineState) -> None:
        """Take every pen and brush."""

    @override
    def drawTextItem(self, place: QPointF | QPoint, item: QTextItem) -> None:
        scale = abs(self.painter().combinedTransform().determinant()) ** 0.5
        self.texts.append((QFontInfo(item.font()).pixelSize() * scale, item.text().strip()))


for _shape in ("Pixmap", "Image", "TiledPixmap", "Path", "Polygon", "Rects", "Lines", "Ellipse", "Points"):
    setattr(_Ink, f"draw{_shape}", lambda *_: None)


class _Sheet(QPaintDevice):
    def __init__(self, size: QSize) -> None:
        super().__init__()
        self.ink, self._size = _Ink(), size

    @override
    def paintEngine(self) -> QPaintEngine:
        return self.ink

    @override
    def metric(self, metric: QPaintDevice.PaintDeviceMetric) -> int:
        kind, size = QPaintDevice.PaintDeviceMetric, self._size
        own = {kind.PdmWidth: size.width(), kind.PdmHeight: size.height(), kind.PdmDevicePixelRatio: 1}
        return own.get(metric, 0x10000 if metric is kind.PdmDevicePixelRatioScaled else 96)


def place_of(widget: QWidget) -> str:
    """Where a widget is, for the message of a failed test."""
    names: list[str] = []
    each: QWidget | None = widget
    while each is not None and len(names) < 5:
        names.append(each.objectName() or type(each).__name__)
        each = each.parentWidget()
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return f"{' < '.join(names)} {text!r}"


def seen_rect(widget: QWidget) -> QRect:
    """What can be seen of a widget in its window, whatever of its own lies over it; empty for nothing."""
    window = widget.window()
    rect, each = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size()), widget
    while each is not window:
        each = each.parentWidget()
        rect &= QRect(each.mapTo(window, QPoint(0, 0)), each.size())
    return rect if widget.isVisible() else QRect()
