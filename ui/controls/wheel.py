"""The wheel in notches, as mice have them; touch pads send parts of one."""

from PySide6.QtGui import QWheelEvent

_NOTCH = 120


class WheelNotches:
    """Adds up what the wheel sends until it makes a notch."""

    def __init__(self) -> None:
        self._rest = 0

    def turned(self, event: QWheelEvent) -> int:
        """Whole notches that this event completes: positive away from the user, often 0. It is accepted."""
        # With Alt or Shift some platforms turn the wheel sideways.
        self._rest += event.angleDelta().y() or event.angleDelta().x()
        notches = int(self._rest / _NOTCH)  # towards zero, so that a little back and forth does nothing
        self._rest -= notches * _NOTCH
        event.accept()
        return notches
