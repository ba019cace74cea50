"""The dialog in which a figure is chosen, looked at and written, and which says where it is."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import override

from PySide6.QtCore import QEvent, QObject, QSettings, QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from cnnviz.document.types import Document
from cnnviz.drawing import Drawing, to_csv
from cnnviz.errors import CNNVizError
from cnnviz.files import atomic_write, printable_name
from cnnviz.quantities import format_count, format_value
from ui.choices import Choices, flag, kept, one_of, read
from ui.controls.buttons import Button
from ui.controls.choice_field import DropDownList
from ui.controls.layouts import Form, fill, named
from ui.controls.message_bar import MessageBar
from ui.export.figures import COLOURS, Figure, caption_of, file_name_of, free_path, tables_of
from ui.export.formats import CM_PER_PIXEL, SCALE, Content, draw_pdf, draw_png, draw_svg, to_image
from ui.panels.provenance import catch_up
from ui.settings import remember_folder, remembered_folder
from ui.state import AppState
from ui.tasks import TaskRunner
from ui.theme import theme_manager
from ui.window.actions import action_row

_FORMATS = (
    ("png", "PNG", "A picture made of pixels; opening it brings the view back"),
    ("svg", "SVG", "Lines and letters that stay sharp at any size, for drawing programs and web pages"),
    ("pdf", "PDF", "Lines and letters that stay sharp at any size, for printing and LaTeX"),
    ("csv", "CSV", "The numbers behind the figure, for a spreadsheet or a script"),
)

_NO_NUMBERS = "There are no numbers behind this figure yet; choose another, or train first."


@dataclass(frozen=True)
class View:
    """What is remembered for the next figure."""

    format: str = one_of("png", "row", "Format", _FORMATS, "Kind of file")
    colours: str = one_of(
        "screen", "list", "Colours", COLOURS, "Colours of the figure, independent of the theme on the screen"
    )
    caption: bool = flag(True, "Caption: preset, seed, step, sample")


class ExportDialog(QDialog):
    """Asks what to export and how, shows it, and has the file written. It changes nothing in the window.

    It stays for the next figure. Closed while the file is being written it is only hidden: the file is
    written all the same, and the window says where it is.

    * `figures`: what can be chosen; the first is chosen at first.
    * `picture`: returns what a PNG shall carry.
    * `insert`: puts a figure into the lab report; the dialog ends with it.
    """

    def __init__(
        self,
        figures: list[Figure],
        state: AppState,
        settings: QSettings,
        picture: Callable[[QWidget], Document | None],
        insert: Callable[[Figure], None],
        files: TaskRunner,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._figures, self._state, self._settings, self._view_of = figures, state, settings, picture
        self._insert, self._files = insert, files
        self._caption = ""
        self._picture = QPixmap()
        self._named_by_user = False
        self._written = Path()
        self.setWindowTitle("Export figure")
        self.choices = Choices(View, parent=self)
        found = {name: settings.value(f"export/{name}") for name in kept(View())}
        found["caption"] = settings.value("export/caption", View.caption, bool)  # a text in a file
        self.choices.take(read(View, found))
        self._build()
        self._on_figure_chosen()

    def figure(self) -> Figure:
        """What is chosen."""
        return self._figures[self.what.currentIndex()]

    def drawing(self) -> Drawing:
        view = self.choices.value
        return self.figure().drawing(view.colours, self._caption if view.caption else "")

    def path(self) -> Path:
        ending = f".{self.choices.value.format}"
        name = self.name.text().strip() or self.name.placeholderText()
        return self._folder() / (name if Path(name).suffix.lower() == ending else name + ending)

    def _folder(self) -> Path:
        return Path(os.path.expanduser(self.folder.text()))  # noqa: PTH111 -- raises nothing for ~nobody

    def export(self, *, replaces: bool = False) -> None:
        """Write the file; one that exists only if it may be replaced, which is asked."""
        if not self.save.isEnabled():  # it is being written
            return
        path = self.path()
        if os.path.lexists(path) and not replaces:  # writing tells what is wrong with a name
            text = f"{printable_name(path)} already exists in this folder."
            act = partial(self.export, replaces=True)  # which goes with the name
            self.message.show_message(text, "warning", "Replace it", act)
            return
        try:
            content = self._content()
        except CNNVizError as error:
            self.message.show_message(str(error), "error")
            return
        self.save.setEnabled(False)
        self._files.submit(
            f"figure {path}",
            lambda _context: atomic_write(path, content()),
            lambda _done: self._on_written(path),
            self._tell,
        )

    @override
    def reject(self) -> None:
        if self.save.isEnabled():
            super().reject()
        else:
            self.hide()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._show_picture()
        return super().eventFilter(watched, event)

    def _describe_content(self) -> None:
        """Say what the figure shows; it may be another step than a moment ago, if training runs."""
        catch_up(self.figure().widget)
        self._caption = caption_of(self._state, self.figure().widget)
        self.caption.setToolTip(self._caption)

    def _content(self) -> Content:
        self._describe_content()
        figure = self.figure()
        match self.choices.value.format:
            case "png":
                return draw_png(self.drawing(), self._view_of(figure.widget))
            case "svg":
                return draw_svg(self.drawing(), figure.title, with_fonts=True)
            case "pdf":
                return draw_pdf(self.drawing(), figure.title)
            case _:
                if not (tables := tables_of(figure.widget)):
                    raise CNNVizError(_NO_NUMBERS)
                return partial(to_csv, tables, self._caption if self.choices.value.caption else "")

    def _build(self) -> None:
        controls = self.choices.controls
        self.format, self.colours, self.caption = controls.values()
        self.preview = named(QLabel(), "Preview")
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.preview.setMinimumSize(theme_manager().theme.px(420), theme_manager().theme.px(300))
        self.preview.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.preview.installEventFilter(self)
        self.about = named(QLabel(), role="muted")
        self.what = DropDownList()
        self.what.addItems([each.label for each in self._figures])
        self.name, self.folder = QLineEdit(), QLineEdit()
        self.browse = Button("Choose…", tooltip="Choose the folder")
        self.message = MessageBar()
        self.save = Button("Export", "", "primary", "Write the file")
        self.save.setDefault(True)
        self.open_file = Button("Open", tooltip="Open the file in the program for its kind")
        self.show_folder = Button("Show in folder", tooltip="Open the folder that the file is in")
        for button in (self.open_file, self.show_folder):
            button.hide()
        self.cancel = Button("Close", tooltip="Close this window")
        row, tip = action_row("insert"), "Put this figure below the observations of the lab report"
        self.insert = Button(row.label, row.icon, "", tip, row.key)
        self.insert.setShortcut(row.key)
        self._form = form = Form()
        form.add_row("Figure", self.what, "A plot, a panel with everything in it, or the whole window")
        for title, control in (("Format", self.format), ("Colours", self.colours)):
            form.add_row(title, control, control.toolTip())
        form.add_row("", self.caption)
        form.add_row("Name", self.name, "Name of the file")
        form.add_row("Folder", self.folder, "Folder that the file is written to")
        form.add_row("", self.browse)
        right = fill(QVBoxLayout(), form, 1)
        left = fill(QVBoxLayout(), (self.preview, 1), self.about)
        middle = fill(QHBoxLayout(), (left, 1), right, spacing=16)
        ends = self.cancel, self.insert, self.save
        buttons = fill(QHBoxLayout(), self.open_file, self.show_folder, 1, *ends)
        fill(QVBoxLayout(self), (middle, 1), self.message, buttons, spacing=12, margins=(16, 16, 16, 16))
        form.setMinimumWidth(theme_manager().theme.px(380))
        self.resize(theme_manager().theme.px(960), theme_manager().theme.px(500))

        self.folder.setText(str(remembered_folder(self._settings)))
        self.what.currentIndexChanged.connect(self._on_figure_chosen)
        self.choices.changed.connect(self._on_chosen)
        self.name.textEdited.connect(self._on_name_edited)
        self.folder.textEdited.connect(self._propose_name)
        self.browse.clicked.connect(self._on_browse_clicked)
        self.save.clicked.connect(lambda: self.export())
        self.cancel.clicked.connect(self.reject)
        self.insert.clicked.connect(lambda: self._insert(self.figure()))
        self.insert.clicked.connect(self.reject)  # the window says where it is
        self.open_file.clicked.connect(lambda: self._open(self._written))
        self.show_folder.clicked.connect(lambda: self._open(self._written.parent))

    def _on_written(self, path: Path) -> None:
        remember_folder(self._settings, path)
        for name, value in kept(self.choices.value).items():
            self._settings.setValue(f"export/{name}", value)
        self._written = path
        for button in (self.open_file, self.show_folder):
            button.show()
        self._named_by_user = False
        self._propose_name()
        self._tell(f"{printable_name(path)} is in {path.parent}.", "success")

    def _tell(self, text: str, kind: str = "error") -> None:
        """Say what became of a file: in the window, if the dialog has been closed meanwhile."""
        self.save.setEnabled(True)
        if self.isVisible():
            self.message.show_message(text, kind)
        else:
            self._state.raise_notice("files", kind, text)
            self.reject()

    def _open(self, path: Path) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self.message.show_message(f"No program opens {path}.", "warning")

    def _on_figure_chosen(self) -> None:
        self._describe_content()
        self._on_chosen()

    def _on_chosen(self) -> None:
        self._propose_name()
        self._draw()
        self._describe()

    def _on_name_edited(self) -> None:
        self._named_by_user = True
        self.message.clear()

    def _on_browse_clicked(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder for figures", self.folder.text())
        if folder:
            self.folder.setText(folder)
            self._propose_name()

    def _propose_name(self) -> None:
        name = file_name_of(self.figure(), self._state)
        name = free_path(self._folder(), name, f".{self.choices.value.format}").name
        self.name.setPlaceholderText(name)  # what an empty field stands for
        self.name.setMinimumWidth(self.name.fontMetrics().horizontalAdvance(f"{name}MMM"))  # and its edges
        if not self._named_by_user:
            self.name.setText(name)
            self.name.setCursorPosition(0)
        self.message.clear()

    def _draw(self) -> None:
        try:
            self._picture = QPixmap.fromImage(to_image(self.drawing()))
        except CNNVizError as error:
            self.message.show_message(str(error), "error")
            self._picture = QPixmap()
        self._show_picture()

    def _show_picture(self) -> None:
        if self._picture.isNull():
            self.preview.clear()
            return
        ratio = self.devicePixelRatioF()
        room, keeps = self.preview.size() - QSize(2, 2), Qt.AspectRatioMode.KeepAspectRatio
        size = self._picture.size().boundedTo(self._picture.size().scaled(room, keeps))  # never enlarged
        smooth = Qt.TransformationMode.SmoothTransformation
        shown = self._picture.scaled(size * ratio, keeps, smooth)
        shown.setDevicePixelRatio(ratio)
        self.preview.setPixmap(shown)

    def _describe(self) -> None:
        kind, size = self.choices.value.format, self._picture.size()
        self._form.set_row_visible(self.colours, kind != "csv")
        sides = size.width(), size.height()
        if kind == "png":
            about = " × ".join(format_count(SCALE * side) for side in sides) + " pixels"
        elif kind == "csv":
            count = sum(each.length for each in tables_of(self.figure().widget))
            about = f"{format_count(count)} rows of numbers" if count else "No numbers behind this figure yet"
        else:
            about = " × ".join(format_value(side * CM_PER_PIXEL) for side in sides) + " cm"
        self.about.setText(about)
