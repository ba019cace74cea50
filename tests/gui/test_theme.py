# ruff: noqa: N802, N815  # a stand-in for QStyleHints has the names of Qt
"""Themes: their colours, fonts and icons, and who is dressed in one, when, and how often."""

import os
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import ImageFont
from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QFontDatabase, QFontMetricsF, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QPushButton, QSpinBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from cnnviz.drawing import Cells, Colors
from cnnviz.drawing.cells import cell_numbers
from cnnviz.notation import Notation
from tests.gui.driving import EventCounter, settle, show_window
from tests.oracles import contrast
from tests.processes import ROOT, python
from ui.controls.buttons import Button
from ui.theme import (
    DARK,
    LIGHT,
    Theme,
    ThemeManager,
    bind_icon,
    follow_theme,
    icon,
    load_fonts,
    mono_font,
    repolish,
    ui_font,
)
from ui.theme.icons import ICON_FOLDER
from ui.theme.stylesheet import make_stylesheet
from ui.theme.tokens import FONT_FOLDER, projected, scaled

THEMES = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=lambda theme: theme.name)


@THEMES
def test_text_can_be_read_on_every_ground(tokens: Theme) -> None:
    grounds = {"text": ["pressed", "accent_soft"], "accent": ["accent_soft"], "muted": [], "focus": []}
    for role in ("text", "muted", "accent", "focus", "danger", "success", "warning", "info"):
        for ground in ("window", "surface", "hover", *grounds.get(role, [f"{role}_soft"])):
            assert contrast(getattr(tokens, role), getattr(tokens, ground)) >= 4.5, (role, ground)
    for ground in ("accent", "accent_hover", "accent_pressed"):
        assert contrast(tokens.on_accent, getattr(tokens, ground)) >= 4.5, "of the primary button"


def test_nothing_is_left_on_the_disk_even_when_the_program_is_killed(tmp_path: Path) -> None:
    code = (
        "import os; from PySide6.QtCore import QSettings; from ui.application import make_application;"
        "from ui.session import Session; app = make_application();"
        "session = Session(QSettings('window.ini', QSettings.Format.IniFormat));"
        "session.window.firstPainted.connect(lambda: (print('shown', flush=True), os._exit(0)));"
        "session.window.show(); app.exec()"
    )
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    surroundings = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
    surroundings |= {"PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    done = python("-c", code, cwd=tmp_path, env=os.environ | surroundings)
    assert (done.returncode, done.stdout.strip()) == (0, "shown"), done.stderr
    assert list(temporary.iterdir()) == []


class FakeDesktop(QObject):
    """Style hints of a desktop whose colour scheme the test changes: the offscreen platform has none.

    It is told of themes, too, and remembers them.
    """

    colorSchemeChanged = Signal(object)
    setColorScheme = unsetColorScheme = lambda *_: None

    def __init__(self) -> None:
        super().__init__()
        self.scheme, self.told = Qt.ColorScheme.Light, list[Theme]()

    def colorScheme(self) -> Qt.ColorScheme:
        return self.scheme

    def change(self, scheme: Qt.ColorScheme) -> None:
        self.scheme = scheme
        self.colorSchemeChanged.emit(scheme)

    def set_theme(self, theme: Theme) -> None:
        self.told.append(theme)


def test_system_mode_follows_the_desktop_while_running(monkeypatch: pytest.MonkeyPatch) -> None:
    desktop, light, dark = FakeDesktop(), Qt.ColorScheme.Light, Qt.ColorScheme.Dark
    monkeypatch.setattr("ui.theme.manager.QGuiApplication", SimpleNamespace(styleHints=lambda: desktop))
    manager = ThemeManager()
    manager.follow(desktop)
    desktop.told.clear()
    for scheme, theme in ((dark, DARK), (light, LIGHT), (Qt.ColorScheme.Unknown, LIGHT)):
        desktop.change(scheme)
        assert manager.theme == theme
    manager.set_mode("dark")
    desktop.change(light)
    assert manager.theme == DARK
    manager.set_mode("system")
    assert desktop.told == [DARK, LIGHT, DARK, LIGHT]


def test_a_projection_can_be_read_from_the_last_row() -> None:
    values = np.array([[0.25, -1.5], [3.25, 0.75]])
    for width, height in ((1280, 720), (1280, 800), (1920, 1080), (2560, 1440)):
        look = scaled(LIGHT, projected(width, height), projects=True)
        assert width / look.scale >= 940, "panels have the width that they want"
        smallest = 0.022 * min(height, width * 9 / 16)
        assert look.font("small").size >= smallest
        for side in (20, 40, 60, 90):
            grid = Cells(2, 2, 0, 0, look.px(side))
            numbers = cell_numbers(
                values, Colors.of("signed", values), grid, look, Notation.of(values, signed=True)
            )
            assert bool(numbers) is (side >= 60), "no number rather than a small one"
            for text in numbers:
                font = ImageFont.truetype(FONT_FOLDER / "JetBrainsMono-Regular.ttf", text.font.size)
                _, top, _, bottom = font.getbbox("0")
                assert bottom - top >= smallest


@THEMES
def test_stylesheet_is_complete_and_no_text_is_below_9_points(tokens: Theme) -> None:
    sheet = make_stylesheet(tokens)
    assert "@" not in sheet
    assert min(float(size) for size in re.findall(r"font-size: ([\d.]+)pt", sheet)) >= 9
    pictures = re.findall(r'url\("(.+?)"\)', sheet)
    assert pictures
    assert not any(QPixmap(path).isNull() for path in pictures)


def test_bundled_fonts_are_used_and_none_is_below_9_points() -> None:
    load_fonts()
    assert (ui_font().family(), mono_font().family()) == ("Inter", "JetBrains Mono")
    assert ui_font(LIGHT, 4).pointSizeF() == mono_font(2).pointSizeF() == 9 <= LIGHT.small_pt
    metrics = QFontMetricsF(mono_font(11))
    assert len({round(metrics.horizontalAdvance(figure), 3) for figure in "0123456789+−."}) == 1


def test_without_bundled_fonts_an_installed_one_serves_and_a_damaged_one_is_skipped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    load_fonts(tmp_path / "missing")
    assert ui_font().family() in QFontDatabase.families()
    (tmp_path / "broken.ttf").write_bytes(b"not a font")
    load_fonts(tmp_path)
    assert "broken.ttf could not be read" in caplog.text


def is_inked(picture: QIcon, expected: str) -> bool:
    """Whether the most opaque pixel of an icon has a colour, but for the rounding of anti-aliased edges."""
    image = picture.pixmap(24, 24).toImage()
    colors = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    ink, wanted = max(colors, key=QColor.alpha), QColor(expected)
    pairs = zip(ink.getRgb()[:3], wanted.getRgb()[:3], strict=True)
    return ink.alpha() > 200 and all(abs(a - b) <= 2 for a, b in pairs)


@THEMES
def test_every_bundled_icon_can_be_drawn_in_the_colour_of_its_role(tokens: Theme) -> None:
    line_icons = [
        path for path in ICON_FOLDER.glob("*.svg") if "currentColor" in path.read_text(encoding="utf-8")
    ]
    assert len(line_icons) > 30
    for path in line_icons:
        assert is_inked(icon(path.stem, "accent", tokens), tokens.accent), path.stem
    assert is_inked(icon("play", "text", tokens), tokens.text)


def test_bound_icons_are_tinted_anew_with_the_theme(qtbot: QtBot, theme: ThemeManager) -> None:
    button = QPushButton("Train")
    qtbot.addWidget(button)
    action = QAction(button)
    bind_icon(button, "play")
    bind_icon(action, "pause", "danger")
    for tokens in (LIGHT, DARK, LIGHT):
        theme.set_mode(tokens.name)
        assert is_inked(button.icon(), tokens.text)
        assert is_inked(action.icon(), tokens.danger)
        bind_icon(button, "pause")
    shown = QSize(20, 16)
    assert button.icon().pixmap(shown).toImage() == icon("pause", gap=4, side=16).pixmap(shown).toImage()


def test_an_icon_that_goes_while_all_are_told_of_a_theme_stays_away(
    qtbot: QtBot, theme: ThemeManager
) -> None:
    class Row(QWidget):
        def set_theme(self, theme: Theme) -> None:
            bind_icon(button, "play" if theme.scale <= 1 else "")

    row = Row()
    qtbot.addWidget(row)
    button = QPushButton("Train", row)
    follow_theme(row)
    for scale in (1.35, 1.0, 1.35):
        theme.set_scale(scale)
        assert button.icon().isNull() == (scale > 1)


@THEMES
def test_fields_and_their_arrows_can_be_told_from_the_ground(
    qtbot: QtBot, theme: ThemeManager, tokens: Theme
) -> None:
    theme.set_mode(tokens.name)
    field = QSpinBox()
    qtbot.addWidget(field)
    field.resize(120, field.sizeHint().height())
    image = field.grab().toImage()
    right = [image.pixelColor(x, y).name() for x in range(100, 116) for y in range(4, image.height() - 4)]
    assert max(contrast(color, tokens.surface) for color in right) >= 3


@THEMES
def test_a_primary_button_has_a_gap_between_its_fill_and_the_frame_of_the_focus(
    qtbot: QtBot, theme: ThemeManager, tokens: Theme
) -> None:
    theme.set_mode(tokens.name)
    button = Button("Train", "", "primary")
    qtbot.addWidget(button)
    show_window(qtbot, button)
    button.setFocus()
    qtbot.waitUntil(button.hasFocus)
    image = button.grab().toImage()
    found = [image.pixelColor(x, image.height() // 2).name().upper() for x in (1, 2, 3, 6)]
    assert found == [tokens.focus, tokens.surface, tokens.surface, tokens.accent]


def test_focus_can_be_seen_and_an_invalid_field_has_a_red_border(qtbot: QtBot) -> None:
    field = QLineEdit()
    qtbot.addWidget(field)
    show_window(qtbot, field)
    field.clearFocus()
    qtbot.waitUntil(lambda: not field.hasFocus())
    without = field.grab().toImage()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    image = field.grab().toImage()
    middle = image.height() // 2
    assert without.pixelColor(0, middle).name().upper() != LIGHT.accent
    assert image.pixelColor(0, middle).name().upper() == LIGHT.focus
    assert image.pixelColor(1, middle).name().upper() == LIGHT.focus
    field.clearFocus()
    field.setProperty("invalid", True)
    repolish(field)
    assert field.grab().toImage().pixelColor(0, middle).name().upper() == LIGHT.danger


class SmallField(QPlainTextEdit):
    """Needs the room of its scroll bars alone, for which it is asked when they are not dressed yet."""

    def sizeHint(self) -> QSize:
        return QSize(10, 10)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.parentWidget().sizeHint()


def test_what_is_hidden_asks_for_the_room_that_it_needs_once_all_in_it_is_dressed(qtbot, theme):
    window, page = nested(1)
    part, field = QWidget(), SmallField()
    QVBoxLayout(page).addWidget(part)
    QVBoxLayout(part).addWidget(field)
    qtbot.addWidget(window)
    show_window(qtbot, window)
    theme.set_scale(2.0)
    settle(qtbot)
    before = part.sizeHint().height()
    page.hide()
    theme.set_scale(1.0)
    settle(qtbot)
    page.show()
    settle(qtbot)
    margins = part.layout().contentsMargins()
    needed = field.minimumSizeHint().height() + margins.top() + margins.bottom()
    assert needed < before
    assert part.sizeHint().height() == needed


# -- dressing ------------------------------------------------------------------------------------------------


def nested(depth: int) -> list[QWidget]:
    """A window with a widget in it, which has one in it, and so on, all polished."""
    widgets = [QWidget()]
    for _ in range(depth):
        inner = QLabel("label")
        QVBoxLayout(widgets[-1]).addWidget(inner)
        widgets.append(inner)
    widgets[0].ensurePolished()
    return widgets


def test_a_widget_is_dressed_once_however_many_are_around_it(qtbot: QtBot, theme: ThemeManager) -> None:
    widgets = nested(8)
    qtbot.addWidget(widgets[0])
    changes = EventCounter(QEvent.Type.StyleChange, *widgets)
    theme.set_mode("dark")
    assert set(changes.counts.values()) == {1}
    theme.set_scale(1.35)
    assert set(changes.counts.values()) == {2}
    for label in widgets[1:]:
        assert label.palette().color(QPalette.ColorRole.WindowText) == QColor(DARK.text)
        assert label.font().pointSizeF() == DARK.base_pt * 1.35
