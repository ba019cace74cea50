"""The form in which an experiment is edited."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnviz.errors import ParameterError
from cnnviz.experiment import LIMITS, Experiment
from cnnviz.presets import LAB5
from cnnviz.quantities import format_value
from ui.controls.choice_field import ChoiceField
from ui.controls.class_picker import ClassPicker
from ui.controls.form import Form
from ui.controls.int_list_field import IntListField
from ui.controls.number_field import FloatField, IntField
from ui.panels.training.settings_text import CHOICES, SETTINGS

_NETWORK = (
    "classes", "filters", "kernel_size", "stride", "padding", "conv_bias", "activation", "leaky_slope",
    "pool", "pool_size", "ties", "hidden", "output", "init", "dtype",
)  # fmt: skip
_TRAINING = ("optimizer", "learning_rate", "momentum", "batch_size", "epochs", "seed", "log_every")
_LISTS = {"filters": "blocks", "hidden": "hidden_layers"}


class SettingsForm(QWidget):
    """Shows an experiment and asks for another one when a field is edited.

    * `draftRequested`: A valid experiment with the edited field.
    * `messageChanged`: what is wrong with the field that was edited last; empty when nothing is.
    """

    draftRequested = Signal(object)
    messageChanged = Signal(str)

    def __init__(self) -> None:
        super().__init__()
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
        for name in ("leaky_slope", "pool_size", "ties", "momentum"):
            self._form.set_row_visible(self._fields[name], name not in draft.unused)
        output = self._fields["output"]
        assert isinstance(output, ChoiceField)
        output.set_option_enabled("sigmoid", len(draft.classes) == 2)

    def _build_form(self) -> None:
        self._form = Form(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.addWidget(self._form)
        layout.addStretch(1)
        for title, names in (("Network", _NETWORK), ("Training", _TRAINING)):
            self._form.add_section(title)
            for name in names:
                self._add_setting(name)

    def _add_setting(self, name: str) -> None:
        text = SETTINGS[name]
        low, high = LIMITS.get(name, (0, 0))
        tooltip = text.tooltip.format(low=format_value(low), high=format_value(high))
        field = self._make_field(name)
        field.setObjectName(f"setting_{name}")
        field.setAccessibleName(text.label)
        field.setAccessibleDescription(tooltip)
        self._fields[name] = field
        self._form.add_row(text.label, field, tooltip)

    def _make_field(self, name: str) -> QWidget:
        low, high = LIMITS.get(name, (0, 0))
        if name == "classes":
            return self._make_class_picker()
        if name in CHOICES:
            return self._make_choice(name)
        if name in _LISTS:
            return self._make_list(name)
        if name in ("leaky_slope", "momentum", "learning_rate"):
            field = FloatField(low, high, getattr(LAB5, name))
        else:
            field = IntField(int(low), int(high), getattr(LAB5, name))
        field.set_subject(SETTINGS[name].label)
        field.valueEdited.connect(partial(self._on_edited, name))
        field.messageChanged.connect(self.messageChanged)
        self._show[name] = field.set_value
        return field

    def _make_class_picker(self) -> ClassPicker:
        low, high = LIMITS["classes"]
        picker = ClassPicker(int(low), int(high))
        picker.set_options(tuple("0123456789"))
        picker.classesEdited.connect(partial(self._on_edited, "classes"))
        picker.messageChanged.connect(self.messageChanged)
        self._show["classes"] = picker.set_classes
        return picker

    def _make_choice(self, name: str) -> ChoiceField:
        field = ChoiceField(CHOICES[name])
        field.choiceEdited.connect(partial(self._on_edited, name))
        if name == "conv_bias":
            self._show[name] = lambda value: field.set_choice("yes" if value else "no")
        else:
            self._show[name] = field.set_choice
        return field

    def _make_list(self, name: str) -> IntListField:
        low, high = LIMITS[name]
        fewest, most = LIMITS[_LISTS[name]]
        field = IntListField((int(low), int(high)), (int(fewest), int(most)))
        field.set_subject(SETTINGS[name].label)
        if fewest == 0:
            field.setPlaceholderText("none")
        field.valuesEdited.connect(partial(self._on_edited, name))
        field.messageChanged.connect(self.messageChanged)
        self._show[name] = field.set_values
        return field

    def _on_edited(self, name: str, value: Any) -> None:
        if name == "conv_bias":
            value = value == "yes"
        try:
            if name == "classes":
                draft = self._draft.with_classes(value)
            else:
                draft = replace(self._draft, **{name: value})
        except ParameterError as error:
            self.messageChanged.emit(str(error))
            return
        self.messageChanged.emit("")
        self.draftRequested.emit(draft)
