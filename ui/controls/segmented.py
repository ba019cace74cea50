"""A row of joined buttons of which exactly one is chosen."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QHBoxLayout, QPushButton, QSizePolicy

from ui.controls.layouts import fill


class SegmentedControl(QFrame):
    """Exclusive choice between a few options that are all in sight. Arrow keys move the choice.

    * `options`: A plain string is both key and text. The first is chosen at first.
    * Raises ValueError: if there are no options, or two with the same key.
    """

    #: Key of the option that the user has chosen.
    currentChanged = Signal(str)

    def __init__(self, options: Sequence[str | tuple[str, str]]) -> None:
        super().__init__()
        pairs = [(option, option) if isinstance(option, str) else option for option in options]
        keys = [key for key, _ in pairs]
        if not keys or len(set(keys)) != len(keys):
            raise ValueError(f"A segmented control needs options with different keys. Got {keys}.")
        self.setProperty("role", "segmented")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._buttons: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        layout = fill(QHBoxLayout(self), spacing=0)
        for key, text in pairs:
            button = self._make_button(text)
            self._buttons[key] = button
            self._group.addButton(button)
            layout.addWidget(button)
        self._current = keys[0]
        self._buttons[keys[0]].setChecked(True)
        self.setFocusProxy(self._buttons[keys[0]])
        self._group.buttonToggled.connect(self._on_button_toggled)

    def current(self) -> str:
        """Key of the chosen option."""
        return self._current

    def set_current(self, key: str) -> None:
        """Choose an option.

        * Raises KeyError: if there is no such option.
        """
        button = self._buttons[key]
        self._group.blockSignals(True)
        button.setChecked(True)
        self._group.blockSignals(False)
        self._current = key
        self.setFocusProxy(button)

    def set_option_enabled(self, key: str, enabled: bool) -> None:
        """Allow an option, or not."""
        self._buttons[key].setEnabled(enabled)

    def set_option_tooltip(self, key: str, text: str) -> None:
        """Explain an option."""
        self._buttons[key].setToolTip(text)

    def button(self, key: str) -> QAbstractButton:
        """Button of an option."""
        return self._buttons[key]

    def _make_button(self, text: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setCheckable(True)
        button.setAutoDefault(False)
        button.setProperty("kind", "segment")
        button.setAccessibleName(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        return button

    def _on_button_toggled(self, button: QAbstractButton, checked: bool) -> None:
        if not checked:
            return
        self._current = next(key for key, each in self._buttons.items() if each is button)
        self.setFocusProxy(button)
        self.currentChanged.emit(self._current)
