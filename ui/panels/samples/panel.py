"""The samples panel: thumbnails, images of one's own, and what the network says of the chosen one."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QIntValidator, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from cnnviz._types import IntArray
from cnnviz.covers import Secret
from cnnviz.drawing import Ask, Box, Drawing, Look
from cnnviz.drawing.page import Card, Page, down, page_drawn
from cnnviz.evaluation import Evaluation
from cnnviz.graphics.pictures import PHOTO, Photo
from cnnviz.graphics.probabilities import PROBABILITIES, Probabilities
from cnnviz.graphics.texts import WORDS, Words
from cnnviz.graphics.thumbnails import THUMBNAILS, Images, ShowImage, Thumbnails
from cnnviz.quantities import format_many
from ui.controls.buttons import Button
from ui.controls.choice_field import ChoiceField
from ui.controls.keyboard import plain_arrow_step
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.layouts import fill, named, scaled
from ui.controls.message_bar import MessageBar
from ui.marks import MarkView
from ui.panels.contract import WindowPart
from ui.panels.samples import pictures
from ui.panels.scene import PictureLoop, still_scene_of
from ui.panels.thumbnails import ThumbnailView, describer
from ui.state import AppState, Notice
from ui.tasks import Context, TaskRunner
from ui.theme import Theme, follow_theme

if TYPE_CHECKING:
    from ui.panels.samples.own_window import OwnDigitWindow

_READING = "own-image"
_NUMBERS_MS = 200
"""Between two predictions while training runs: numbers that change faster cannot be read."""
_GRID_HEIGHT = 62  # least one of the thumbnails, in pixels at scale 1
#: Classes whose bars are shown where there is little height, in a narrow and in a wide panel.
_FEW_BARS = (3, 4)
ALL, WRONG = "all", "misclassified"
"""Choices of the list, beside the numbers of the classes."""
_EVERYTHING = (ALL, "all classes")
#: Width, in pixels at scale 1, from which on controls have room beside one another: with texts and icons, or,
#: in enlarged letters, with texts alone.
_WIDE, _WIDE_ENLARGED = 250, 200
_BARS_TIP = (
    "Probability the network gives to each class for the current sample. The tick marks its true class, a "
    "cross the class that is predicted in its place"
)
#: Width that the panel wants, and the least one.
SAMPLES_WIDTH, _LEAST = 286, 140


class SamplesPanel(WindowPart):
    """Filter, thumbnails, own images, and the prediction for the current sample.

    * `analysis`: where image files are read, and predictions computed.
    * `ask_image`: asks for an image file; None for none.
    * `windowMade`: the window for own images exists from now on.
    """

    windowMade = Signal(QWidget)
    fits_parts = True

    def __init__(self, state: AppState, analysis: TaskRunner, ask_image: Callable[[], Path | None]) -> None:
        super().__init__()
        self._state, self._analysis, self._ask_image = state, analysis, ask_image
        self._own_window: OwnDigitWindow | None = None
        self._notice = Notice("samples", "info", "")
        self._board: tuple[Photo, str] | None = None  # that of a document, as long as there is no window
        self._is_low = self._narrow = False
        self._images: Images | None = None
        self._build()
        self._scene = partial(still_scene_of, state, None)
        asked = "prediction", self._scene, pictures.predict, self._draw_prediction
        self._loop = PictureLoop(self, state, analysis, *asked, _NUMBERS_MS)
        self._connect_signals()
        self._on_dataset_changed()
        follow_theme(self)

    @override
    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._show_texts()

    def turn(self, way: int) -> None:
        """Choose the next image of the list, or with -1 the one before it."""
        keys = {} if self.grid.content is None else self.grid.drawing().keys
        if ask := keys.get("right" if way > 0 else "left"):
            self._answer(ask)

    def figure(self, look: Look) -> Drawing:
        """The images in sight, and the prediction, for paper."""
        why = self._state.why_covered(Secret.ANSWERS, Secret.PREDICTION)
        content, width = self.grid.content, float(self.width())
        assert self.bars.content is not None
        cards = pictures.prediction_cards(self.bars.content, self.said.text())
        untold = (Card("why", WORDS, Words(why), room=None, is_label=True),)
        below = down(*(untold if why else cards), room=None)
        if content is None:
            return page_drawn(Page(below), Box(0, 0, width, below.height(width, look)), look)
        caption = self._title.caption()
        side = content.tiles(Box(0, 0, width, 0), look).side
        images = replace(content, scroll=round(content.scroll // side * side))
        card = Card("images", THUMBNAILS, images, "Samples", caption)
        page = Page(down(card, below))
        rest = card.head(width, look) + look.px(10) + below.height(width, look)
        rows = max((self.height() - rest) // side, 1)
        return page_drawn(page, Box(0, 0, width, rows * side + rest), look)

    # -- images of one's own -------------------------------------------------------------------------------

    def draw(self) -> None:
        self.own_window().show_drawing()

    def open_image(self, path: Path) -> None:
        """Read an image file in the background and make it the sample; the current one stays if it fails."""
        self._read(lambda _context: pictures.read_picture(path))

    def ask_image(self) -> None:
        """Ask for an image file and make it the sample."""
        if (path := self._ask_image()) is not None:
            self.open_image(path)

    def paste(self) -> None:
        """Make the image, or the image file, in the clipboard the sample."""
        # PySide promises data, but where the platform has no clipboard of its own an empty one has none.
        data: QMimeData | None = QGuiApplication.clipboard().mimeData()
        if data is None or not self.take(data, "pasted image"):
            text = "The clipboard holds no image: copy one in another program, then press Ctrl+V here."
            self._say(text, "warning")

    def take(self, data: QMimeData, name: str) -> bool:
        """Make what was pasted or dropped the sample; return whether there is an image or a file in it."""
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if files:
            self.open_image(files[0])
            return True
        if (read := pictures.offered_image(data, name)) is not None:
            self._read(lambda _context: read())
        return read is not None

    def forget_own(self) -> None:
        """Keep none of the user's own images: another user comes."""
        self._analysis.cancel(_READING)
        self.take_board(None)
        if self._state.sample is not None and self._state.sample.index is None:
            self._state.choose_test_image(0)

    @property
    def board(self) -> tuple[Photo, str] | None:
        """What is drawn on the board, and the class that was meant, "" for none; None for nothing."""
        own = self._own_window
        if own is None:
            return self._board
        return None if own.pad.is_blank() else (own.pad.photo, own.meant_classes["draw"])

    def take_board(self, board: tuple[Photo, str] | None) -> None:
        """Put a drawing on the board in place of what was drawn or opened."""
        self._board = board
        if self._own_window is not None:
            self._own_window.forget(*(board or (None, "")))

    def own_window(self) -> "OwnDigitWindow":
        """The window in which own images are made; built when it is first needed."""
        if self._own_window is None:
            # Imported here: the window program starts sooner without it.
            from ui.panels.samples.own_window import OwnDigitWindow

            window = self._own_window = OwnDigitWindow(
                self._state, self._analysis, self.ask_image, self.paste, self.take, self.window()
            )
            if self._board is not None:
                window.forget(*self._board)
            self.windowMade.emit(window)
        return self._own_window

    def _read(self, function: Callable[[Context], pictures.Picture]) -> None:
        if self._state.dataset is not None:
            self._analysis.submit(_READING, function, self._on_picture_read, self._say)
        elif self._notice.text:  # why there are none
            self._on_notice_raised(self._notice)
        else:
            self._say("The images are still loading: try again in a moment.", "info")

    def _say(self, text: str, kind: str = "error") -> None:
        """Show a message where it can be seen: the lab guide may stand in the place of the samples."""
        for place in filter(None, (self._own_window, self)):
            if place.isVisible():
                place.message.show_message(text, kind)
                return
        self._state.raise_notice("image", kind, text)

    def _unsay(self) -> None:
        for place in filter(None, (self._own_window, self)):
            place.message.clear()
        self._state.clear_notice("image")

    @property
    def prediction(self) -> pictures.Prediction | None:
        """What is drawn of the current sample."""
        return self._loop.picture

    # -- building ------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.message = MessageBar(self)
        tip = "Put the lab guide back in the place of the samples"
        self.guide_button = Button("Lab guide", "chevron-left", "", tip, "Ctrl+L")
        self.guide_button.hide()
        self._title = SectionTitle("Samples")
        tip = "Show all test images, those of one class, or those the network gets wrong"
        self.filter = named(ChoiceField([_EVERYTHING]), "Which test images to show", tip)
        tip = "Type the index of a test image and press Enter"
        self.search = named(QLineEdit(), "Go to test image by its index", tip)
        self.search.setPlaceholderText("# index")
        self._index_range = QIntValidator(0, 0, self.search)
        self.search.setValidator(self._index_range)
        across = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._find = fill(across, (self.filter, 3), (self.search, 2), spacing=6)
        tip = "Click an image to make it the sample; the arrow keys go on, and elsewhere N and Shift+N"
        strong = Qt.FocusPolicy.StrongFocus
        self.grid = ThumbnailView(THUMBNAILS, "Test images", tip, self._answer, focus=strong)
        self.grid.setObjectName("samples")
        self.grid.setProperty("key", "N")
        scaled(self.grid.setMinimumHeight, _GRID_HEIGHT)
        self.grid.placeholder = "Loading the images…"
        tip = "Draw an image and watch what the network makes of it"
        self.draw_button = Button("Draw", "pencil", "", tip)
        tip = "Open an image file (PNG, JPEG, BMP); you can also drop one on the window or paste it"
        self.open_button = Button("Open…", "folder-open", "", tip)
        buttons = fill(QHBoxLayout(), (self.draw_button, 1), (self.open_button, 1), spacing=6)
        self.paste_action = QAction("Paste image", self)  # of the window: it goes on while this is hidden
        self.paste_action.setShortcut(QKeySequence(QKeySequence.StandardKey.Paste))
        self._bars_title = SectionTitle("Prediction")
        self.bars = MarkView(PROBABILITIES, "Probability of each class", _BARS_TIP)
        self.bars.show_content(Probabilities(()))
        self.own = MarkView(PHOTO, "Your own image")
        scaled(self.own.setFixedSize, 32, 32)
        self.own.hide()
        self.said = WrapLabel("", role="muted", lively=True)
        # The image stands beside the bars: no row of images goes for it.
        bars = fill(QHBoxLayout(), self.own, (self.bars, 1), spacing=8)
        self._layout = fill(  # with so little spacing that there is room to present in the lowest window
            QVBoxLayout(self), self.message, self.guide_button, self._title, self._find, (self.grid, 1),
            buttons, named(QFrame(), role="separator"), self._bars_title, bars, self.said,
            spacing=6, margins=(12, 12, 12, 12),
        )  # fmt: skip

    def _connect_signals(self) -> None:
        self.filter.choiceEdited.connect(self._fill)
        self.search.returnPressed.connect(self._on_search_entered)
        self.draw_button.clicked.connect(self.draw)
        self.open_button.clicked.connect(self.ask_image)
        self.paste_action.triggered.connect(self.paste)
        state = self._state
        state.datasetChanged.connect(self._on_dataset_changed)
        state.evaluationChanged.connect(self._on_evaluation_changed)
        state.coveredChanged.connect(self._on_evaluation_changed)
        state.sampleChanged.connect(self._on_sample_changed)
        state.sceneChanged.connect(self._on_scene_changed)
        state.noticeRaised.connect(self._on_notice_raised)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let the first arrow key, too, choose the next image, when a key has led here."""
        if self.hasFocus() and plain_arrow_step(event):
            self.grid.setFocus(Qt.FocusReason.TabFocusReason)
            self.grid.answer_key(event)
        else:
            super().keyPressEvent(event)

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(SAMPLES_WIDTH), super().sizeHint().height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(_LEAST), self._height_needed(is_low=True))

    @override
    def _fit(self) -> None:
        """Use the roomiest arrangement that width and height allow."""
        narrow = self._is_narrow()
        if narrow != self._narrow:  # a new layout comes here again, and may not ask for another
            self._narrow = narrow
            direction = QBoxLayout.Direction
            self._find.setSpacing(3 if narrow else 6)
            self._find.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
            self._show_texts()
            self._show_images()
        is_low = self._height_needed(is_low=False) > self.height()
        if is_low != self._is_low:
            self._is_low = is_low
            if self._scene() is not None and self.prediction is not None:
                self._draw_prediction(self.prediction)

    def _is_narrow(self) -> bool:
        """Whether there is too little room for controls beside one another."""
        return self.width() < self._theme.px(_WIDE_ENLARGED if self._theme.scale > 1 else _WIDE)

    def _show_texts(self) -> None:
        """Show texts and icons, or what there is room for: icons alone, or texts in enlarged letters."""
        for button, icon in ((self.draw_button, "pencil"), (self.open_button, "folder-open")):
            button.set_compact(self._narrow)
            button.set_icon(icon if self._narrow or self._theme.scale <= 1 else "")

    def _height_needed(self, *, is_low: bool) -> int:
        """Height that is needed for all classes, or for the most probable ones alone."""
        names = 0 if self._state.dataset is None else len(self._state.dataset.classes)
        row = self.bars.sizeHint().height() // max(min(names, self._bars_shown()), 2)
        saved = max(names - _FEW_BARS[not self._is_narrow()], 0) * row
        return self._layout.minimumSize().height() + saved * (self._is_low - is_low)

    def _bars_shown(self) -> int:
        return _FEW_BARS[not self._is_narrow()] if self._is_low else 10

    def _answer(self, ask: Ask) -> None:
        if isinstance(ask, ShowImage):
            self._state.choose_test_image(ask.index)

    # -- slots ---------------------------------------------------------------------------------------------

    def _on_picture_read(self, picture: pictures.Picture) -> None:
        self._unsay()
        self.own_window().show_picture(picture)

    def _on_sample_changed(self) -> None:
        if self._state.sample is not None and self._state.sample.index is None:
            self._unsay()  # an image of one's own is there now
        self._show_images()

    def _on_dataset_changed(self) -> None:
        dataset = self._state.dataset
        for button in (self.draw_button, self.open_button):
            button.setEnabled(dataset is not None)
        if dataset is None:
            return
        classes = ((str(number), f"class {name}") for number, name in enumerate(dataset.classes))
        self.filter.set_options([_EVERYTHING, *classes, (WRONG, "misclassified")])
        self.filter.set_choice(ALL)
        self._index_range.setTop(len(dataset.test_labels) - 1)
        self._fill()
        self._fit()

    def _on_evaluation_changed(self) -> None:
        if self.filter.choice() == WRONG:
            self._fill()
        elif self._images is not None:
            self._images = self._described(self._images.indices)
            self._show_images()

    def _on_scene_changed(self) -> None:
        if self._scene() is None:
            self._show_prediction(Probabilities((), most=self._bars_shown()), "")

    def _draw_prediction(self, prediction: pictures.Prediction) -> None:
        scene, values = prediction.scene, tuple(prediction.probabilities.tolist())
        bars = Probabilities(scene.classes, values, scene.sample.label, self._bars_shown())
        self._show_prediction(bars, pictures.verdict_of(prediction))

    def _show_prediction(self, bars: Probabilities, said: str) -> None:
        self._bars_title.set_caption(pictures.prediction_cards(bars, said)[0].caption)
        self.bars.show_content(bars)
        self.said.set_text(said)

    def _on_notice_raised(self, notice: Notice) -> None:
        if notice.place == "samples":
            self._notice = notice
            if self._state.dataset is None:
                self.grid.placeholder = "There are no images" if notice.text else "Loading the images…"
                self.grid.update()
            if notice.text:
                self.message.show_message(notice.text, notice.kind, notice.action, notice.act)
            else:
                self.message.clear()

    def _on_search_entered(self) -> None:
        self._state.choose_test_image(int("".join(filter(str.isdigit, self.search.text()))))  # also "1,000"
        self.search.clear()

    # -- drawing -------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        dataset = self._state.dataset
        if dataset is None:
            return
        indices = self._indices()
        count = f" · {format_many(len(indices), 'image')}"
        if self.filter.choice() == WRONG:
            untold = self._state.why_covered(Secret.TEST, Secret.ANSWERS)
            if not untold and self._state.evaluation is None:
                untold = "Nothing tested yet: train first"
            count = "" if untold else count  # which is not known
            self.grid.placeholder = untold or "No test image is misclassified"
        self._title.set_caption(f"{dataset.name}{count}")
        self._images = self._described(indices) if len(indices) else None
        self._show_images()

    def _show_images(self) -> None:
        sample, images = self._state.sample, self._images
        current, side = None if sample is None else sample.index, 44 if self._narrow else 60
        own = None if sample is None or current is not None else Photo(sample.pixels[0])
        self.own.show_content(own)
        self.own.setVisible(own is not None and not self._narrow)
        self.grid.show_content(None if images is None else Thumbnails(images, current, side=side))

    def _described(self, indices: IntArray) -> Images:
        """Test images with what is to be said of them, and which are misclassified as far as is known."""
        dataset, evaluation = self._state.dataset, self._evaluation()
        assert dataset is not None
        wrong = np.zeros(len(indices), dtype=bool)
        if evaluation is not None:
            wrong = (evaluation.predictions != evaluation.labels)[indices]
        return Images(dataset.test_images, indices, describer(dataset, indices, evaluation), wrong)

    def _evaluation(self) -> Evaluation | None:
        state = self._state
        is_covered = bool(state.why_covered(Secret.TEST, Secret.ANSWERS))
        return None if state.evaluation is None or is_covered else state.evaluation.evaluation

    def _indices(self) -> IntArray:
        """Positions of the test images that the choice of the list stands for, in order."""
        dataset, evaluation, choice = self._state.dataset, self._evaluation(), self.filter.choice()
        assert dataset is not None
        if choice == WRONG:
            return np.empty(0, np.intp) if evaluation is None else np.sort(evaluation.mistakes)
        if choice == ALL:
            return np.arange(len(dataset.test_labels))
        return np.flatnonzero(dataset.test_labels == int(choice))
