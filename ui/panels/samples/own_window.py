"""The window in which images of one's own are drawn, opened and edited, while everything else goes on."""

from functools import partial
from typing import override

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from cnnviz._types import ByteArray
from cnnviz.covers import Secret
from cnnviz.digit import normalize_digit
from ui.cells.drawing_pad import DrawingPad
from ui.cells.pixel_editor import PixelEditor
from ui.controls.drops import is_welcome
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.pace import Pace
from ui.controls.segmented import SegmentedControl
from ui.panels.analysis import Analysis
from ui.panels.picture_loop import PictureLoop
from ui.panels.samples.draw_page import DrawPage
from ui.panels.samples.image_page import ImagePage
from ui.panels.samples.own_samples import OwnSamples
from ui.panels.samples.pictures import Picture, fitted, usual_fit
from ui.panels.samples.pixel_page import PixelPage
from ui.panels.samples.prediction import Prediction, predict
from ui.panels.samples.preview import Outcome, PreviewPair
from ui.panels.scene import still_scene_of
from ui.state import AppState, Sample
from ui.theme import LIGHT, Theme, follow_theme

_LIVE_MS = 30
#: Height of the window, in pixels at scale 1, with room for magnifier and ten bars.
_ROOM_FOR_BARS = 600
_PAGES = [("draw", "Draw"), ("image", "Image"), ("pixels", "Pixels")]


class OwnDigitWindow(QDialog):
    """Three pages, and beside them what the network sees and says; every change becomes the sample at once.

    Parameters
    ----------
    state : AppState
    analysis : Analysis
        Where predictions are computed.
    own : OwnSamples
        Gives keys, so that what is drawn in one go is one image.
    parent : QWidget, optional

    Signals
    -------
    sampleMade : int, Sample
        An image, and the key under which it is kept.
    openRequested, pasteRequested
        Another picture is wanted, from a file or the clipboard.
    dropped : QMimeData
        An image or a file has been dropped on the window.
    """

    sampleMade = Signal(int, object)
    openRequested = Signal()
    pasteRequested = Signal()
    dropped = Signal(object)

    def __init__(
        self, state: AppState, analysis: Analysis, own: OwnSamples, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._own = own
        self._theme = LIGHT
        self._made: Sample | None = None
        self._edited: Sample | None = None  # what the pixels page shows
        self._pairs: dict[str, tuple[ByteArray, ByteArray]] = {}
        self._picture: Picture | None = None
        self._edited_name = ""
        self._keys = {"draw": 0, "image": 0, "pixels": 0}  # 0: the next change begins a new image
        self._last_drawing = 0
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
        self._theme = theme
        self._layout.setContentsMargins(*(4 * [theme.px(14)]))
        self._layout.setSpacing(theme.px(10))
        self._columns.setSpacing(theme.px(16))
        self._side.setSpacing(theme.px(10))
        for widget in (self.pair, self.pixel_page.surroundings, self.outcome):
            widget.setFixedWidth(theme.px(260))
        self.setMinimumSize(theme.px(760), theme.px(470))
        self._fit()

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

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Under the magnifier there is no room for the bars of ten classes, unless the window is high."""
        self.outcome.set_few(self.page() == "pixels" and self.height() < self._theme.px(_ROOM_FOR_BARS))

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
        self._keys["image"] = self._own.new_key()
        self.image_page.set_picture(picture, usual_fit(picture, *shape))
        self._come("image")
        self._make_from_picture()

    def show_pixels(self, sample: Sample) -> None:
        """Come to the front with the pixels of a sample; the first change makes a new image of it."""
        self._edit(sample)
        self._come("pixels")

    def forget(self) -> None:
        """Close, and keep nothing of what was drawn, opened or edited."""
        self._pace.flush()
        self.hide()
        self._made = self._edited = self._picture = None
        self._keys = dict.fromkeys(self._keys, 0)
        self._last_drawing = 0
        self._pairs.clear()
        self.draw_page.pad.forget()
        self.image_page.set_picture(None, self.image_page.chosen_fit())
        self._draw_pair()

    def page(self) -> str:
        """Which page is shown: "draw", "image" or "pixels"."""
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
        self.switch.set_option_tooltip("pixels", "Set single pixels of the current sample")
        self.draw_page, self.image_page, self.pixel_page = DrawPage(), ImagePage(), PixelPage()
        self._stack = QStackedWidget()
        for page in (self.draw_page, self.image_page, self.pixel_page):
            self._stack.addWidget(page)
        self.pair, self.outcome = PreviewPair(), Outcome()
        self._pace = Pace(_LIVE_MS, self)

    def _build_layout(self) -> None:
        self._side = fill(QVBoxLayout(), self.pair, self.pixel_page.surroundings, self.outcome, 1)
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
        self.pixel_page.pixelsEdited.connect(self._on_pixels_edited)
        self._pace.due.connect(self._on_pace_due)
        self._state.datasetChanged.connect(self._on_dataset_changed)
        self._state.sampleChanged.connect(self._on_sample_changed)
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
        if page == "pixels":
            self._follow_sample()
        self._stack.setCurrentIndex([key for key, _ in _PAGES].index(page))
        self.pair.setVisible(page != "pixels")
        self.pixel_page.surroundings.setVisible(page == "pixels")
        self._fit()
        self._draw_pair()
        self._draw_outcome()

    @Slot()
    def _on_drawn(self) -> None:
        pad = self.draw_page.pad
        if pad.is_blank():
            # The drawing so far stays; what is drawn next is another.
            self._pace.flush()
            self._last_drawing, self._keys["draw"] = self._keys["draw"] or self._last_drawing, 0
            self._pairs.pop("draw", None)
            self._draw_pair()
            return
        if not self._keys["draw"]:
            # After a redo or undo it is the old drawing again.
            back = self._last_drawing and pad.can_redo()
            self._keys["draw"] = self._last_drawing if back else self._own.new_key()
        self._pace.put("draw")

    @Slot()
    def _on_pixels_edited(self) -> None:
        if not self._keys["pixels"]:
            self._keys["pixels"] = self._own.new_key()
        self._pace.put("pixels")

    @Slot(object)
    def _on_pace_due(self, page: object) -> None:
        if page == "draw":
            self._make_from_drawing()
        else:
            pixels = self.pixel_page.editor.pixels()
            self._make("pixels", pixels, pixels, self._edited_name)
            self._edited = self._made

    @Slot()
    def _on_dataset_changed(self) -> None:
        shape = self._frame()
        if shape is None:
            return
        self.draw_page.pad.set_aspect(*shape)
        assert self._state.dataset is not None
        self.draw_page.set_classes(self._state.dataset.classes)
        self._keys["draw"] = self._last_drawing = 0
        self._pairs.clear()
        self._draw_pair()
        self._draw_outcome()

    @Slot()
    def _on_sample_changed(self) -> None:
        if self.page() == "pixels" and self._state.sample is not self._made:
            self._follow_sample()

    @Slot()
    def _on_undo(self) -> None:
        part = self._edited_part()
        if part is not None:
            part.undo()

    @Slot()
    def _on_redo(self) -> None:
        part = self._edited_part()
        if part is not None:
            part.redo()

    def _edited_part(self) -> DrawingPad | PixelEditor | None:
        return {"draw": self.draw_page.pad, "pixels": self.pixel_page.editor}.get(self.page())

    # -- making samples ------------------------------------------------------------------------------------

    def _frame(self) -> tuple[int, int] | None:
        """Height and width of the images of the data set."""
        dataset = self._state.dataset
        return None if dataset is None else dataset.input_shape[1:]

    def _make_from_drawing(self) -> None:
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
        self._made = Sample(seen[np.newaxis], origin=origin)
        self.sampleMade.emit(self._keys[page], self._made)
        self._draw_pair()
        self._draw_outcome()

    def _follow_sample(self) -> None:
        """Let the pixels page show the current sample, unless it does so already."""
        sample = self._state.sample
        if sample is not None and sample is not self._edited:
            self._edit(sample)

    def _edit(self, sample: Sample) -> None:
        self._edited = sample
        self._keys["pixels"] = 0
        name = f"#{sample.index}" if sample.index is not None else sample.origin
        self._edited_name = name if name.startswith("edited") else f"edited {name}"
        self.pixel_page.set_pixels(sample.pixels[0], name)

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
        if state.sample is not self._shown_sample():
            text = "Another image is the current sample"
            self.outcome.set_prediction(state.dataset.classes, None, text)
        elif prediction is None or prediction.scene.dataset is not state.dataset:
            self.outcome.set_prediction(state.dataset.classes, None)
        elif prediction.scene.sample is state.sample:
            self.outcome.set_prediction(prediction.scene.classes, prediction.probabilities)

    def _shown_sample(self) -> Sample | None:
        """The sample whose prediction belongs on this page."""
        return self._state.sample if self.page() == "pixels" else self._made
