"""The window in which images of one's own are drawn and opened, while everything else goes on."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import override

import numpy as np
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from cnnviz.covers import Secret
from cnnviz.digit import find_ink, normalize_digit
from cnnviz.drawing import Drawing, Look
from cnnviz.drawing.page import Card, Page, across, down
from cnnviz.graphics.pictures import BOARD, PHOTO, Photo
from cnnviz.graphics.probabilities import Probabilities
from cnnviz.graphics.texts import WORDS, Words
from cnnviz.quantities import format_count, format_probabilities
from ui.choices import Choices, flag, one_of, whole
from ui.controls.buttons import Button, IconButton
from ui.controls.choice_field import ChoiceField
from ui.controls.drops import is_welcome
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.layouts import fill, label_of, named, scaled
from ui.controls.message_bar import MessageBar
from ui.controls.pace import Pace
from ui.marks import MarkView
from ui.page_view import PageView
from ui.panels.samples import pictures
from ui.panels.samples.drawing_pad import DrawingPad
from ui.panels.scene import PictureLoop, still_scene_of
from ui.state import AppState, Sample
from ui.tasks import TaskRunner

_LIVE_MS = 30
_PAD_TIP = (
    "Draw with the left button, erase with the right one. "
    "Keyboard: arrow keys move the pen, Space lowers and lifts it."
)
_NO_PICTURE = "Open an image, drop a file on the window, or copy an image and press Ctrl+V"
_OTHER = "Another image is the sample. Done chooses this one."
_DARK_TIP = (
    "The images of MNIST are light on black, so what is dark on light paper is inverted. "
    "The program decides whether to do so; switch it if it is wrong."
)
_MEANT_TIP = "Class that your image is to show; loss, Backprop and shares of the right class go by it"
_FIT_TIP = "Find what is drawn, scale it into 20/28 of the frame, put its centre of mass in the middle"
_PAGES = ("draw", "Draw", "Draw an image"), ("image", "Image", "A picture from a file or the clipboard")
_TOOLS = ("pen", "Pen", "Draw in white"), ("eraser", "Eraser", "Erase what the pointer touches")
_FITS = ("digit", "As MNIST", _FIT_TIP), ("whole", "Whole image", "Scale the whole picture into the frame")


@dataclass(frozen=True)
class View:
    """What can be chosen in the window."""

    page: str = one_of("draw", "row", "How to make an image", _PAGES)
    tool: str = one_of("pen", "row", "Tool", _TOOLS)
    brush: int = whole(24, 6, 60, "Brush size", "Width of the pen and of the eraser", "slider")
    fit: pictures.Fit = one_of("digit", "row", "How the picture is fitted", _FITS)
    dark: bool = flag(False, "Dark on light", _DARK_TIP)


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What was made on a page: the sample, how it was drawn or opened, and how the network sees it."""

    sample: Sample
    original: Photo
    seen: Photo
    scaled: str


def page_of(made: Made | None, bars: Probabilities, said: str) -> Page:
    """What the network sees, and what it makes of it."""
    photos = (
        ("Original", made and made.original, "The image as you drew, opened or pasted it"),
        ("Network sees", made and made.seen, "Its pixels after scaling and centring"),
    )
    seen = (
        Card(title, WORDS, Words(""), title) if photo is None else Card(title, PHOTO, photo, title, tip=tip)
        for title, photo, tip in photos
    )
    scaled = Card("scaled", WORDS, Words("" if made is None else made.scaled, "small", "muted"), room=None)
    below = pictures.prediction_cards(bars, said, "Probability of each class for this image")
    return Page(down(across(*seen, room=134, gap=10), scaled, *below))


class OwnDigitWindow(QDialog):
    """Two pages, and beside them what the network sees and says.

    What is made on the page in front is the sample, at once after every change; until then the sample stays.

    * `analysis`: where predictions are computed.
    * `ask`, `paste`: have another picture read, from a file or the clipboard.
    * `take`: has what was dropped read, under this name.
    """

    def __init__(
        self,
        state: AppState,
        analysis: TaskRunner,
        ask: Callable[[], object],
        paste: Callable[[], object],
        take: Callable[[QMimeData, str], object],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._state, self._ask, self._paste, self._take = state, ask, paste, take
        self._made: dict[str, Made] = {}  # by page
        self._picture: pictures.Picture | None = None
        self._before: Sample | None = None  # what was chosen when the window opened, of the data there are
        self.meant_classes = {"draw": "", "image": ""}  # also while the data have none of that name
        self._outcome = Probabilities(()), ""
        self.choices = Choices(View, parent=self)
        self._last = self.choices.value
        self.setWindowTitle("Your own image")
        self.setObjectName("own_digit")
        self.setAcceptDrops(True)
        self._pace = Pace(_LIVE_MS, self)
        self._build()
        scene, draw = partial(still_scene_of, state, None), self._show_outcome
        self._loop = PictureLoop(self, state, analysis, "own-digit", scene, pictures.predict, draw)
        self._connect()
        self._on_chosen()
        self._on_undo_changed()
        self._show_picture()
        self._on_dataset_changed()

    def figure(self, look: Look) -> Drawing:
        """What the network sees and says, for paper."""
        return self.side.figure(look)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome an image or a file."""
        if is_welcome(event.mimeData()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self._take(event.mimeData(), "dropped image")

    # -- building ------------------------------------------------------------------------------------------

    def _build(self) -> None:
        controls = self.choices.controls
        strong = Qt.FocusPolicy.StrongFocus
        self.pad = DrawingPad(BOARD, "Drawing board", _PAD_TIP, focus=strong)
        self.known = WrapLabel(small=True)
        self.undo_button = IconButton("undo-2", "Undo", shortcut="Ctrl+Z")
        self.redo_button = IconButton("redo-2", "Redo", shortcut="Ctrl+Shift+Z")
        tip = "Clear the board; the sample changes with the next stroke"
        self.clear_button = Button("Clear", "trash-2", "", tip)
        label = label_of(controls["brush"], "Brush")
        tools = fill(
            QHBoxLayout(), controls["tool"], label, controls["brush"], 1,
            self.undo_button, self.redo_button, self.clear_button, spacing=6,
        )  # fmt: skip
        self.title = SectionTitle("Image")
        self.picture = MarkView(PHOTO, "Picture that was opened")
        self.picture.placeholder = _NO_PICTURE
        self.open_button = Button("Open…", "folder-open", "", "Open a PNG, JPEG or BMP file of any size")
        self.paste_button = Button("Paste", "copy", "", "Take the image from the clipboard", "Ctrl+V")
        head = fill(QHBoxLayout(), (self.title, 1), self.open_button, self.paste_button, spacing=8)
        fitting = fill(QHBoxLayout(), controls["fit"], controls["dark"], 1, spacing=12)
        pages = {"draw": QWidget(), "image": QWidget()}
        fill(QVBoxLayout(pages["draw"]), self.known, (self.pad, 1), tools, spacing=8)
        fill(QVBoxLayout(pages["image"]), head, (self.picture, 1), fitting, spacing=8)
        self._stack, self._pages = QStackedWidget(), pages
        for page in pages.values():
            self._stack.addWidget(page)
        self.side = PageView(lambda _ask: None)
        columns = fill(QHBoxLayout(), (self._stack, 1), fill(QVBoxLayout(), self.side, 1), spacing=16)
        self.message = MessageBar()
        done = Button("Done", "check", "", "Close this window with your image as the sample", "Ctrl+Return")
        done.clicked.connect(self.accept)
        cancel = Button("Cancel", "", "", "Close this window, and bring back what was chosen before", "Esc")
        cancel.clicked.connect(self.reject)
        self.meant = named(ChoiceField([]), "You meant", _MEANT_TIP)
        self.meant.choiceEdited.connect(self._on_meant)
        meant = label_of(self.meant, "You meant"), self.meant
        head = fill(QHBoxLayout(), controls["page"], 1, *meant, cancel, done, spacing=8)
        fill(QVBoxLayout(self), head, self.message, (columns, 1), spacing=10, margins=(14, 14, 14, 14))
        scaled(controls["brush"].setFixedWidth, 96)
        scaled(self.side.setFixedWidth, 260)
        scaled(self.setMinimumSize, 760, 470)

    def _connect(self) -> None:
        pad, state = self.pad, self._state
        for signal, slot in (
            (self.choices.changed, self._on_chosen),
            (self.undo_button.clicked, pad.undo),
            (self.redo_button.clicked, pad.redo),
            (self.clear_button.clicked, pad.clear),
            (pad.undoChanged, self._on_undo_changed),
            (pad.drawn, self._on_drawn),
            (self.open_button.clicked, self._ask),
            (self.paste_button.clicked, self._paste),
            (self._pace.due, self._choose),
            (state.datasetChanged, self._on_dataset_changed),
            (state.sampleChanged, self._show_outcome),
            (state.coveredChanged, self._show_outcome),
        ):
            signal.connect(slot)
        standard = QKeySequence.StandardKey
        board = (standard.Undo, pad, pad.undo), (standard.Redo, pad, pad.redo)  # while it is in sight
        for key, part, slot in (*board, (standard.Paste, self, self._paste)):
            # All keys of the platform, such as Ctrl+Y and Ctrl+Shift+Z.
            for keys in QKeySequence.keyBindings(key):
                QShortcut(keys, part, slot)
        QShortcut(QKeySequence("Ctrl+Return"), self, self.accept)

    # -- pages ---------------------------------------------------------------------------------------------

    @property
    def page(self) -> str:
        """Which page is shown: "draw" or "image"."""
        return self.choices.value.page

    def show_drawing(self) -> None:
        """Come to the front with the drawing board."""
        self._come(replace(self.choices.value, page="draw"))

    def show_picture(self, picture: pictures.Picture) -> None:
        """Come to the front with a picture, which becomes the sample."""
        if (shape := self._frame()) is None:
            return
        self._picture = picture
        self.meant_classes["image"] = ""
        self._show_picture()
        fit = "whole" if picture.size == shape else "digit"  # one of the size already is taken as it is
        self._come(replace(self.choices.value, page="image", fit=fit, dark=picture.dark_ink))
        self._choose("image")

    def forget(self, board: Photo | None = None, meant: str = "") -> None:
        """Close, and keep nothing of what was drawn or opened, or only what is and was `meant` on a board."""
        self._pace.flush()
        self.hide()
        self._picture = None
        self._made.clear()
        self.meant_classes = {"draw": meant, "image": ""}
        self.pad.forget(board)
        self._on_dataset_changed()
        self._show_picture()
        self.side.show_page(page_of(None, Probabilities(()), ""))

    def _come(self, view: View) -> None:
        self._last = view  # what follows from the choice is done here
        self.choices.take(view)
        if not self.isVisible():
            self._before = self._state.sample
        self.message.clear()
        self._show_page(takes=False)
        self.show()
        self._show_outcome()
        self.activateWindow()

    def _on_chosen(self) -> None:
        before, view = self._last, self.choices.value
        self._last = view
        self.pad.set_brush(view.brush, erases=view.tool == "eraser")
        if view.page != before.page:
            self._show_page()
        elif (view.fit, view.dark) != (before.fit, before.dark):
            self._choose("image")

    @override
    def accept(self) -> None:
        """Close with what is in front as the sample."""
        self._show_page()
        super().accept()

    @override
    def reject(self) -> None:
        """Close, and bring back what was chosen before, unless something else was chosen meanwhile."""
        self._pace.flush()
        if (now := self._state.sample) is not None and now.index is None:
            if self._before is None:
                self._state.choose_test_image(0)
            else:
                self._state.set_sample(self._before)
        super().reject()

    def _show_page(self, *, takes: bool = True) -> None:
        """Bring the page to the front; what was made on it is the sample again, if that `takes` its place."""
        self._pace.flush()
        self._stack.setCurrentWidget(self._pages[self.page])
        self.mean(self.meant_classes[self.page])
        if self.page == "draw":
            self.pad.setFocus()
        if self.page not in self._made:
            self._make(self.page)
        if takes and self.page in self._made:
            self._state.set_sample(self._made[self.page].sample)
        self._show_outcome()

    def _on_undo_changed(self) -> None:
        self.undo_button.setEnabled(self.pad.can_undo())
        self.redo_button.setEnabled(self.pad.can_redo())
        self.clear_button.setEnabled(not self.pad.is_blank())

    def _on_drawn(self) -> None:
        if self.pad.is_blank():
            # The drawing so far stays the sample; what is drawn next is another.
            self._pace.flush()
            self._made.pop("draw", None)
            self._show_outcome()
            return
        self._pace.put("draw")

    def _on_dataset_changed(self) -> None:
        shape, dataset = self._frame(), self._state.dataset
        if shape is None or dataset is None:
            return
        self.pad.set_aspect(*shape)
        listed = f"{', '.join(dataset.classes[:-1])} and {dataset.classes[-1]}"
        self.known.set_text(f"This network knows {listed}: whatever you draw, it takes it for one of these.")
        self.meant.set_options([("", "–"), *((name, name) for name in dataset.classes)])
        self.mean(self.meant_classes[self.page])
        own, self._before = self._before, None
        if own is not None and own.index is None and own.pixels.shape == dataset.input_shape:
            self._before = replace(own, label=dataset.label_of(own.meant))
        self._made.clear()  # what is not in front is made again when it is shown
        if self.isVisible():
            self._make(self.page)
        self._show_outcome()

    def mean(self, name: str) -> None:
        """Keep the class that is meant in front, and show it where the data have it."""
        self.meant_classes[self.page] = name
        self.meant.set_choice(name if self.meant.findData(name) >= 0 else "")

    def _on_meant(self) -> None:
        """Give what is in front the class that was meant."""
        self.meant_classes[self.page] = self.meant.choice()
        self._choose(self.page)

    # -- making samples ------------------------------------------------------------------------------------

    def _frame(self) -> tuple[int, int] | None:
        """Height and width of the images of the data set."""
        dataset = self._state.dataset
        return None if dataset is None else dataset.input_shape[1:]

    def _choose(self, page: object) -> None:
        """Make what is on a page anew, as the sample if it is in front."""
        self._made.pop(str(page), None)
        self._show_page()

    def _make(self, page: str) -> None:
        """Make an image of the size of the data of what is on a page, if there is anything."""
        shape, dataset, picture, view = self._frame(), self._state.dataset, self._picture, self.choices.value
        if shape is None or dataset is None or (self.pad.is_blank() if page == "draw" else picture is None):
            return
        if page == "draw" or picture is None:
            original, origin, ink = self.pad.pixels(), "drawn", self.pad.pixels()
            seen = normalize_digit(original, *shape)
        else:
            original, origin = picture.pixels, picture.name
            seen = pictures.fitted(picture, view.fit, *shape, dark_ink=view.dark)
            ink = find_ink(original, is_dark=view.dark).pixels if view.fit == "digit" else None
        meant, own = self.meant_classes[page], self._state.sample
        sample = Sample(seen[np.newaxis], dataset.label_of(meant), None, origin, meant)
        if own is not None and (own.index, own.origin, own.meant) == (None, origin, meant):
            sample = own if np.array_equal(own.pixels, sample.pixels) else sample  # that of a document
        first, second = (Photo(each, "left top") for each in (original, seen))
        self._made[page] = Made(sample, first, second, pictures.scaling_words(ink, seen))

    # -- drawing -------------------------------------------------------------------------------------------

    def _show_picture(self) -> None:
        picture = self._picture
        for name in ("fit", "dark"):
            self.choices.controls[name].setEnabled(picture is not None)
        self.picture.show_content(None if picture is None else Photo(picture.pixels))
        caption = ""
        if picture is not None:
            high, wide = map(format_count, picture.size)
            caption = f"{pictures.shortened(picture.name)}, {wide} × {high} pixels"
        self.title.set_caption(caption)

    def _show_outcome(self, _prediction: pictures.Prediction | None = None) -> None:
        state, prediction, made = self._state, self._loop.picture, self._made.get(self.page)
        if not self.isVisible() or state.dataset is None:
            return
        empty = Probabilities(state.dataset.classes)
        is_there = self._picture is not None if self.page == "image" else not self.pad.is_blank()
        why = state.why_covered(Secret.ANSWERS, Secret.PREDICTION)
        if why or state.sample is not (made and made.sample):
            missing = {"draw": "Nothing is drawn yet", "image": "No image is open yet"}[self.page]
            self._outcome = empty, why or (_OTHER if is_there else missing)
        elif prediction is None or prediction.scene.dataset is not state.dataset:
            self._outcome = empty, ""
        elif prediction.scene.sample is state.sample:  # until it is known, what is shown stays
            bars = replace(empty, values=tuple(prediction.probabilities.tolist()))
            best = int(np.argmax(prediction.probabilities))
            said = format_probabilities(prediction.probabilities.tolist())[best]
            label = made and made.sample.label
            verdict = "" if label is None else ": correct" if label == best else ": wrong"
            self._outcome = bars, f"Read as {bars.names[best]} ({said}){verdict}"
        self.side.show_page(page_of(made, *self._outcome))
