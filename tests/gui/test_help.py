"""What can be asked of the program: menus, keys, help and guide say the same; all is found by its words."""

import re
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QAction, QImage, QKeySequence, QShortcut, QTextDocument, QTextTable
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QMessageBox, QTextBrowser, QWidget
from pytestqt.qtbot import QtBot

from cnnviz.bundled import bundled, documentation
from tests.gui.driving import activate, ask, find, focus, settle
from tests.gui.training_driving import lengthen
from tests.gui.whole_window import PANELS, rest, show_panel
from ui.controls.keyboard import has_keyboard
from ui.guide.chapters import CHAPTERS, FIRST_STEPS, LICENCES
from ui.guide.page import PARTS, GuideWindow
from ui.panels import registry
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.training.panel import TrainingPanel
from ui.panels.translation.panel import TranslationPanel
from ui.session import Session
from ui.state import RunStatus
from ui.window.actions import ACTIONS, ActionRow
from ui.window.finder import Entry, FinderBox, chapters, cost, found, words_of
from ui.window.menus import OTHER_KEYS, first_steps_page

# -- menus, keys and help ------------------------------------------------------------------------------------


def entries(session):
    """Text without its letter, and key, of every entry of the menus."""
    for top in session.window.menuBar().actions():
        for action in top.menu().actions():
            if not action.isSeparator():
                yield action.text().replace("&&", "+").replace("&", "").replace("+", "&"), action


def said_in_help(session):
    """Keys in the help, and what they do."""
    session.window.menus.action("help").trigger()
    (dialog,) = [each for each in session.window.findChildren(QDialog) if each.isVisible()]
    document = dialog.findChild(QTextBrowser).document()
    (table,) = [each for each in document.rootFrame().childFrames() if isinstance(each, QTextTable)]
    texts = [
        [table.cellAt(row, column).firstCursorPosition().block().text() for column in range(table.columns())]
        for row in range(table.rows())
    ]
    assert dialog.height() <= session.window.height()
    dialog.reject()
    return dict(texts)


def test_menus_keys_buttons_and_help_say_the_same_and_no_key_means_two_things(qtbot, session, theme):
    shown = dict(entries(session))
    assert list(shown) == [row.words + "…" * row.text.endswith("…") for row in ACTIONS]
    said = said_in_help(session)
    # Qt's own parts and the panels have keys besides; they are not taken by an action.
    keys = [row.key for row in ACTIONS if row.key]
    assert max(Counter([*keys, *(key for key, _words in OTHER_KEYS)]).values()) == 1
    for row, action in zip(ACTIONS, shown.values(), strict=True):
        assert action.shortcut() == QKeySequence(row.key)
        if row.key in said:
            assert said[row.key] in (row.help, row.words[0].lower() + row.words[1:])
        elif row.key:
            assert said["Ctrl+1 … 5"] == row.help == "panels"

    window = session.window
    shown = {str(each.property("key") or "Space") for each in window.findChildren(QAbstractButton)}
    told = {key.replace("−", "-") for keys in said for key in keys.split(", ")}
    told |= {f"Ctrl+{number + 1}" for number in range(len(PANELS))}  # in one line
    assert {"V", "A"} <= shown - {"Return"} <= told, "of no button the help lacks the key"
    for words, place, key in (("own data", "Help: Network", ""), ("next image", "View", "N")):
        first = found(window.finder.entries(), words)[0]
        assert (first.place, first.key) == (place, key)
    assert first.name == "Next image"
    keys = [key.toString() for each in window.findChildren(QAction) for key in each.shortcuts()]
    shortcuts = [each for each in window.findChildren(QShortcut) if each.parent().window() is window]
    keys += [each.key().toString() for each in shortcuts]
    assert len(keys) > 25
    assert [key for key, times in Counter(keys).items() if times > 1] == []

    for mode in ("dark", "light"):
        session.window.menus.action(f"theme_{mode}").trigger()
        assert theme.mode == mode
        ticked = [text for text, action in entries(session) if action.isChecked()]
        assert ticked == [f"{mode.capitalize()} theme"]

    bar = session.window.run_bar
    for name in ("train", "step", "epoch", "reset", "new_seed", "export"):
        button = bar.findChild(QAbstractButton, name)
        key = session.window.menus.action(name).shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        assert button.toolTip().endswith(f"({key})")
    session.window.menus.action("step").trigger()
    qtbot.waitUntil(lambda: session.state.run.step == 1 and session.state.run.status is RunStatus.PAUSED)
    qtbot.mouseClick(bar.step, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.state.run.step == 2 and session.state.run.status is RunStatus.PAUSED)


def test_no_letter_means_two_things_in_a_menu():
    letters = Counter(
        (row.menu, letter.lower()) for row in ACTIONS for letter in re.findall("&(.)", row.text)
    )
    assert max(letters.values()) == 1


@pytest.mark.parametrize("handler", ["document.open_dta", "dokument.new", "document.path"])
def test_a_misspelt_handler_fails_at_the_start(session, handler):
    rows = [ActionRow(name="new", menu="&File", text="New", handler=handler)]
    with pytest.raises(AttributeError, match=handler):
        session.window.menus.connect_to(session, rows)


# -- the finder ----------------------------------------------------------------------------------------------


Key = Qt.Key


def lines(box: FinderBox) -> list[tuple[str, ...]]:
    model = box.list.model()
    rows = range(model.rowCount())
    return [(*(str(model.index(row, column).data()) for column in range(3)),) for row in rows]


def test_the_box_finds_every_action_with_its_key_and_what_cannot_be_had_now_says_why(
    qtbot: QtBot, active: Session
) -> None:
    box = ask(qtbot, active, "")
    for row in ACTIONS:
        if row.listing or row.name == "find":
            continue
        box.line.setText(row.words)
        name, place, _key = lines(box)[0]
        assert (name, place.removesuffix(" · not now")) == (row.words, row.menu.replace("&", ""))
    box.line.setText("train pause")
    assert lines(box)[0] == ("Train or pause", "Run", "Space")
    box.line.setText("traces")
    assert not [name for name, *_ in lines(box) if "Traces" in name], "of a menu that nobody sees"
    box.line.setText("theme")
    assert {name for name, *_ in lines(box)[:3]} == {"System theme", "Light theme", "Dark theme"}
    box.line.setText("dark")
    assert [name for name, *_ in lines(box)] == ["Dark theme", "System theme"], "no words that are only alike"

    box.line.setText("panel")
    second = lines(box)[1]
    QTest.keyClick(box.line, Key.Key_Down)
    assert box.list.currentIndex().data() == second[0]
    QTest.keyClick(box.line, Key.Key_Up)
    assert box.list.currentIndex().data() == lines(box)[0][0]

    box.line.setText("stop")
    assert lines(box)[0] == ("Train or pause", "Run", "Space"), "which goes on where it was stopped"
    box.line.setText("which shift changes the decision")
    assert "ecision" in str(lines(box)[:3]), "though nothing fits all of it"
    box.line.setText("qwerty zxcvb")
    assert lines(box) == []
    QTest.keyClick(box.line, Key.Key_Return)
    assert box.hint.text() == "Nothing fits these words. Try other words, or only part of one."
    QTest.keyClick(box.line, Key.Key_Escape)
    assert not box.isVisible()


@pytest.mark.alone
def test_settings_choices_and_parts_of_panels_are_found_from_another_and_come_to_the_front(
    qtbot: QtBot, active: Session
) -> None:
    active.window.panels.show_panel(PANELS.index("report"))
    find(qtbot, active, "laerning rate")
    qtbot.waitUntil(lambda: active.window.panels.front == 0)
    assert QApplication.focusWidget() is active.window.panel(TrainingPanel).form.field("learning_rate")
    draft = active.state.draft
    rest(qtbot, active)
    assert active.state.draft == draft

    find(qtbot, active, "lesson dots")
    panel = active.window.panel(TranslationPanel)
    qtbot.waitUntil(lambda: panel.view.lesson == "dots")
    assert active.window.panels.front == PANELS.index("translation")
    find(qtbot, active, "difference shown")
    qtbot.waitUntil(lambda: panel.view.pair == "difference")

    window = active.window
    training, maps = window.panel(TrainingPanel), window.panel(FeatureMapsPanel)
    window.resize(training.minimumSizeHint().width(), 700)  # too narrow for three columns
    qtbot.waitUntil(lambda: not training.results.isVisible())
    find(qtbot, active, "confusion matrix")
    qtbot.waitUntil(training.results.matrix.isVisible)
    assert QApplication.focusWidget() is training.results.matrix
    for title, place in (("mistakes", "Network"), ("winners of max pooling", "Translation")):
        assert found(window.finder.entries(), title)[0].place == place, "as the screen calls it"
    find(qtbot, active, "search again")
    qtbot.waitUntil(maps.top_patches.isVisible)
    names = Counter((each.name, each.place) for each in window.finder.entries())
    assert {("Enlarge Input", "Filters & maps"), ("Enlarge conv1", "Filters & maps")} <= names.keys()
    assert not [name for name, _ in names if name == "Close the message"]
    training.form.field("output").set_option_enabled("sigmoid", False)  # as with three classes
    assert "Output: sigmoid" in {name for name, _ in names}
    assert "Output: sigmoid" not in {each.name for each in window.finder.entries()}
    window.set_presenting(True)
    qtbot.waitUntil(lambda: not training.form.isVisible())
    find(qtbot, active, "training speed")
    qtbot.waitUntil(lambda: not window.is_presenting)  # which shows no settings
    assert has_keyboard(training)


def test_the_panel_in_front_comes_first_and_every_page_of_backprop_is_found_from_another(
    qtbot: QtBot, active: Session
) -> None:
    for number, panel in enumerate(("Network", "Backprop")):
        active.window.panels.show_panel(3 * number)
        rest(qtbot, active)
        activate(qtbot, active.window)
        box = ask(qtbot, active, "ties")
        assert lines(box)[0][1] == panel
        box.reject()
        qtbot.waitUntil(lambda: not active.window.findChildren(FinderBox))

    panel = active.window.panel(BackpropPanel)
    show_panel(qtbot, active, PANELS.index("backprop"))
    active.window.panels.show_panel(0)
    qtbot.waitUntil(lambda: not panel._unseen)
    for words, part in (("parameter backprop", panel.stack), ("size change", panel.side.poke)):
        activate(qtbot, active.window)
        find(qtbot, active, words)
        qtbot.waitUntil(part.isVisible)
        assert has_keyboard(part)


def test_a_term_comes_before_what_only_mentions_it_and_the_guide_is_searched_whole() -> None:
    control = Entry("Stages", "Translation", print, about="0: the stage is equivariant")
    first, second, *_ = found([control, *chapters(print)], "equivariant")
    assert (first.name, second) == ("Equivariance", control)
    (only,) = found([control, *chapters(print)], "fashion kmnist")
    assert only.place == "Help: Network", "by the words of the page, where nothing else has them"
    assert found([*chapters(print), Entry("One-sided", "Translation", print)], "one-sided")[1:] == []
    whole = [*chapters(print, is_whole=True)]
    assert "Saliency" in {each.name for each in found(whole, "one-sided")}
    assert found(whole, "next image")[0].name == "Next image – N"


def test_actions_and_pages_of_the_help_are_opened_and_what_cannot_be_asked_for_is_grey(
    qtbot: QtBot, active: Session
) -> None:
    lengthen(qtbot, active)
    step, bar, state = active.window.menus.action("step"), active.window.run_bar, active.state
    for act, status in (
        (partial(find, qtbot, active, "train or"), RunStatus.TRAINING),
        (partial(find, qtbot, active, "pause"), RunStatus.PAUSED),
        (bar.train.click, RunStatus.TRAINING),
        (partial(qtbot.keyClick, active.window, Key.Key_S), RunStatus.PAUSED),  # a step pauses
    ):
        act()
        qtbot.waitUntil(lambda status=status: state.run.status is status)
    assert (step.isEnabled(), bar.step.isEnabled()) == (True, True)
    state.update_run(status=RunStatus.FINISHED)
    assert (step.isEnabled(), bar.step.isEnabled()) == (False, False)
    box = ask(qtbot, active, "train a single step")
    assert lines(box)[0] == ("Step", "Run · not now", "S")
    assert box.hint.text() == "Step is not possible when every epoch is done."
    QTest.keyClick(box.line, Key.Key_Return)
    assert box.isVisible()
    box.reject()
    qtbot.waitUntil(lambda: not active.window.findChildren(FinderBox))
    activate(qtbot, active.window)
    find(qtbot, active, "figures and documents")
    (guide,) = active.window.findChildren(GuideWindow)
    qtbot.waitUntil(guide.isVisible)
    assert "figures-and-documents" in guide.page.source().path()
    titles = [each.name for each in found(active.window.finder.entries(), "compare runs")]
    assert {"Compare weights", "Network"} <= set(titles)
    places = {"max pooling term": "max-pooling", "glossary": "", "slide filter": "slide-the-filter"}
    for word, place in places.items():
        guide.close()
        activate(qtbot, active.window)
        find(qtbot, active, word)
        qtbot.waitUntil(lambda place=place: guide.page.source().fragment() == place)
    assert found(active.window.finder.entries(), "logit")[0].place == "Help: Terms"
    guide.close()


def test_words_fit_but_for_one_slip() -> None:
    fit = "filters maps", "maps filters", "fliters", "fiters", "filtters", "filtres", "mapp"
    for wanted, text, fits in (
        *((each, "Filters & maps", True) for each in fit),
        *((each, "Filters & maps", False) for each in ("folder maps", "mxp")),
        ("pooled", "Map of pool1", True),
        ("größe", "GRÖSSE der Fenster", True),
    ):
        assert (cost(words_of(wanted), words_of(text)) is not None) is fits, wanted


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
    assert {row.chapter for row in registry.PANELS} < {each.name for each in CHAPTERS}


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


def test_a_link_leads_to_its_heading_and_back_a_key_to_its_row_and_a_missing_page_says_what_to_do(
    guide, qtbot
):
    guide.show_chapter("training")
    assert title(guide) == "Training a network"
    url = QUrl(guide.page.source())
    url.setFragment("keeping-a-network")
    guide.page.setSource(url)
    settle(qtbot)
    bar = guide.page.verticalScrollBar()
    assert bar.value() > 100
    for width in (700, 900):  # the text is laid out anew, and the heading, which is marked, stays in sight
        guide.resize(width, 600)
        qtbot.waitUntil(lambda: guide.page.lineWrapColumnOrWidth() == guide.page._text_width())
        assert guide.page.textCursor().selectedText() == "Keeping a network"
        assert 0 <= guide.page.cursorRect().top() < guide.page.viewport().height()
    guide.page.backward()
    qtbot.waitUntil(lambda: not guide.page.source().hasFragment())
    *_, entry = chapters(guide.show_chapter, is_whole=True)
    entry.act()
    where, does = guide.page.textCursor().selectedText().split(": ", 1)
    assert entry.name == f"{does[0].upper()}{does[1:]} – +, − ({where})"
    qtbot.waitUntil(lambda: 0 <= guide.page.cursorRect().top() < guide.page.viewport().height())
    guide.show_chapter("training")
    assert "28\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}28 pixels" in guide.page.document().toRawText()
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
    before = guide.page.cursorForPosition(QPoint(0, 0)).position()
    theme.set_mode("dark")
    settle(qtbot)
    assert guide.page.cursorForPosition(QPoint(0, 0)).position() == before > 0
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
    guide.chapters.clicked.emit(guide.chapters.currentIndex())
    assert guide.page.source().toString() == LICENCES
    guide.show_chapter(FIRST_STEPS)
    assert title(guide) == "First steps and keys"
    guide.reject()
    window = session.window
    for number, row in enumerate(registry.PANELS):
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
    assert guide.page.source().fileName() == f"{registry.PANELS[-1].chapter}.md", "clicks change no chapter"
    guide.reject()


def test_everything_in_the_program_has_its_licence():
    locked = re.findall(r"^(\S+)==", (ROOT / "requirements" / "runtime.txt").read_text(), re.MULTILINE)
    names = {part.name.lower() for part in PARTS}
    assert set(locked) <= names | {"pyside6-essentials", "shiboken6"}
    assert {"qt for python", "shiboken"} <= names
    assert all(bundled(name).stat().st_size > 500 for part in PARTS for name in part.texts)
    assert bundled("licences/CNNViz.txt").read_bytes() == (ROOT / "LICENSE").read_bytes()
    folder = bundled("")
    there = [path for path in folder.rglob("*") if re.search("LICENSE|NOTICE", path.name)]
    there += bundled("licences").iterdir()
    listed = {name for part in PARTS for name in part.texts}
    assert listed == {path.relative_to(folder).as_posix() for path in there}
