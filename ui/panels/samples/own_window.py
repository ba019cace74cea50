"""The window in which images of one's own are drawn and opened, while everything else goes on."""

from functools import partial
from typing import override

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from cnnviz._types import ByteArray
from cnnviz.covers import Secret
from cnnviz.digit import normalize_digit
from ui.controls.drops import is_welcome
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.pace import Pace
from ui.controls.segmented import SegmentedControl
from ui.panels.analysis import Analysis
from ui.panels.picture_loop import PictureLoop
from ui.panels.samples.draw_page import DrawPage
from ui.panels.samples.image_page import ImagePage
from ui.panels.samples.pictures import Picture, fitted, usual_fit
from ui.panels.samples.prediction import Prediction, predict
from ui.panels.samples.preview import Outcome, PreviewPair
from ui.panels.scene import still_scene_of
from ui.state import AppState, Sample
from ui.theme import Theme, follow_theme

_LIVE_MS = 30
_PAGES = [("draw", "Draw"), ("image", "Image")]


class OwnDigitWindow(QDialog):
    """Two pages, and beside them what the network sees and says.

    What is made on the page in front is the sample, at once after every change.

    * `analysis`: where predictions are computed.
    * `openRequested`, `pasteRequested`: another picture is wanted, from a file or the clipboard.
    * `dropped`: an image or a file has been dropped on the window.
    """

    sampleMade = Signal(object)
    openRequested = Signal()
    pasteRequested = Signal()
    dropped = Signal(object)

    def __init__(self, state: AppState, analysis: Analysis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._made: dict[str, Sample] = {}  # by page
        self._pairs: dict[str, tuple[ByteArray, ByteArray]] = {}
        self._picture: Picture | None = None
        self.setWindowTitle("Your own image")
        self.setObjectName("own_digit")
        self.setAcceptDrops(True)
        self._build_widgets()
        self._build_layout()
        scene = partial(still_scene_of, state, None)
        self._loop = PictureLoop(self, state, analysis, "own-digit", scene, predict, self._draw_outcome)
        self._connect_signals()
        self._on_dataset_changed()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the window."""
        self._layout.setContentsMargins(*(4 * [theme.px(14)]))
        self._layout.setSpacing(theme.px(10))
        self._columns.setSpacing(theme.px(16))
        self._side.setSpacing(theme.px(10))
        for widget in (self.pair, self.outcome):
            widget.setFixedWidth(theme.px(260))
        self.setMinimumSize(theme.px(760), theme.px(470))

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome an image or a file."""
        if is_welcome(event.mimeData()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        """Hand over what has been dropped."""
        event.acceptProposedAction()
        self.dropped.emit(event.mimeData())

    # -- pages ---------------------------------------------------------------------------------------------

    def show_drawing(self) -> None:
        """Come to the front with the drawing board."""
        self._come("draw")

    def show_picture(self, picture: Picture) -> None:
        """Come to the front with a picture, which becomes the sample."""
        shape = self._frame()
        if shape is None:
            return
        self._picture = picture
        self._forget_page("image")
        self.image_page.set_picture(picture, usual_fit(picture, *shape))
        self._come("image")
        self._make_from_picture()

    def forget(self) -> None:
        """Close, and keep nothing of what was drawn or opened."""
        self._pace.flush()
        self.hide()
        self._picture = None
        self._made.clear()
        self._pairs.clear()
        self.draw_page.pad.forget()
        self.image_page.set_picture(None, self.image_page.chosen_fit())
        self._draw_pair()

    def page(self) -> str:
        """Which page is shown: "draw" or "image"."""
        return self.switch.current()

    def _come(self, page: str) -> None:
        self.switch.set_current(page)
        self._on_page_changed(page)
        self.show()
        self.activateWindow()

    # -- building ------------------------------------------------------------------------------------------

    def _build_widgets(self) -> None:
        self.switch = named(SegmentedControl(_PAGES), "Way to make an image")
        self.switch.set_option_tooltip("draw", "Draw an image")
        self.switch.set_option_tooltip("image", "A picture from a file or the clipboard")
        self.draw_page, self.image_page = DrawPage(), ImagePage()
        self._stack = QStackedWidget()
        for page in (self.draw_page, self.image_page):
            self._stack.addWidget(page)
        self.pair, self.outcome = PreviewPair(), Outcome()
        self._pace = Pace(_LIVE_MS, self)

    def _build_layout(self) -> None:
        self._side = fill(QVBoxLayout(), self.pair, self.outcome, 1)
        self._columns = fill(QHBoxLayout(), (self._stack, 1), self._side)
        self._layout = QVBoxLayout(self)
        self._layout.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignLeft)
        self._layout.addLayout(self._columns, 1)

    def _connect_signals(self) -> None:
        self.switch.currentChanged.connect(self._on_page_changed)
        self.draw_page.drawn.connect(self._on_drawn)
        self.image_page.settingsEdited.connect(self._make_from_picture)
        self.image_page.openRequested.connect(self.openRequested)
        self.image_page.pasteRequested.connect(self.pasteRequested)
        self._pace.due.connect(self._make_from_drawing)
        self._state.datasetChanged.connect(self._on_dataset_changed)
        self._state.sampleChanged.connect(self._draw_outcome)
        self._state.coveredChanged.connect(self._draw_outcome)
        for standard, slot in (
            (QKeySequence.StandardKey.Undo, self._on_undo),
            (QKeySequence.StandardKey.Redo, self._on_redo),
            (QKeySequence.StandardKey.Paste, self.pasteRequested.emit),
        ):
            # All keys of the platform, such as Ctrl+Y and Ctrl+Shift+Z.
            for keys in QKeySequence.keyBindings(standard):
                QShortcut(keys, self, slot)

    # -- slots ---------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_page_changed(self, page: str) -> None:
        self._pace.flush()
        self._stack.setCurrentIndex([key for key, _ in _PAGES].index(page))
        if page in self._made:
            self.sampleMade.emit(self._made[page])
        self._draw_pair()
        self._draw_outcome()

    @Slot()
    def _on_drawn(self) -> None:
        if self.draw_page.pad.is_blank():
            # The drawing so far stays the sample; what is drawn next is another.
            self._pace.flush()
            self._forget_page("draw")
            self._draw_pair()
            return
        self._pace.put("draw")

    @Slot()
    def _on_dataset_changed(self) -> None:
        shape = self._frame()
        if shape is None:
            return
        self.draw_page.pad.set_aspect(*shape)
        assert self._state.dataset is not None
        self.draw_page.set_classes(self._state.dataset.classes)
        self._made.clear()
        self._pairs.clear()
        self._draw_pair()
        self._draw_outcome()

    @Slot()
    def _on_undo(self) -> None:
        if self.page() == "draw":
            self.draw_page.pad.undo()

    @Slot()
    def _on_redo(self) -> None:
        if self.page() == "draw":
            self.draw_page.pad.redo()

    # -- making samples ------------------------------------------------------------------------------------

    def _frame(self) -> tuple[int, int] | None:
        """Height and width of the images of the data set."""
        dataset = self._state.dataset
        return None if dataset is None else dataset.input_shape[1:]

    @Slot(object)
    def _make_from_drawing(self, _due: object) -> None:
        shape = self._frame()
        if shape is not None:
            drawing = self.draw_page.pad.pixels()
            self._make("draw", drawing, normalize_digit(drawing, *shape), "drawn")

    @Slot()
    def _make_from_picture(self) -> None:
        shape, picture = self._frame(), self._picture
        if shape is None or picture is None:
            return
        page = self.image_page
        seen = fitted(picture, page.chosen_fit(), *shape, dark_ink=page.is_dark_ink())
        self._make("image", picture.pixels, seen, picture.name)

    def _make(self, page: str, original: ByteArray, seen: ByteArray, origin: str) -> None:
        self._pairs[page] = (original, seen)
        self._made[page] = Sample(seen[np.newaxis], origin=origin)
        self.sampleMade.emit(self._made[page])
        self._draw_pair()
        self._draw_outcome()

    def _forget_page(self, page: str) -> None:
        self._made.pop(page, None)
        self._pairs.pop(page, None)

    # -- drawing -------------------------------------------------------------------------------------------

    def _draw_pair(self) -> None:
        self.pair.set_images(*self._pairs.get(self.page(), (None, None)))

    def _draw_outcome(self, _prediction: Prediction | None = None) -> None:
        state, prediction = self._state, self._loop.picture
        if not self.isVisible() or state.dataset is None:
            return
        why = state.why_covered(Secret.ANSWERS)
        if why:
            self.outcome.set_prediction(state.dataset.classes, None, why)
            return
        if state.sample is not self._made.get(self.page()):
            text = "Another image is the current sample"
            self.outcome.set_prediction(state.dataset.classes, None, text)
        elif prediction is None or prediction.scene.dataset is not state.dataset:
            self.outcome.set_prediction(state.dataset.classes, None)
        elif prediction.scene.sample is state.sample:
            self.outcome.set_prediction(prediction.scene.classes, prediction.probabilities)
