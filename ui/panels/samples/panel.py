"""The samples panel: thumbnails, images of one's own, and what the network says of the chosen one."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, QMimeData, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication, QIntValidator, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from cnnviz._types import IntArray
from cnnviz.covers import Secret
from cnnviz.evaluation import Evaluation
from cnnviz.quantities import format_count
from ui.controls.labels import SectionTitle
from ui.controls.layouts import fill
from ui.controls.message_bar import MessageBar
from ui.controls.naming import named
from ui.panels.analysis import Analysis, Context
from ui.panels.picture_loop import PictureLoop
from ui.panels.samples.finding import ALL, WRONG, FindRow, described, found_images, is_narrow
from ui.panels.samples.own_tools import OwnTools
from ui.panels.samples.pictures import Picture, offered_image, read_picture
from ui.panels.samples.prediction import Prediction, predict
from ui.panels.samples.prediction_rows import PredictionRows
from ui.panels.samples.wording import verdict_of
from ui.panels.scene import still_scene_of
from ui.state import AppState, Notice, RunStatus, Sample
from ui.theme import LIGHT, Theme, follow_theme
from ui.tiles.sample_strip import SampleGrid

if TYPE_CHECKING:
    from ui.panels.samples.own_window import OwnDigitWindow

_READING = "own-image"
_NUMBERS_MS = 200
"""Between two predictions while training runs: numbers that change faster cannot be read."""
#: Ways to arrange the panel, from the roomiest to the lowest.
_LEVELS = 3
#: Least height of the thumbnails, in pixels at scale 1: in the roomiest arrangement, and in the others.
_GRID_HEIGHTS = (128, 62)
#: Classes whose bars are shown where there is little height, in a narrow and in a wide panel.
_FEW_BARS = (3, 4)
_EVERYTHING = (ALL, "all classes")
#: Width that the panel wants, and the least one.
SAMPLES_WIDTH, _LEAST = 286, 140


class SamplesPanel(QFrame):
    """Filter, thumbnails, own images, and the prediction for the current sample.

    * `analysis`: where image files are read, and predictions computed.
    * `sampleRequested`: index of the test image to look at.
    * `ownSampleRequested`: image of the user's own to look at.
    * `openRequested`: choose an image file, and hand it to `open_image`.
    * `noticeActionRequested`: the remedy offered in a message was chosen.
    * `windowMade`: the window for own images exists from now on.
    """

    sampleRequested = Signal(int)
    ownSampleRequested = Signal(object)
    openRequested = Signal()
    noticeActionRequested = Signal()
    windowMade = Signal(QWidget)

    def __init__(self, state: AppState, analysis: Analysis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._analysis = analysis
        self._theme = LIGHT
        self._own_window: OwnDigitWindow | None = None
        self._level = 0
        self.setProperty("role", "panel")
        self._build_widgets()
        self._build_layout()
        self._scene = partial(still_scene_of, state, None)
        self._loop = PictureLoop(
            self, state, analysis, "prediction", self._scene, predict, self._draw_prediction
        )
        self._connect_signals()
        self._on_dataset_changed()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the margins."""
        self._theme = theme
        margin = theme.px(12)
        self._layout.setContentsMargins(margin, margin, margin, margin)
        self._layout.setSpacing(theme.px(6))  # presenting in the lowest window needs it
        self._set_grid_height()
        self._fit()

    # -- images of one's own -------------------------------------------------------------------------------

    def draw(self) -> None:
        """Open the drawing board."""
        self.own_window().show_drawing()

    def open_image(self, path: Path) -> None:
        """Read an image file in the background and make it the sample; the current one stays if it fails."""
        self._read(lambda _context: read_picture(path))

    def paste(self) -> None:
        """Make the image, or the image file, in the clipboard the sample."""
        # PySide promises data, but where the platform has no clipboard of its own an empty one has none.
        data: QMimeData | None = QGuiApplication.clipboard().mimeData()
        if data is None or not self.take(data, "pasted image"):
            self.message.show_message(
                "The clipboard holds no image: copy one in another program, then press Ctrl+V here.",
                "warning",
            )

    def take(self, data: QMimeData, name: str) -> bool:
        """Make what was pasted or dropped the sample; return whether there is an image or a file in it."""
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if files:
            self.open_image(files[0])
            return True
        read = offered_image(data, name)
        if read is None:
            return False
        self._read(lambda _context: read())
        return True

    def forget_own(self) -> None:
        """Keep none of the user's own images: another user comes."""
        self._analysis.cancel(_READING)
        if self._own_window is not None:
            self._own_window.forget()
        if self._state.sample is not None and self._state.sample.index is None:
            self.sampleRequested.emit(0)

    def own_window(self) -> "OwnDigitWindow":
        """The window in which own images are made; built when it is first needed."""
        if self._own_window is None:
            # Imported here: the window program starts sooner without it.
            from ui.panels.samples.own_window import OwnDigitWindow

            window = OwnDigitWindow(self._state, self._analysis, self.window())
            window.sampleMade.connect(self._on_sample_made)
            window.openRequested.connect(self.openRequested)
            window.pasteRequested.connect(self.paste)
            window.dropped.connect(self._on_dropped)
            self._own_window = window
            self.windowMade.emit(window)
        return self._own_window

    def _read(self, function: Callable[[Context], Picture]) -> None:
        if self._state.dataset is None:
            self.message.show_message("The images are still being read: try it again in a moment.", "info")
        else:
            self._analysis.submit(_READING, function, self._on_picture_read, self.message.show_error)

    @property
    def prediction(self) -> Prediction | None:
        """What is drawn of the current sample."""
        return self._loop.picture

    @property
    def is_current(self) -> bool:
        """Whether what is drawn is the prediction for the present sample by the present network."""
        return self._loop.is_current

    def verdict(self) -> str:
        """What the network makes of the current sample, in words."""
        return self._rows.verdict.text()

    # -- building ------------------------------------------------------------------------------------------

    def _build_widgets(self) -> None:
        self.message = MessageBar(self)
        self._title = SectionTitle("Samples")
        self._find = FindRow()
        self.filter, self.search = self._find.filter, self._find.search
        self._index_range = QIntValidator(0, 0, self.search)
        self.search.setValidator(self._index_range)
        self.filter.set_options([_EVERYTHING])
        tip = "Click an image to make it the sample; the arrow keys walk through them"
        self.grid = named(SampleGrid(self), "Test images", tip)
        self.grid.setObjectName("samples")
        self.grid.set_placeholder("Reading the images…")
        self.tools = OwnTools()
        self._paste = QAction("Paste image", self)
        self._paste.setShortcut(QKeySequence(QKeySequence.StandardKey.Paste))
        self._paste.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        self.addAction(self._paste)

    def _build_layout(self) -> None:
        line = named(QFrame(), role="separator")
        self._layout = fill(
            QVBoxLayout(self), self.message, self._title, self._find, (self.grid, 1), self.tools, line
        )
        tip = (
            "Probability the network gives to each class for the current sample; "
            "the tick marks its true class"
        )
        self._rows = PredictionRows(self._layout, "Probability of each class", tip)
        self.bars, self.said = self._rows.bars, self._rows.verdict

    def _connect_signals(self) -> None:
        self.filter.choiceEdited.connect(self._fill)
        self.search.returnPressed.connect(self._on_search_entered)
        self.grid.sampleRequested.connect(self.sampleRequested)
        self.message.actionRequested.connect(self.noticeActionRequested)
        self.tools.drawRequested.connect(self.draw)
        self.tools.openRequested.connect(self.openRequested)
        self._paste.triggered.connect(self.paste)
        state = self._state
        state.datasetChanged.connect(self._on_dataset_changed)
        state.evaluationChanged.connect(self._on_evaluation_changed)
        state.coveredChanged.connect(self._on_evaluation_changed)
        state.sampleChanged.connect(self._on_sample_changed)
        state.sceneChanged.connect(self._on_scene_changed)
        state.runChanged.connect(self._on_run_changed)
        state.noticeRaised.connect(self._on_notice_raised)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(SAMPLES_WIDTH), super().sizeHint().height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(_LEAST), self._height_needed(_LEVELS - 1))

    def _fit(self) -> None:
        """Use the roomiest arrangement that width and height allow."""
        narrow = is_narrow(self.width(), self._theme)
        # A new layout comes here again: none of these may ask for one when nothing is different.
        self._find.set_narrow(narrow)
        self.tools.set_narrow(narrow)
        self.grid.set_tile_size(44 if narrow else 60)
        level = next((i for i in range(_LEVELS - 1) if self._height_needed(i) <= self.height()), _LEVELS - 1)
        if level != self._level:
            self._level = level
            self._set_grid_height()
            if self._scene() is not None and self.prediction is not None:
                self._draw_prediction(self.prediction)

    def _height_needed(self, level: int) -> int:
        """Height that an arrangement needs: 0 all, 1 low thumbnails, 2 only the most probable classes."""
        names = 0 if self._state.dataset is None else len(self._state.dataset.classes)
        row = self.bars.sizeHint().height() // max(min(names, self._bars_shown()), 2)
        saved = [
            0,
            self._theme.px(_GRID_HEIGHTS[0] - _GRID_HEIGHTS[1]),
            max(names - self._few_bars(), 0) * row,
        ]
        return self._layout.minimumSize().height() + sum(saved[: self._level + 1]) - sum(saved[: level + 1])

    def _bars_shown(self) -> int:
        return self._few_bars() if self._level == _LEVELS - 1 else 10

    def _few_bars(self) -> int:
        return _FEW_BARS[not is_narrow(self.width(), self._theme)]

    def _set_grid_height(self) -> None:
        self.grid.setMinimumHeight(self._theme.px(_GRID_HEIGHTS[min(self._level, 1)]))

    # -- slots ---------------------------------------------------------------------------------------------

    def _on_dropped(self, data: QMimeData) -> None:
        self.take(data, "dropped image")

    def _on_picture_read(self, picture: Picture) -> None:
        self.message.clear()
        self.own_window().show_picture(picture)

    @Slot(object)
    def _on_sample_made(self, sample: Sample) -> None:
        self.message.clear()
        self.ownSampleRequested.emit(sample)

    @Slot()
    def _on_dataset_changed(self) -> None:
        dataset = self._state.dataset
        self.tools.setEnabled(dataset is not None)
        if dataset is None:
            return
        classes = ((str(number), f"class {name}") for number, name in enumerate(dataset.classes))
        self.filter.set_options([_EVERYTHING, *classes, (WRONG, "misclassified")])
        self.filter.set_choice(ALL)
        self._index_range.setTop(len(dataset.test_labels) - 1)
        self._fill()
        self._fit()

    @Slot()
    def _on_evaluation_changed(self) -> None:
        dataset = self._state.dataset
        if dataset is None:
            return
        if self.filter.choice() == WRONG:
            self._fill()
        else:
            self.grid.set_marks(*described(dataset, self._evaluation(), self._indices()))

    @Slot()
    def _on_sample_changed(self) -> None:
        sample = self._state.sample
        self.grid.set_current(None if sample is None else sample.index)

    @Slot()
    def _on_scene_changed(self) -> None:
        if self._scene() is None:
            self._rows.draw((), None, "", self._bars_shown())

    @Slot()
    def _on_run_changed(self) -> None:
        self._loop.pace = _NUMBERS_MS if self._state.run.status is RunStatus.TRAINING else 0

    def _draw_prediction(self, prediction: Prediction) -> None:
        scene = prediction.scene
        most, label = self._bars_shown(), scene.sample.label
        self._rows.draw(scene.classes, prediction.probabilities, verdict_of(prediction), most, label)

    @Slot(object)
    def _on_notice_raised(self, notice: Notice) -> None:
        if notice.place == "samples" and notice.text:
            self.message.show_message(notice.text, notice.kind, notice.action)
        elif notice.place == "samples":
            self.message.clear()

    @Slot()
    def _on_search_entered(self) -> None:
        self.sampleRequested.emit(int(self.search.text()))
        self.search.clear()

    # -- drawing -------------------------------------------------------------------------------------------

    @Slot()
    def _fill(self) -> None:
        dataset = self._state.dataset
        if dataset is None:
            return
        indices = self._indices()
        count = f" · {format_count(len(indices))} test images"
        if self.filter.choice() == WRONG:
            untold = self._state.why_covered(Secret.TEST, Secret.ANSWERS)
            if not untold and self._state.evaluation is None:
                untold = "Train first: nothing was tested yet"
            count = "" if untold else count  # which is not known
            self.grid.set_placeholder(untold or "No test image is misclassified")
        self._title.set_caption(f"{dataset.name}{count}")
        self._title.setToolTip(f"{dataset.name}. {dataset.conversion}" if dataset.conversion else "")
        self.grid.set_images(dataset.test_images, indices, *described(dataset, self._evaluation(), indices))
        self._on_sample_changed()

    def _evaluation(self) -> Evaluation | None:
        state = self._state
        is_covered = bool(state.why_covered(Secret.TEST, Secret.ANSWERS))
        return None if state.evaluation is None or is_covered else state.evaluation.evaluation

    def _indices(self) -> IntArray:
        return found_images(self._state.dataset, self._evaluation(), self.filter.choice())
