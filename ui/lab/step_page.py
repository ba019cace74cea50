"""The step in front: what it is for, what to read and to look at, to predict and to write."""

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import override

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from cnnviz.drawing.page import Card, Page, across, down
from cnnviz.graphics.formula import FORMULA, Formulas
from cnnviz.graphics.pictures import PHOTO, Photo
from cnnviz.graphics.texts import WORDS, Words
from cnnviz.lab import markup
from cnnviz.lab.figures import Picture
from cnnviz.lab.markup import Block, Spans, parse_text, plain_text
from cnnviz.lab.model import PARTS, Step
from cnnviz.quantities import format_count, with_article
from cnnviz.training import epoch_order
from ui.controls.labels import RichLabel, WrapLabel
from ui.controls.layouts import discard, fill, named
from ui.lab.controller import LabController
from ui.lab.prediction_card import PredictionCard
from ui.page_view import PageView
from ui.panels.report.fields import AnswerField, HeadField
from ui.panels.report.work import Complain, StudentWork
from ui.state import AppState
from ui.theme import mono_font
from ui.window.actions import action_row


class StepPage(QWidget):
    """Everything of one step, from top to bottom."""

    def __init__(self, work: StudentWork, state: AppState) -> None:
        super().__init__()
        self._work = work
        self.image = StepImage(state)
        self.section = WrapLabel("", small=True)
        self.title = WrapLabel("", role="title")
        self.purpose = WrapLabel("", role="muted")
        self.who = WhoFields(work)
        self.text = StepText()
        #: What earlier steps have found that this one needs.
        self.recalled = WrapLabel("", role="muted")
        self.prediction = PredictionCard()
        self.step: Step | None = None
        self.answers: list[AnswerField] = []
        self._layout = fill(
            QVBoxLayout(self), self.section, self.title, self.purpose, self.who, self.image, self.text,
            self.recalled, self.prediction, 1, spacing=10, margins=(14, 8, 10, 14),
        )  # fmt: skip

    def set_step(
        self, control: LabController, figures: Mapping[str, Picture | str], complain: Complain
    ) -> None:
        """Show the step in front, with the figures of the lab; of one that cannot be shown, why not."""
        lab, step = control.lab, control.step
        assert lab is not None
        assert step is not None
        titles = {each.id: each.title for each in lab.sections}
        count, minutes = format_count(len(lab.steps)), format_count(step.minutes)
        self.step = step
        self.section.set_text(f"{titles.get(step.section, '')} · about {minutes} min")
        self.title.set_text(f"{control.number + 1} of {count}  {step.title}")
        self.purpose.set_text(step.purpose)
        self.text.set_text(step.text, figures, control.filter_words(step.show.filter))
        self.image.set_step(step)
        self.prediction.set_prediction(step.prediction, (control.work.begun, lab.sha256, step.id))
        discard(self._layout, self.answers)
        asked = step.asked(control.experiment)
        self.answers = []
        for place, question in enumerate(asked):
            title = PARTS[question.part] if len(asked) > 1 or question.is_hypothesis else "Explain"
            answer = AnswerField(self._work, step, question, title, complain, is_asked=True)
            self.answers.append(answer)
            self._layout.insertWidget(self._layout.indexOf(self.prediction) + 1 + place, answer, 9)
        # Tab goes on to the answers from what is above them; Qt puts what is made later at the end.
        last = [each for each in self.prediction.findChildren(QWidget) if _is_stop(each)][-1]
        for answer in self.answers:
            for stop in filter(_is_stop, answer.findChildren(QWidget)):
                self.setTabOrder(last, stop)
                last = stop


def _is_stop(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


class WhoFields(QWidget):
    """Name and roll number, asked for where the lab begins."""

    def __init__(self, work: StudentWork) -> None:
        super().__init__()
        self.name, self.roll_number = HeadField(work, "author"), HeadField(work, "roll_number")
        for field, title in ((self.name, "Name"), (self.roll_number, "Roll number")):
            field.setPlaceholderText(title)
            field.setMinimumWidth(60)
        self.note = WrapLabel("", small=True)
        row = fill(QHBoxLayout(), (self.name, 3), (self.roll_number, 2), spacing=6)
        fill(QVBoxLayout(self), row, self.note, spacing=4)


_STRONG = '<span style="font-weight:600">'
#: Side of the image of a step, in pixels at scale 1.
_SIDE = 86
_order = lru_cache(2)(epoch_order)
_TRAIN = action_row("train").label
_ITEM = '<p style="margin:0 0 0 16px; text-indent:-12px">\N{BULLET}&nbsp;&nbsp;{}</p>'


class StepText(QWidget):
    """What there is to read in a step."""

    def __init__(self) -> None:
        super().__init__()
        self._layout = fill(QVBoxLayout(self), spacing=9)
        self._parts: list[QWidget] = []
        self._shown: tuple[str, Mapping[str, Picture | str]] = ("", {})
        self._train, self._filter = _TRAIN, ""

    def set_text(self, text: str, figures: Mapping[str, Picture | str], filter: str) -> None:
        """Show a text, its figures by their names or why they cannot be shown, the filter as it is called."""
        self._shown, self._filter = (text, figures), filter
        discard(self._layout, self._parts)
        text = text.replace(f"**{_TRAIN}**", f"**{self._train}**").replace("{filter}", filter)
        self._parts = [part for block in parse_text(text) for part in _parts_of(block, figures)]
        for part in self._parts:
            self._layout.addWidget(part)

    def call(self, *, train: str = "", filter: str = "") -> None:
        """Call the button that trains, and the filter that the step is about, what they are at the moment."""
        train, filter = train or self._train, filter or self._filter
        if (train, filter) != (self._train, self._filter):
            self._train = train
            self.set_text(*self._shown, filter)


def _parts_of(block: Block, figures: Mapping[str, Picture | str]) -> list[QWidget]:
    match block:
        case markup.Paragraph(spans):
            return [RichLabel(_html(spans), plain_text((block,)))]
        case markup.Bullets(items):
            lines = "".join(_ITEM.replace("{}", _html(item)) for item in items)
            return [RichLabel(lines, plain_text((block,)))]
        case markup.FormulaLine(equation):
            formula = Formulas((equation.formula,))
            view = PageView(lambda _ask: None)
            view.show_page(Page(Card("formula", FORMULA, formula)))
            view.setAccessibleName(equation.words)
            return [view]
        case markup.FigureFile(name, caption):
            missing = f"The figure {name} is missing: put it beside the lab file."
            return [FigureView(figures.get(name, missing), caption), WrapLabel(caption, small=True)]


def _html(spans: Spans) -> str:
    styles = {"strong": _STRONG, "code": f"<span style=\"font-family:'{mono_font().family()}'\">"}
    return "".join(
        f"{styles[each.style]}{escape(each.text)}</span>" if each.style else escape(each.text)
        for each in spans
    )


class FigureView(QLabel):
    """A picture, as wide as the column where it is wider, or why there is none; `caption` says it."""

    def __init__(self, picture: Picture | str, caption: str) -> None:
        super().__init__()
        named(self, caption, role="muted")
        self.setMinimumWidth(80)
        if isinstance(picture, str):
            self.setText(picture)
            self.setWordWrap(True)
            return
        # Pixels and not a file: readers of Qt open whatever a drawing names, and draw without end.
        height, width = picture.pixels.shape[:2]
        form = QImage.Format.Format_RGBA8888
        self.setPixmap(QPixmap.fromImage(QImage(picture.pixels.data, width, height, 4 * width, form)))
        self.setScaledContents(True)
        self.setMaximumWidth(max(picture.width, 80))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        pixmap = self.pixmap()
        if not pixmap.isNull():
            self.setFixedHeight(max(round(self.width() * pixmap.height() / pixmap.width()), 1))


class StepImage(PageView):
    """Shows which training image the last step took in, or which one the first step will."""

    def __init__(self, state: AppState) -> None:
        super().__init__(lambda _ask: None)
        self._state, self._is_wanted = state, False
        state.runChanged.connect(self._show_image)
        state.datasetChanged.connect(self._show_image)

    def set_step(self, step: Step) -> None:
        self._is_wanted = any(each.event == "slowed" for each in step.done_when)
        self._show_image()

    def _show_image(self) -> None:
        data, run, experiment = self._state.dataset, self._state.run, self._state.experiment
        is_known = data is not None and experiment.batch_size == 1 and data.classes == experiment.classes
        self.setVisible(self._is_wanted and is_known)
        if not self._is_wanted or data is None or not is_known:
            return
        number = max(run.step, 1)
        epoch, place = divmod(number - 1, len(data.train_labels))
        index = _order(len(data.train_labels), experiment.seed, epoch)[place]
        name = data.classes[data.train_labels[index]]
        what = f"Step {format_count(number)} took in" if run.step else "The first step will take in"
        image = Card("image", PHOTO, Photo(data.train_images[index][0]), room=_SIDE)
        words = Words(f"{what} this training image, {with_article(name)}.", align="left middle")
        self.show_page(Page(down(across(image, Card("said", WORDS, words), room=_SIDE, gap=10))))
