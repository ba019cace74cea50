"""The lessons: which image and network they bring, what they say, and what they have measured."""

from PySide6.QtWidgets import QWidget

from ui.controls.statement_box import StatementBox
from ui.panels.analysis import Analysis, LatestOnly
from ui.panels.translation.kernel_card import KernelCard
from ui.panels.translation.subject import FREE, Subject, lesson_of
from ui.panels.translation.view import View
from ui.state import Shift

_KIND = "translation-lesson"


class LessonGuide:
    """Shows the lesson that is chosen.

    Parameters
    ----------
    row : QWidget
        Shown while there is a lesson.
    box : StatementBox
        Where the lesson speaks, in the row.
    kernel : KernelCard
        Beside it, for the filter of a lesson that brings its own network.
    background : Analysis
        Where it measures.
    """

    def __init__(self, row: QWidget, box: StatementBox, kernel: KernelCard, background: Analysis) -> None:
        self._row, self._box, self._kernel = row, box, kernel
        self._jobs = LatestOnly(background, _KIND, self._on_measured)
        self._name = FREE
        self._text = ""

    def show(self, name: str, subject: Subject) -> None:
        """Say what there is to look at; the result follows when it has been measured."""
        is_new = name != self._name
        self._name = name
        self._row.setVisible(name != FREE)
        if name == FREE:
            return
        if subject.lesson is None:
            self._kernel.hide()
        else:
            self._kernel.show_network(subject.network)
        lesson = lesson_of(name, subject)
        text = f"*{lesson.title}.* {lesson.look_at}"
        if text != self._text:
            self._text = text
            self._box.set_statement(text)
        if is_new:
            self._box.reset_height()
        self._jobs.request(lambda _context: (name, lesson.result()))

    def _on_measured(self, found: tuple[str, str]) -> None:
        name, result = found
        if name == self._name:
            self._box.set_statement(f"{self._text} *Measured:* {result}")


def lesson_shift(name: str, subject: Subject) -> Shift:
    """Shift with which a lesson begins."""
    lesson = lesson_of(name, subject)
    return Shift(lesson.dx, lesson.dy, lesson.mode == "wrap")


def lesson_view(view: View, name: str) -> View:
    """Return the choices with which a lesson begins."""
    if name == FREE:
        return view.but(lesson=name)
    return view.but(
        lesson=name,
        pair="overlay",
        relative=True,
        stage="max",
        channel=0,
        many=False,
        moved_along=name == "digit-2px",
    )
