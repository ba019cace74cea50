"""The lab guide as a column at the edge of the window: the step in front, or the list of all steps."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import override

from PySide6.QtCore import QModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QIcon, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStackedWidget,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from cnnviz.lab.figures import Picture
from cnnviz.lab.model import Answer, Lab
from cnnviz.lab.showing import recalled
from cnnviz.quantities import format_count, format_many
from ui.controls.buttons import Button, IconButton
from ui.controls.keyboard import follow_keyboard, has_keyboard, keep_for_words
from ui.controls.labels import WrapLabel
from ui.controls.layouts import fill, named
from ui.controls.message_bar import MessageBar
from ui.controls.scroll_column import ScrollColumn
from ui.lab.controller import LabController
from ui.lab.library import titles
from ui.lab.revealing import Revealer
from ui.lab.step_page import StepPage
from ui.panels.report.fields import WordsField
from ui.panels.report.work import StudentWork, attempt
from ui.state import AppState, RunStatus
from ui.theme import Theme, follow_theme, theme_manager
from ui.theme.icons import icon_pixmap

_BELOW = 8
"""Pixels below the top of the view where a question begins whose result is told."""


class LabColumn(QFrame):
    """Which lab, the step in front or the list of all, what is left to do, and the way on."""

    def __init__(
        self, control: LabController, revealer: Revealer, work: StudentWork, state: AppState,
        show_me: Callable[[], object], open_lab: Callable[[str], object], ask: Callable[[], object],
    ) -> None:  # fmt: skip
        super().__init__()
        self._open_lab, self._ask = open_lab, ask
        self._control, self._revealer, self._work, self._state = control, revealer, work, state
        #: What stays where it is while the page grows, and how far below the top of the view.
        self._held: tuple[QWidget, int] | None = None
        #: The figures of the lab by name; of one that cannot be shown, why not.
        self.figures: Mapping[str, Picture | str] = {}
        self.setProperty("role", "panel")
        keep_for_words(self)
        self.title = WrapLabel("Lab guide", role="text")
        self.title.vertical = Qt.AlignmentFlag.AlignVCenter
        tip = "one that comes with the program, or a lab file"
        self.labs_button = IconButton("folder-open", "Choose a lab", tip)
        tip = "close the guide, which stands in their place; Ctrl+L brings it back"
        self.samples_button = IconButton("image", "Samples", tip)
        self.samples_button.hide()
        self.labs_menu = QMenu(self)
        self.labs_menu.setToolTipsVisible(True)
        self.labs_menu.aboutToShow.connect(self._fill_menu)
        tip = "with a tick on each that is done; press again to go back to the step"
        self.list_button = IconButton("list", "All steps", tip)
        self.list_button.setCheckable(True)
        tip = "your work is kept; Ctrl+L or the menu Lab brings it back"
        self.close_button = IconButton("x", "Close the lab guide", tip)
        self.message = MessageBar()
        self.page, self.steps = StepPage(work, state), StepList(self._go_to)
        self.page_area, self.list_area = ScrollColumn(self.page), QWidget()
        fill(QVBoxLayout(self.list_area), (self.steps, 1), margins=(10, 4, 0, 8))
        self.stack = QStackedWidget()
        self.stack.addWidget(self.page_area)
        self.stack.addWidget(self.list_area)
        #: Why the network is not that of the step; it stands beside the button that brings that one.
        self.mismatch = WrapLabel("", role="muted", small=True)
        self.to_do = WrapLabel("", role="muted", small=True)
        #: Of what it has said of the step in front, so that nothing moves when it says less.
        self._longest = ""
        self._waits = False  # for the result of the step in front
        self._was_shown = False  # whether the window has been prepared for it
        tip = "Prepare the window for this step: panel, network, image"
        self.show_me = Button("Show me", "eye", "primary", tip, "Ctrl+Shift+L")
        tip = "The previous step; Page Up does the same, unless the panel has a page before"
        self.back = Button("Back", "chevron-left", "", tip, "Ctrl+PgUp")
        tip = "The next step; Page Down does the same, unless the panel has another page"
        self.next = Button("Next", "chevron-right", "", tip, "Ctrl+PgDown")
        tip = "Measure all steps of the lab again for the tables, and write the report: the file to hand in"
        self.export = Button("Export report…", "", "primary", tip)
        choices = self.samples_button, self.labs_button, self.list_button, self.close_button
        top = fill(QHBoxLayout(), (self.title, 1), *choices, spacing=4, margins=(14, 8, 8, 6))
        # Where no step scrolls them away, however long it is.
        buttons = fill(QHBoxLayout(), self.back, 1, self.show_me, 1, self.export, self.next, spacing=8)
        bottom = fill(QVBoxLayout(), self.mismatch, self.to_do, buttons, spacing=6, margins=(14, 8, 14, 10))
        lines = [named(QFrame(), role="separator") for _ in range(2)]
        #: What there is only in a lab.
        self._in_lab = QWidget()
        fill(QVBoxLayout(self._in_lab), lines[0], (self.stack, 1), lines[1], bottom, spacing=0)
        fill(QVBoxLayout(self), top, self.message, (self._in_lab, 1), spacing=0)
        self.setTabOrder(self.close_button, self.show_me)  # what a step begins with comes before its fields
        self._on_lab_changed()
        page = self.page
        for changed in (state.experimentChanged, state.runChanged):
            changed.connect(self._show_mismatch)
        control.labChanged.connect(self._on_lab_changed)
        control.stepChanged.connect(self._on_step_changed)
        work.changed.connect(self.show_progress)
        self._revealer.changed.connect(self.show_progress)
        self._work.headChanged.connect(self._show_who)
        self._work.opened.connect(self._show_who)
        self.show_me.clicked.connect(show_me)
        page.prediction.committed.connect(self._on_committed)
        page.prediction.givenUp.connect(control.give_up)
        self.labs_button.clicked.connect(
            lambda: self.labs_menu.popup(self.labs_button.mapToGlobal(self.labs_button.rect().bottomLeft()))
        )
        self.list_button.toggled.connect(self._on_list_toggled)
        self.back.clicked.connect(lambda: control.turn(-1))
        self.next.clicked.connect(lambda: control.turn(1))
        bar = self.page_area.verticalScrollBar()
        bar.rangeChanged.connect(self._on_page_grown)
        bar.valueChanged.connect(self._on_scrolled)
        follow_keyboard(self._on_focus_changed)

    @override
    def sizeHint(self) -> QSize:
        return QSize(self.minimumWidth(), super().sizeHint().height())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.list_button.isChecked():
            self.list_button.setChecked(False)
        else:
            super().keyPressEvent(event)

    # --- showing --------------------------------------------------------------------------------------------

    def _on_lab_changed(self) -> None:
        lab = self._control.lab
        self.title.set_text("Lab guide" if lab is None else lab.title)
        self._in_lab.setHidden(lab is None)
        self.steps.set_lab(lab)

    def _on_step_changed(self) -> None:
        lab, step, number = self._control.lab, self._control.step, self._control.number
        assert lab is not None
        assert step is not None
        if has_keyboard(self.stack) or self.hasFocus():
            self.show_me.setFocus(Qt.FocusReason.OtherFocusReason)  # the first thing to do in a step
        warn = partial(self.message.show_message, kind="warning")
        self.page.set_step(self._control, self.figures, warn)
        self._was_shown = False
        self._show_who()
        self.list_button.setChecked(False)
        self._held, self._longest, self._waits = None, "", False
        self.page.setMinimumHeight(0)
        self.page_area.verticalScrollBar().setValue(0)
        self.back.setEnabled(number > 0)
        is_last = number == len(lab.steps) - 1
        self.next.setVisible(not is_last)
        exports = any(each.event == "exported" for each in step.done_when) or is_last
        self.export.setVisible(exports)
        for button in (self.back, self.next):
            button.set_compact(exports)
        self.show_progress()

    def show_progress(self) -> None:
        control, lab = self._control, self._control.lab
        if lab is None or lab is not self.steps.lab or control.step is not self.page.step:
            return  # of another lab the steps come first, and of another step the page
        done = {step.id for step in lab.steps if control.record.is_done(step.id)}
        self.steps.show_progress(control.number, done)
        focus, reveal = QApplication.focusWidget(), self._revealer.present()
        is_written = isinstance(focus, WordsField) and focus.document().isModified()
        if focus is not None and is_written and self.page.isAncestorOf(focus):
            self._hold(focus)
        elif self._waits and reveal.verdict is not None:
            self._hold(self.page.prediction, _BELOW)
        self._waits = bool(reveal.waiting)
        self.page.prediction.show_record(control.done, reveal)
        found = recalled(lab, control.record, lab.steps[control.number])
        self.page.recalled.show_text("\n".join(f"Step {title} · {words}" for title, words in found))
        count = f"{format_count(len(done))} of {format_count(len(lab.steps))}"
        text = is_done = f"✓ This step is done. You have done {count}."
        if not control.done.done:
            text = f"To do: {'; '.join(control.missing)}."
        self._longest = max(self._longest, text, is_done, key=len)
        self.to_do.set_text(text, self._longest)
        self._show_mismatch()

    def _show_who(self) -> None:
        control, note = self._control, ""
        if control.needs_roll_number:
            note = "Your roll number gives you your own network. Type it and a hypothesis before you train."
        elif control.lab is not None and control.lab.seed_from_roll_number:
            note = f"Your roll number gives seed {control.experiment.seed}: a network of your own."
            note += " Clicks and training on any other network do not count."
        is_first = control.lab is not None and control.number == 0
        is_begun = any(step.prediction is not None for step in control.record.steps.values())
        self.page.who.setVisible(is_first or (control.needs_roll_number and not is_begun))
        self.page.who.note.show_text(note)
        self._show_mismatch()

    def _show_mismatch(self) -> None:
        state, control = self._state, self._control
        if control.lab is None or (state.run.status is RunStatus.LOADING and state.run.run_id):
            return  # what comes next is known in a moment
        names = control.mismatch if state.run.run_id else ()
        if names == ("seed",) and state.is_untrained:
            names = ()
        told = control.experiment.told(names, state.experiment, "{} {} (now {})")
        said = f"This step needs another network: {told}. “Show me” prepares it."
        self.mismatch.show_text(said if names else "")
        is_done = bool(control.done.done)
        self.show_me.set_kind("primary" if names or not (self._was_shown or is_done) else "")
        self.next.set_kind("primary" if is_done and not names else "")

    def set_shown(self) -> None:
        self._was_shown = True
        self._show_mismatch()

    def show_result(self, step_id: str) -> None:
        self._control.go_to(step_id)
        self._hold(self.page.prediction, _BELOW)

    # --- what stays where it is -----------------------------------------------------------------------------

    def _hold(self, part: QWidget, top: int | None = None) -> None:
        """Let a part of the page stay so far below the top of the view, or where it is, whatever grows."""
        self._held = part, self._place_of(part) if top is None else top
        self._on_page_grown()

    def _place_of(self, part: QWidget) -> int:
        return part.mapTo(self.page_area.viewport(), QPoint()).y()

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is not None and self.page.isAncestorOf(new):
            self._hold(new)

    def _on_scrolled(self) -> None:
        if self._held is not None:
            self._hold(self._held[0])

    def _on_page_grown(self) -> None:
        """Keep what somebody reads or writes in its place, when what is above needs another height."""
        held, bar = self._held, self.page_area.verticalScrollBar()
        if held is not None:
            bar.setValue(bar.value() + self._place_of(held[0]) - held[1])
            self._held = held  # where it should be, also if the page is not long enough yet

    # --- what is asked for ----------------------------------------------------------------------------------

    def _on_committed(self, answer: Answer) -> None:
        card = self.page.prediction
        had_keyboard = has_keyboard(card) or self.hasFocus()  # to which a click on the button leads
        top = self._place_of(card)
        self.page.setMinimumHeight(self.page.height())
        if not attempt(lambda: self._control.predict(answer), card.complain):
            return
        if had_keyboard and self.page.answers:
            self.page.answers[0].field.setFocus(Qt.FocusReason.OtherFocusReason)
        self._hold(card, top)

    def _on_list_toggled(self, shown: bool) -> None:
        self.stack.setCurrentWidget(self.list_area if shown else self.page_area)
        if shown:
            self.steps.setFocus(Qt.FocusReason.OtherFocusReason)
            self.steps.scrollToItem(self.steps.currentItem(), QListWidget.ScrollHint.PositionAtCenter)

    def _go_to(self, step_id: str) -> None:
        self._control.go_to(step_id)
        self.list_button.setChecked(False)

    def _fill_menu(self) -> None:
        self.labs_menu.clear()
        for name, title, purpose in titles():
            action = self.labs_menu.addAction(title.replace("&", "&&"))
            action.setToolTip(purpose)
            action.setCheckable(True)
            action.setChecked(self._control.lab is not None and name == self._work.work.lab)
            action.triggered.connect(partial(self._open_lab, name))
        self.labs_menu.addSeparator()
        self.labs_menu.addAction("Open lab file…").triggered.connect(self._ask)


_ID = Qt.ItemDataRole.UserRole


class StepList(QListWidget):
    """A row for each step: a tick, its number, and its title. Click one, or go by arrow keys and Enter.

    Steps of a section that follow one another stand under its title. `lab` is the one whose steps are listed;
    `go_to` takes the id of a step that the user wants to see.
    """

    def __init__(self, go_to: Callable[[str], object]) -> None:
        super().__init__()
        self._go_to = go_to
        self.lab: Lab | None = None
        #: Number of the step in front, and ids of those that are done, as they are shown.
        self._shown: tuple[int, frozenset[str]] = (0, frozenset())
        self._steps: list[QListWidgetItem] = []
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)  # of another width the titles have other lines
        self.setWordWrap(True)
        self.setMouseTracking(True)
        self.setAccessibleName("Steps of the lab")
        self.itemClicked.connect(self._request)
        self.itemActivated.connect(self._request)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        self.setIconSize(QSize(theme.px(38), theme.px(16)))
        self._tick()

    def set_lab(self, lab: Lab | None) -> None:
        self.clear()
        self.lab, self._steps, section = lab, [], ""
        titles = {} if lab is None else {each.id: each.title for each in lab.sections}
        for step in () if lab is None else lab.steps:
            if step.section != section:
                section = step.section
                heading = QListWidgetItem(titles.get(section, ""), self)
                heading.setFlags(Qt.ItemFlag.NoItemFlags)
                heading.setFont(_bold(heading.font(), True))
            item = QListWidgetItem(step.title, self)
            item.setData(_ID, step.id)
            self._steps.append(item)
        self._shown = (-1, frozenset())
        self.show_progress(0, ())

    def show_progress(self, current: int, done: Collection[str]) -> None:
        """Show which step is in front, and which are ticked; most of what is typed changes neither."""
        shown = current, frozenset(done)
        if shown != self._shown:
            self._shown = shown
            self._tick()
        if self._steps:
            self.setCurrentItem(self._steps[current])

    def _tick(self) -> None:
        if self.lab is None:
            return
        current, done = self._shown
        for number, (step, item) in enumerate(zip(self.lab.steps, self._steps, strict=True), 1):
            is_done = step.id in done
            item.setFont(_bold(item.font(), item is self._steps[current]))
            item.setIcon(self._before(str(number), item.font(), is_done))
            about = "Done." if is_done else f"About {format_many(step.minutes, 'minute')}."
            item.setToolTip(f"{step.title}: {step.purpose} {about}")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{number} {step.title}{', done' * is_done}")

    def _before(self, number: str, font: QFont, is_done: bool) -> QIcon:
        """Tick and number of a step, beside which all lines of its title begin."""
        theme, ratio, size = theme_manager().theme, self.devicePixelRatioF(), self.iconSize()
        picture = QPixmap(size * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        if is_done:
            painter.drawPixmap(0, 0, icon_pixmap("check", theme.color("success"), size.height(), ratio))
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        painter.drawText(QRect(QPoint(), size), Qt.AlignmentFlag.AlignRight, number)
        painter.end()
        return QIcon(picture)

    @override
    def initViewItemOption(self, option: QStyleOptionViewItem) -> None:
        super().initViewItemOption(option)
        option.decorationAlignment = Qt.AlignmentFlag.AlignTop

    @override
    def moveCursor(
        self, cursorAction: QListWidget.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Home leads to the first step, not to the title above it."""
        if cursorAction == QListWidget.CursorAction.MoveHome and self._steps:
            return self.indexFromItem(self._steps[0])
        return super().moveCursor(cursorAction, modifiers)

    def _request(self, item: QListWidgetItem) -> None:
        if item.data(_ID):
            self._go_to(item.data(_ID))


def _bold(font: QFont, is_bold: bool) -> QFont:
    font.setWeight(QFont.Weight.DemiBold if is_bold else QFont.Weight.Normal)
    return font
