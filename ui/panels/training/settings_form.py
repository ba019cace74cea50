"""The form in which an experiment is edited."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnviz.errors import ParameterError
from cnnviz.experiment import SETTINGS, Experiment
from cnnviz.presets import LAB5
from cnnviz.setting import Setting
from ui.controls.choice_field import ChoiceField
from ui.controls.class_picker import ClassPicker
from ui.controls.form import Form
from ui.controls.int_list_field import IntListField
from ui.controls.number_field import FloatField, IntField

_FIRST_OF_TRAINING = "optimizer"


class SettingsForm(QWidget):
    """Shows an experiment.

    * `edit`: takes a valid experiment with the edited field.
    * `complain`: is told what is wrong with the field that was edited last; "" when nothing is.
    """

    def __init__(self, edit: Callable[[Experiment], object], complain: Callable[[str], object]) -> None:
        super().__init__()
        self._edit, self._complain = edit, complain
        self._draft = LAB5
        self._fields: dict[str, QWidget] = {}
        self._show: dict[str, Callable[[Any], None]] = {}
        self._build_form()
        self.set_draft(LAB5)

    def field(self, name: str) -> QWidget:
        """Return the field of a setting, by its name in `Experiment`."""
        return self._fields[name]

    def set_class_options(self, names: tuple[str, ...]) -> None:
        """Offer the classes of a data set."""
        picker = self._fields["classes"]
        assert isinstance(picker, ClassPicker)
        picker.set_options(names)

    def set_draft(self, draft: Experiment) -> None:
        """Show an experiment."""
        self._draft = draft
        for name, show in self._show.items():
            show(getattr(draft, name))
        for name, field in self._fields.items():
            self._form.set_row_visible(field, name not in draft.unused)
        output = self._fields["output"]
        assert isinstance(output, ChoiceField)
        output.set_option_enabled("sigmoid", len(draft.classes) == 2)

    def _build_form(self) -> None:
        self._form = Form(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.addWidget(self._form)
        layout.addStretch(1)
        self._form.add_section("Network")
        for name in SETTINGS:
            if name == _FIRST_OF_TRAINING:
                self._form.add_section("Training")
            self._add_setting(name)

    def _add_setting(self, name: str) -> None:
        setting, field = SETTINGS[name], self._make_field(name, SETTINGS[name])
        field.setObjectName(f"setting_{name}")
        field.setAccessibleName(setting.title)
        field.setAccessibleDescription(setting.about)
        self._fields[name] = field
        self._form.add_row(setting.title, field, setting.about)

    def _make_field(self, name: str, setting: Setting) -> QWidget:
        edited = partial(self._on_edited, name)
        if setting.options:
            field = ChoiceField([(str(value), word) for value, word in setting.options])
            values = {str(value): value for value, _ in setting.options}
            field.choiceEdited.connect(lambda chosen: edited(values[chosen]))
            self._show[name] = lambda value: field.set_choice(str(value))
            return field
        if setting.count is None:
            low, high = setting.limits
            if setting.of is float:
                field = FloatField(low, high, getattr(LAB5, name))
            else:
                field = IntField(int(low), int(high), getattr(LAB5, name))
            field.valueEdited.connect(edited)
            self._show[name] = field.set_value
        elif setting.of is str:
            field = ClassPicker(*setting.count)
            field.set_options(tuple("0123456789"))
            field.classesEdited.connect(edited)
            self._show[name] = field.set_classes
        else:
            low, high = setting.limits
            field = IntListField((int(low), int(high)), setting.count)
            if setting.count[0] == 0:
                field.setPlaceholderText("none")
            field.valuesEdited.connect(edited)
            self._show[name] = field.set_values
        if not isinstance(field, ClassPicker):
            field.set_subject(setting.title)
        field.messageChanged.connect(self._complain)
        return field

    def _on_edited(self, name: str, value: Any) -> None:
        try:
            if name == "classes":
                draft = self._draft.with_classes(value)
            else:
                draft = replace(self._draft, **{name: value})
        except ParameterError as error:
            self._complain(str(error))
            return
        self._complain("")
        self._edit(draft)
