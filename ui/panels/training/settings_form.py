"""The settings as a form, and how fast training runs."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from cnnviz.errors import ParameterError
from cnnviz.experiment import CUSTOM, LAB5, PRESETS, SETTINGS, Experiment, preset_of
from cnnviz.quantities import format_value
from cnnviz.setting import Setting
from ui.controls.buttons import Button
from ui.controls.choice_field import ChoiceField, ClassPicker
from ui.controls.layouts import Form, fill, label_of, named, scaled
from ui.controls.number_field import FloatField, IntField, IntListField
from ui.state import AppState
from ui.theme import repolish

FIRST = ("classes", "filters", "kernel_size", "pool", "learning_rate", "seed")
"""Settings that a lab changes."""
#: Room for the longest name in bold with its mark, in pixels at scale 1: what is marked must move nothing.
_NAMED = 94
_PRESET_TIP = "Ready-made settings that fill in the form: LAB5, the exercise; LENET, deeper, for ten classes"
_PRESETS = {"lab5": "LAB5", "lenet": "LENET", CUSTOM: "custom"}


class SettingsForm(QWidget):
    """What a run is to be: what a lab changes, the rest below a button; what waits for a new run is marked.

    * `edit`: takes a valid experiment with the edited field.
    * `choose_preset`: takes the name of a preset that is to fill the form.
    * `complain`: is told what is wrong with the field that was edited last; "" when nothing is.
    * `rest`: the settings below the button, which unfolds them.
    """

    def __init__(
        self,
        edit: Callable[[Experiment], object],
        choose_preset: Callable[[str], object],
        complain: Callable[[str], object],
    ) -> None:
        super().__init__()
        self._edit, self._complain = edit, complain
        self._draft = LAB5
        self._fields: dict[str, QWidget] = {}
        self._labels: dict[str, QLabel] = {}
        self._marks: dict[str, str] = {}
        self._show: dict[str, Callable[[Any], None]] = {}
        self._first, self.rest = Form(), Form()
        self.preset = ChoiceField([(name, _PRESETS[name]) for name in PRESETS])
        self.preset.setPlaceholderText(_PRESETS[CUSTOM])
        self.preset.choiceEdited.connect(choose_preset)
        self._first.add_row("Preset", self.preset, _PRESET_TIP)
        tip = "Show the settings that a lab rarely changes, or fold them"
        self.more = named(Button("More settings", "chevron-right", "link"), tip=tip)
        self.more.setCheckable(True)
        self.more.toggled.connect(self._unfold)
        for name in (*FIRST, *(each for each in SETTINGS if each not in FIRST)):
            self._add_setting(name, self._first if name in FIRST else self.rest)
        parts = self._first, self.more, self.rest, 1
        layout = fill(QVBoxLayout(self), *parts, spacing=6, margins=(0, 0, 8, 0))
        layout.setAlignment(self.more, Qt.AlignmentFlag.AlignLeft)
        self.rest.hide()
        self.set_settings(LAB5, LAB5)

    def field(self, name: str) -> QWidget:
        """Return the field of a setting, by its name in `Experiment`."""
        return self._fields[name]

    def set_class_options(self, names: tuple[str, ...]) -> None:
        """Offer the classes of a data set."""
        picker = self._fields["classes"]
        assert isinstance(picker, ClassPicker)
        picker.set_options(names)

    def set_settings(self, running: Experiment, draft: Experiment) -> None:
        """Show the settings as edited, and mark those that are others than what runs."""
        pending = running.differing(draft)
        self._draft = draft
        self.preset.set_choice(preset_of(draft))
        for name, show in self._show.items():
            show(getattr(draft, name))
        for name, field in self._fields.items():
            form = self._first if name in FIRST else self.rest
            form.set_row_visible(field, name not in draft.unused)
            runs = SETTINGS[name].written(getattr(running, name)) if name in pending else ""
            if self._marks.get(name) != runs:
                self._marks[name] = runs
                self._mark(name, runs)
        others = sum(name not in FIRST for name in pending)
        self.more.setText(f"More settings • {others} changed" if others else "More settings")
        output = self._fields["output"]
        assert isinstance(output, ChoiceField)
        output.set_option_enabled("sigmoid", len(draft.classes) == 2)

    def _mark(self, name: str, runs: str) -> None:
        """Say of a setting that the run has another value; "" if it has this one."""
        setting, label, field = SETTINGS[name], self._labels[name], self._fields[name]
        label.setText(f"{setting.title} •" if runs else setting.title)
        label.setProperty("role", "changed" if runs else "muted")
        repolish(label)
        said = setting.about + (f"\nThis run has {runs}." if runs else "")
        label.setToolTip(said)
        field.setToolTip(said)
        field.setAccessibleDescription(said)

    def _unfold(self, is_unfolded: bool) -> None:
        self.more.set_icon("chevron-down" if is_unfolded else "chevron-right")
        self.rest.setVisible(is_unfolded)

    def _add_setting(self, name: str, form: Form) -> None:
        setting, field = SETTINGS[name], self._make_field(name, SETTINGS[name])
        field.setObjectName(f"setting_{name}")
        field.setAccessibleName(setting.title)
        self._fields[name] = field
        self._labels[name] = form.add_row(setting.title, field)
        scaled(self._labels[name].setMinimumWidth, _NAMED)

    def _make_field(self, name: str, setting: Setting) -> QWidget:
        edited = partial(self._on_edited, name)
        if setting.options:
            field = ChoiceField([(str(value), word) for value, word in setting.options])
            values = {str(value): value for value, _ in setting.options}
            field.choiceEdited.connect(lambda chosen: edited(values[chosen]))
            self._show[name] = lambda value: field.set_choice(str(value))
            return field
        if setting.count and setting.of is str:
            field = ClassPicker(*setting.count)
            field.set_options(tuple("0123456789"))
        elif setting.count:
            low, high = setting.limits
            field = IntListField((int(low), int(high)), setting.count)
            field.setPlaceholderText("" if setting.count[0] else "none")
        else:
            kind = FloatField if setting.of is float else IntField
            field = kind(*setting.limits, getattr(LAB5, name))
        if not isinstance(field, ClassPicker):
            field.subject = setting.title
        field.valueEdited.connect(edited)
        field.messageChanged.connect(self._complain)
        self._show[name] = field.set_value
        return field

    def _on_edited(self, name: str, value: Any) -> None:
        draft = self._draft
        try:
            draft = draft.with_classes(value) if name == "classes" else replace(draft, **{name: value})
        except ParameterError as error:
            self._complain(str(error))
            return
        self._complain("")
        self._edit(draft)


_SLOWER = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
PACES: tuple[float | None, ...] = (*_SLOWER, None)
"""Steps a second that the slider offers; None is full speed."""


class SpeedControl(QWidget):
    """A slider over paces; its right end is full speed."""

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self._state = state
        tip = "Steps a second, from slow motion to full speed. May be changed while training runs."
        self.slider = named(QSlider(Qt.Orientation.Horizontal), "Training speed", tip)
        self.slider.setRange(0, len(PACES) - 1)
        self.slider.setPageStep(2)
        self._value = named(QLabel(), role="mono")
        label = label_of(self.slider, "Speed")
        header = fill(QHBoxLayout(), (label, 1), self._value)
        fill(QVBoxLayout(self), header, self.slider, spacing=2)
        self._draw()
        state.speedChanged.connect(self._draw)
        self.slider.valueChanged.connect(self._on_slider_moved)
        # The slider is left to the hand that holds it.
        self.slider.sliderPressed.connect(lambda: self._on_slider_moved(self.slider.value()))

    def _draw(self) -> None:
        """Show the chosen pace, or the one for now on the way there, with which the slider moves."""
        rising_pace = self._state.rising_pace
        shown = self._state.steps_per_second if rising_pace is None else rising_pace
        position = len(_SLOWER) if shown is None else max(bisect_right(_SLOWER, shown) - 1, 0)
        with QSignalBlocker(self.slider):
            self.slider.setValue(position)
        if rising_pace is not None:
            self._value.setText(f"{format_value(_SLOWER[position])} steps/s, rising")
        else:
            self._value.setText("full" if shown is None else f"{format_value(shown)} steps/s")

    def _on_slider_moved(self, position: int) -> None:
        self._state.set_speed(PACES[position])
