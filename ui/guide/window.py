"""The window of the help: chapters on the left, a page on the right."""

from collections.abc import Callable

from PySide6.QtCore import QSize, QUrl
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ui.controls.layouts import fill, scaled
from ui.controls.naming import named
from ui.guide.chapters import CHAPTERS, FIRST_STEPS, LICENCES, chapter_named
from ui.guide.licences import licences_page
from ui.guide.page import TEXT_WIDTH, GuidePage
from ui.theme import Theme, follow_theme

_LIST_WIDTH, _ROW_HEIGHT, _BESIDE_TEXT, _HEIGHT, _MARGIN = 176, 30, 64, 760, 12
_AROUND = 60
"""Pixels of the program's window that are to be seen around the help."""


class GuideWindow(QDialog):
    """Shows the help beside the window that it speaks of.

    * `first_steps`: writes the page of first steps and keys, as HTML.
    * `parent`: the program's window.
    """

    def __init__(self, first_steps: Callable[[], str], parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.setObjectName("guide")
        self.setWindowTitle("User guide")
        self.chapters = named(QListWidget(), "Chapters", "Chapters of the user guide")
        self.chapters.addItems([chapter.title for chapter in CHAPTERS])
        self.page = GuidePage({FIRST_STEPS: first_steps, LICENCES: licences_page})
        self._back = named(QPushButton("Back"), "Back", "Previous page (Alt+Left)")
        self._back.setEnabled(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self._back, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        scaled(self.chapters.setFixedWidth, _LIST_WIDTH)
        columns = fill(QHBoxLayout(), self.chapters, (self.page, 1), spacing=8)
        fill(QVBoxLayout(self), (columns, 1), buttons, spacing=8, margins=4 * (_MARGIN,))
        self.chapters.currentRowChanged.connect(lambda row: self.page.setSource(CHAPTERS[row].url))
        self.page.sourceChanged.connect(self._on_source_changed)
        self.page.backwardAvailable.connect(self._back.setEnabled)
        self._back.clicked.connect(self.page.backward)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale; no larger than the program's window."""
        for row in range(self.chapters.count()):
            self.chapters.item(row).setSizeHint(QSize(0, theme.px(_ROW_HEIGHT)))
        wide = _LIST_WIDTH + TEXT_WIDTH + _BESIDE_TEXT + 2 * _MARGIN
        wanted = QSize(theme.px(wide), theme.px(_HEIGHT))
        self.resize(wanted.boundedTo(self._window.size() - QSize(_AROUND, _AROUND)))

    def show_chapter(self, name: str) -> None:
        """Open the help at a chapter."""
        self.page.setSource(chapter_named(name).url)
        self.show()
        self.raise_()
        self.activateWindow()
        self.page.setFocus()

    def _on_source_changed(self, url: QUrl) -> None:
        """Mark the chapter in the list; a text of a licence belongs to all licences."""
        rows = [row for row, chapter in enumerate(CHAPTERS) if chapter.url.path() == url.path()]
        row = rows[0] if rows else len(CHAPTERS) - 1
        self.chapters.blockSignals(True)
        self.chapters.setCurrentRow(row)
        self.chapters.blockSignals(False)
