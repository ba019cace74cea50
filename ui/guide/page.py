"""The window of the help: chapters on the left, a page on the right; and the page of all that others made."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import NamedTuple, override

from PySide6.QtCore import QPoint, QSignalBlocker, QSize, Qt, QUrl
from PySide6.QtGui import (
    QFont,
    QImage,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
)
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QListWidget,
    QPushButton,
    QTextBrowser,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from cnnviz.bundled import INSTALL_AGAIN, bundled
from cnnviz.drawing.look import unbroken
from ui.controls.layouts import fill, named, scaled
from ui.controls.pace import single_shot
from ui.guide.chapters import CHAPTERS, FIRST_STEPS, LICENCES, place_of
from ui.theme import LIGHT, Theme, follow_theme, mono_font, ui_font


class Part(NamedTuple):
    """Something that comes with the program; `texts`: files with the licence, in ``resources``."""

    name: str
    licence: str
    texts: tuple[str, ...]


_LGPL = ("licences/LGPL-3.0.txt", "licences/GPL-3.0.txt")
_BSD = "BSD, three clauses"


def _package(name: str, licence: str) -> Part:
    return Part(name, licence, (f"licences/{name.lower()}.txt",))


PARTS = (
    Part("CNNViz", "MIT", ("licences/CNNViz.txt",)),
    Part("Qt for Python", "GNU LGPL, version 3", _LGPL),
    Part("Shiboken", "GNU LGPL, version 3", _LGPL),
    _package("pyqtgraph", "MIT"),
    _package("NumPy", f"{_BSD}; OpenBLAS and others in it as the text says"),
    _package("threadpoolctl", _BSD),
    _package("safetensors", "Apache 2.0"),
    _package("msgspec", _BSD),
    _package("Pillow", "MIT-CMU; libraries in it as the text says"),
    _package("fontTools", "MIT"),
    _package("Jinja2", _BSD),
    _package("MarkupSafe", _BSD),
    _package("tqdm", "MPL 2.0 and MIT"),
    _package("typst", "Apache 2.0"),
    _package("colorama", f"{_BSD}; used on Windows"),
    Part("Python", "PSF licence; inside the program where it was built as one", ("licences/python.txt",)),
    Part("MNIST", "CC BY-SA 3.0 (Y. LeCun, C. Cortes, C. J. C. Burges)", ("mnist/NOTICE",)),
    Part("Inter", "SIL Open Font License 1.1", ("fonts/Inter-LICENSE.txt",)),
    Part("JetBrains Mono", "SIL Open Font License 1.1", ("fonts/JetBrainsMono-LICENSE.txt",)),
    Part("Noto Emoji", "SIL Open Font License 1.1", ("report/fonts/NotoEmoji-LICENSE.txt",)),
    Part("Droid Sans Fallback", "Apache 2.0", ("report/fonts/DroidSansFallback-LICENSE.txt",)),
    Part("Lucide icons", "ISC", ("icons/LICENSE",)),
)
"""Everything that comes with the program or is installed with it."""

_ABOUT_QT = (
    "Qt is used under the LGPL: it is not changed, lies beside the program as libraries of its own, and may "
    "be replaced by another build of the same version. Its own parts by others are listed at "
    '<a href="https://doc.qt.io/qt-6/licenses-used-in-qt.html">doc.qt.io</a>.'
)


def licences_page() -> str:
    """Return the table of all parts as HTML; what it links to are files with the texts."""
    rows = ""
    for part in PARTS:
        links = ", ".join(
            f'<a href="{QUrl.fromLocalFile(str(path)).toString()}">'
            f"{path.stem if 'GPL' in path.stem else 'text'}</a>"
            for path in map(bundled, part.texts)
        )
        cells = f"<b>{escape(part.name)}</b>", escape(part.licence), links
        rows += f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    head = "<tr><th>part</th><th>licence</th><th>text</th></tr>"
    return f"<h1>Licences</h1><table>{head}{rows}</table><p>{_ABOUT_QT}</p>"


TEXT_WIDTH = 752
"""Of a page, in pixels at scale 1: some ninety letters in a line, half of a picture's own pixels."""

_HEADINGS = {1: 1.7, 2: 1.3, 3: 1.1}  # of the usual size
_LINE_PERCENT = 128
_SETTLE_MS = 120
_PICTURE = "\ufffc"
"""What stands for a picture in the text of a block."""
_LOCAL = ("file", "page")


@lru_cache(maxsize=6)  # those of a chapter: read anew for each width and theme, they would hold up the window
def _pixels(path: str) -> QImage:
    return QImage(path)


class GuidePage(QTextBrowser):
    """Shows pages in the program's theme, pictures as wide as the text, and knows headings as places.

    * `written`: pages that the program itself writes, as HTML, by their address.
    """

    def __init__(self, written: Mapping[str, Callable[[], str]]) -> None:
        super().__init__()
        self._written = written
        self._theme = LIGHT
        self._resized = single_shot(self, self._lay_out, _SETTLE_MS)
        self.setOpenExternalLinks(True)
        self.setLineWrapMode(QTextEdit.LineWrapMode.FixedPixelWidth)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # it takes room from the page
        self.setAccessibleName("Page of the help")
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._lay_out()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._text_width() != self.lineWrapColumnOrWidth():
            self._resized.start()

    def _lay_out(self) -> None:
        """Show the page anew, with the same line at the top."""
        place = self.cursorForPosition(QPoint(0, 0)).position()
        self.setLineWrapColumnOrWidth(self._text_width())
        if not self.source().isEmpty():
            self.reload()
            cursor = QTextCursor(self.document())
            cursor.setPosition(place)
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + self.cursorRect(cursor).top())

    def _text_width(self) -> int:
        """Return the width of the page: no more than is read well, and than there is room for."""
        return min(self._theme.px(TEXT_WIDTH), self.viewport().width())

    @override
    def loadResource(self, kind: int, name: QUrl | str) -> object:
        name = QUrl(name)
        if name.scheme() == "page":
            return self._written[f"page:{name.path()}"]()
        if kind == QTextDocument.ResourceType.ImageResource:
            return self._picture(name)
        path = Path(name.toLocalFile())
        if not path.is_file():
            return f"# This page is missing\n\n{INSTALL_AGAIN}"
        if path.suffix == ".md":
            return unbroken(path.read_text(encoding="utf-8"))
        text = path.read_text(encoding="utf-8", errors="replace")
        family = mono_font().family()
        return f'<pre style="white-space: pre-wrap; font-family: {family}">{escape(text)}</pre>'

    @override
    def doSetSource(
        self, name: QUrl | str, type: QTextDocument.ResourceType = QTextDocument.ResourceType.UnknownResource
    ) -> None:
        name = QUrl(name)
        if name.scheme() not in _LOCAL:
            return
        self.document().setDefaultFont(ui_font(self._theme))
        super().doSetSource(name, type)
        self._dress()
        if name.fragment():
            for block in _blocks(self.document()):  # the heading, or key, that was gone to is marked
                is_place = block.blockFormat().headingLevel() or name.scheme() == "page"
                if is_place and place_of(block.text()) == name.fragment():
                    cursor = QTextCursor(block)
                    cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
                    self.setTextCursor(cursor)
            self.scrollToAnchor(name.fragment())

    def _margin(self) -> int:
        return self._theme.px(16)

    def _picture(self, name: QUrl) -> QImage:
        """Return a picture no wider than the text, sharp on its screen."""
        picture, ratio = QImage(_pixels(name.toLocalFile())), self.devicePixelRatioF()
        widest = round((self._text_width() - 2 * self._margin()) * ratio)
        if picture.width() > widest:
            picture = picture.scaledToWidth(widest, Qt.TransformationMode.SmoothTransformation)
        picture.setDevicePixelRatio(ratio)
        return picture

    # -- how a page looks ----------------------------------------------------------------------------------

    def _dress(self) -> None:
        """Give headings, code and tables the look of the program."""
        document = self.document()
        changes = QTextCursor(document)
        changes.beginEditBlock()  # or else all is laid out anew after each change
        frame = document.rootFrame().frameFormat()
        frame.setMargin(self._margin())
        document.rootFrame().setFrameFormat(frame)
        for child in document.rootFrame().childFrames():
            if isinstance(child, QTextTable):
                look = child.format()
                look.setBorder(1)
                look.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
                look.setBorderBrush(self._theme.color("border"))
                look.setBorderCollapse(True)
                look.setCellSpacing(0)
                look.setCellPadding(self._theme.px(4))
                look.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
                child.setFormat(look)
        for block in _blocks(document):
            self._dress_block(block)
        changes.endEditBlock()

    def _dress_block(self, block: QTextBlock) -> None:
        cursor, level = QTextCursor(block), block.blockFormat().headingLevel()
        spacing = QTextBlockFormat()
        if _PICTURE in block.text():  # which would be given as much more room as a line
            spacing.setBottomMargin(self._theme.px(12))
        else:
            spacing.setLineHeight(_LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        if level:
            spacing.setTopMargin(self._theme.px(18 if level > 1 else 0))
            spacing.setBottomMargin(self._theme.px(6))
        cursor.mergeBlockFormat(spacing)
        if level:
            look = QTextCharFormat()
            size = self._theme.base_pt * _HEADINGS.get(level, 1.0)
            look.setFont(ui_font(self._theme, size, QFont.Weight.DemiBold))
            look.setAnchor(True)
            look.setAnchorNames([place_of(block.text())])
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(look)
            return
        numbers = mono_font(self._theme.base_pt, theme=self._theme)
        fragments = block.begin()
        while not fragments.atEnd():
            fragment = fragments.fragment()
            if fragment.charFormat().fontFixedPitch():
                look = QTextCharFormat()
                look.setFont(
                    numbers, QTextCharFormat.FontPropertiesInheritanceBehavior.FontPropertiesSpecifiedOnly
                )
                cursor.setPosition(fragment.position())
                cursor.setPosition(fragment.position() + fragment.length(), QTextCursor.MoveMode.KeepAnchor)
                cursor.mergeCharFormat(look)
            fragments += 1


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


_LIST_WIDTH, _ROW_HEIGHT, _BESIDE_TEXT, _HEIGHT, _MARGIN = 176, 30, 64, 760, 12
_AROUND = 60
"""Pixels of the program's window that are to be seen around the help."""


class GuideWindow(QDialog):
    """Shows the help beside the window that it speaks of; `find` asks over it for words of the guide."""

    def __init__(
        self, first_steps: Callable[[], str], find: Callable[[QWidget], object], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._window = parent
        self.setObjectName("guide")
        self.setWindowTitle("User guide")
        self.chapters = named(QListWidget(), "Chapters", "Chapters of the user guide")
        self.chapters.addItems([chapter.title for chapter in CHAPTERS])
        self.page = GuidePage({FIRST_STEPS: first_steps, LICENCES: licences_page})
        self._back = named(QPushButton("Back"), "Back", "Previous page (Alt+Left)")
        self._back.setEnabled(False)
        tip = "Find a word (Ctrl+F or Ctrl+K)"
        self.find_button = named(QPushButton("Find…"), "Find in the user guide", tip)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        for button in (self._back, self.find_button):
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        scaled(self.chapters.setFixedWidth, _LIST_WIDTH)
        columns = fill(QHBoxLayout(), self.chapters, (self.page, 1), spacing=8)
        fill(QVBoxLayout(self), (columns, 1), buttons, spacing=8, margins=4 * (_MARGIN,))
        self.chapters.currentRowChanged.connect(lambda row: self.page.setSource(CHAPTERS[row].url))
        self.page.sourceChanged.connect(self._on_source_changed)
        self.page.backwardAvailable.connect(self._back.setEnabled)
        self._back.clicked.connect(self.page.backward)
        self.find_button.clicked.connect(lambda: find(self))
        for key in ("Ctrl+F", "Ctrl+K"):  # as pages are searched, and as one finds in the window
            QShortcut(QKeySequence(key), self, self.find_button.click)
        self.chapters.clicked.connect(self._open)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        for row in range(self.chapters.count()):
            self.chapters.item(row).setSizeHint(QSize(0, theme.px(_ROW_HEIGHT)))
        wide = _LIST_WIDTH + TEXT_WIDTH + _BESIDE_TEXT + 2 * _MARGIN
        wanted = QSize(theme.px(wide), theme.px(_HEIGHT))
        self.resize(wanted.boundedTo(self._window.size() - QSize(_AROUND, _AROUND)))

    def show_chapter(self, name: str) -> None:
        """Open the help at a chapter, or at a heading of it: its place after a "#"."""
        chapter, _, place = name.partition("#")
        url = next(each.url for each in CHAPTERS if each.name == chapter)
        if place:
            url.setFragment(place)
        self.page.setSource(url)
        self.show()
        self.raise_()
        self.activateWindow()
        self.page.setFocus()

    def _open(self) -> None:
        """Lead to the top of the chapter that is chosen, also from a page that belongs to it."""
        url = CHAPTERS[self.chapters.currentRow()].url
        if self.page.source() != url:
            self.page.setSource(url)
        self.page.setFocus()  # so that Page keys scroll it

    def _on_source_changed(self, url: QUrl) -> None:
        """Mark the chapter in the list; a text of a licence belongs to all licences."""
        rows = [row for row, chapter in enumerate(CHAPTERS) if chapter.url.path() == url.path()]
        row = rows[0] if rows else len(CHAPTERS) - 1
        with QSignalBlocker(self.chapters):
            self.chapters.setCurrentRow(row)
