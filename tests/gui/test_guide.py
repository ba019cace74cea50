"""Help without a network: the guide in the window, its pictures and links, F1, about, licences."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QImage, QTextDocument
from PySide6.QtWidgets import QAbstractButton, QMessageBox, QWidget

from cnnviz.bundled import bundled, documentation
from tests.gui.driving import activate, focus, settle
from ui.guide.chapters import CHAPTERS, FIRST_STEPS, LICENCES
from ui.guide.page import PARTS, GuideWindow
from ui.panels.registry import PANELS
from ui.window.menus import first_steps_page

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((documentation() / "guide").glob("*.md"))


@pytest.fixture
def guide(qtbot):
    parent = QWidget()
    parent.asked = []
    qtbot.addWidget(parent)
    parent.resize(1440, 900)
    shown = GuideWindow(first_steps_page, parent.asked.append, parent)
    shown.show()
    qtbot.waitUntil(shown.isVisible)
    return shown


def title(guide):
    return guide.page.document().begin().text()


def test_every_chapter_of_the_guide_is_listed():
    assert {each.stem for each in FILES} == {each.name for each in CHAPTERS if ":" not in each.name}
    assert {row.chapter for row in PANELS} < {each.name for each in CHAPTERS}


def test_every_chapter_shows_its_text_and_pictures_and_fits_a_narrow_window(guide, qtbot):
    for row, chapter in enumerate(CHAPTERS):
        guide.chapters.setCurrentRow(row)
        assert guide.page.source() == chapter.url
        document = guide.page.document()
        assert len(document.toPlainText()) > 800
        assert document.begin().blockFormat().headingLevel() == 1
        if not chapter.url.isLocalFile():
            continue
        source = Path(chapter.url.toLocalFile()).read_text(encoding="utf-8")
        names = re.findall(r"!\[[^]]*\]\(([^)]+)\)", source)
        assert document.toPlainText().count("\ufffc") == len(names)
        for name in names:
            picture = document.resource(QTextDocument.ResourceType.ImageResource, QUrl(name))
            assert isinstance(picture, QImage)
            assert 0 < picture.width() <= guide.page.viewport().width() * guide.page.devicePixelRatioF()
    assert guide.page.horizontalScrollBar().maximum() == 0
    guide.show_chapter("translation")
    guide.resize(640, 480)
    qtbot.waitUntil(lambda: guide.page.lineWrapColumnOrWidth() <= guide.page.viewport().width())
    settle(qtbot)
    assert guide.page.horizontalScrollBar().maximum() == 0


def test_a_link_leads_to_its_heading_and_back_and_a_missing_chapter_says_what_to_do(guide, qtbot):
    guide.show_chapter("training")
    assert title(guide) == "Training a network"
    url = QUrl(guide.page.source())
    url.setFragment("keeping-a-network")
    guide.page.setSource(url)
    settle(qtbot)
    bar = guide.page.verticalScrollBar()
    assert bar.value() > 100
    for width in (700, 900):  # the text is laid out anew, and the heading stands where it is found again
        guide.resize(width, 600)
        qtbot.waitUntil(lambda: guide.page.lineWrapColumnOrWidth() == guide.page._text_width())
        place = bar.value()
        guide.page.scrollToAnchor("keeping-a-network")
        assert bar.value() == place
    guide.page.backward()
    qtbot.waitUntil(lambda: not guide.page.source().hasFragment())
    guide.page.setSource(QUrl.fromLocalFile("/nowhere/training.md"))
    assert title(guide) == "This page is missing"
    guide.page.setSource(QUrl.fromLocalFile("/nowhere/licence.txt"))
    assert "again" in guide.page.document().toPlainText()


def test_page_keys_scroll_what_was_clicked_a_term_is_marked_and_ctrl_f_asks_for_words(guide, qtbot):
    guide.show_chapter("terms#equivariance")
    assert guide.page.textCursor().selectedText() == "Equivariance"
    activate(qtbot, guide)
    row = guide.chapters.visualItemRect(guide.chapters.item(1))
    qtbot.mouseClick(guide.chapters.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    place = guide.page.verticalScrollBar().value()
    qtbot.keyClick(focus(), Qt.Key.Key_PageDown)
    assert guide.page.verticalScrollBar().value() > place
    assert guide.chapters.currentRow() == 1
    for key in (Qt.Key.Key_F, Qt.Key.Key_K):
        qtbot.keyClick(guide.page, key, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: guide.parent().asked == [guide, guide])


def test_the_guide_follows_the_theme_keeps_its_place_and_lays_a_long_chapter_out_once(guide, qtbot, theme):
    guide.show_chapter("backprop")
    bar = guide.page.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    before = bar.value()
    theme.set_mode("dark")
    settle(qtbot)
    assert abs(bar.value() - before) < guide.page.viewport().height()
    assert bar.value() > 0
    guide.show_chapter("lab-files")
    changes = []
    guide.page.document().contentsChanged.connect(lambda: changes.append(1))
    theme.set_mode("light")
    assert 0 < len(changes) < 10 < guide.page.document().blockCount()


def test_f1_opens_the_chapter_of_the_panel_in_front_and_about_leads_to_the_licences(session, qtbot):
    session.window.menus.action("about").trigger()
    (box,) = session.window.findChildren(QMessageBox)
    assert "CNNViz" in box.text()
    (button,) = (each for each in box.findChildren(QAbstractButton) if each.text() == "Licences…")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    (guide,) = session.window.findChildren(GuideWindow)
    assert guide.page.source().toString() == LICENCES
    words = guide.page.document().toPlainText()
    assert all(part.name in words and part.licence in words for part in PARTS)
    guide.page.setSource(QUrl.fromLocalFile(str(bundled("licences/LGPL-3.0.txt"))))
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in guide.page.document().toPlainText()
    assert guide.chapters.currentItem().text() == "Licences"
    guide.show_chapter(FIRST_STEPS)
    assert title(guide) == "First steps and keys"
    guide.reject()
    window = session.window
    for number, row in enumerate(PANELS):
        window.panels.show_panel(number)
        qtbot.waitUntil(lambda number=number: window.panels.front == number)
        window.panels.panels()[number].setFocus()
        qtbot.keyClick(window, Qt.Key.Key_F1)
        (guide,) = window.findChildren(GuideWindow)
        assert guide.isVisible()
        assert guide.page.source().fileName() == f"{row.chapter}.md"
        assert guide.chapters.currentItem().text() == row.title.replace("&&", "&")
        guide.reject()
    window.timeline.track.setFocus()
    qtbot.keyClick(window.timeline.track, Qt.Key.Key_F1)
    assert guide.page.source().fileName() == f"{PANELS[-1].chapter}.md", "clicks change no chapter"
    guide.reject()


def test_everything_in_the_program_has_its_licence():
    locked = re.findall(r"^(\S+)==", (ROOT / "requirements" / "runtime.txt").read_text(), re.MULTILINE)
    assert {part.package.lower() for part in PARTS if part.package} == set(locked)
    assert all(bundled(name).stat().st_size > 500 for part in PARTS for name in part.texts)
    assert bundled("licences/CNNViz.txt").read_bytes() == (ROOT / "LICENSE").read_bytes()
    folder = bundled("")
    there = [path for path in folder.rglob("*") if re.search("LICENSE|NOTICE", path.name)]
    there += bundled("licences").iterdir()
    listed = {name for part in PARTS for name in part.texts}
    assert listed == {path.relative_to(folder).as_posix() for path in there}
