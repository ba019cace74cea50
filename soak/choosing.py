"""What the monkey does next: seeded, and by weights that lead it into every panel."""

from pathlib import Path
from random import Random

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QTabBar, QWidget

from soak.events import Event

_K, _M = Qt.Key, Qt.KeyboardModifier
_PLAIN = (
    *"aes0123 .",
    _K.Key_Space, _K.Key_Return, _K.Key_Escape, _K.Key_Tab, _K.Key_Backtab, _K.Key_Backspace, _K.Key_Delete,
    _K.Key_Left, _K.Key_Right, _K.Key_Up, _K.Key_Down, _K.Key_Home, _K.Key_End, _K.Key_PageUp,
    _K.Key_PageDown, _K.Key_F1, _K.Key_F11, _K.Key_Plus, _K.Key_Minus,
)  # fmt: skip
_WITH_CONTROL = "123451234512345BBEECCIIVVZZAOSDRQ"
_WITH_BOTH = "BSRE"
_WITH_ALT = "FRVH"
_ACTIONS = ("Light theme", "Dark theme", "System theme", "Use &MNIST", "&Reset to the same weights",
            "&New seed", "One more &epoch", "Sto&p", "&Presenter mode", "All panels as &tabs")  # fmt: skip
_TRAIN = "&Train or pause"
_PATIENCE = 14
_WEIGHTS = {
    "click": 38, "double": 3, "drag": 10, "move": 8, "wheel": 8, "context": 3, "key": 20, "type": 3,
    "action": 3, "resize": 2, "drop": 2,
}  # fmt: skip


class Monkey:
    """Chooses events.

    Parameters
    ----------
    seed : int
    files : Path
        Folder of files to open.
    """

    def __init__(self, seed: int, files: Path) -> None:
        self._random = Random(seed)
        self._files = sorted(each.name for each in files.iterdir())
        self._asked: QWidget | None = None
        self._times_asked = 0

    def next(self, is_training: bool) -> Event:
        """Return the next event."""
        random = self._random
        if not is_training and random.random() < 0.04:
            return Event("action", text=_TRAIN)
        name, window = self._window()
        if self._is_tired_of(name, window):
            return Event("close", name)
        answer = random.choice(["", *self._files])
        kind = random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        if kind in ("action", "resize") and name != "main":
            kind = "click"
        return self._event(kind, name, window, answer)

    def _event(self, kind: str, name: str, window: QWidget, answer: str) -> Event:
        random = self._random
        match kind:
            case "key":
                return self._key(name, answer)
            case "type":
                text = "".join(random.choices("abc xyz 0123456789.-", k=random.randint(1, 12)))
                return Event("type", name, text=text, answer=answer)
            case "action":
                return Event("action", name, text=random.choice(_ACTIONS))
            case "resize":
                return Event("resize", name, to=(random.randint(900, 1920), random.randint(640, 1200)))
            case "drop":
                at, target = self._place(window)
                return Event("drop", name, at, text=random.choice(self._files), target=target)
        at, target = self._place(window)
        to, button, keys = (0, 0), 1, random.choice((0, 0, 0, 0, 0, 0x02000000, 0x04000000))
        if kind == "drag":
            to = (at[0] + random.randint(-220, 220), at[1] + random.randint(-160, 160))
        elif kind == "wheel":
            to = (0, 120 * random.choice((-3, -1, 1, 3)))
        elif kind == "context":
            kind, button = "click", 2
        return Event(kind, name, at, to, button, keys, answer=answer, target=target)

    def _key(self, name: str, answer: str) -> Event:
        random = self._random
        kind = random.random()
        if kind < 0.55:
            key, keys = random.choice(_PLAIN), random.choice((0, 0, 0, 0, 0x02000000))
        elif kind < 0.93:
            key, keys = random.choice(_WITH_CONTROL), 0x04000000
        elif kind < 0.97:
            key, keys = random.choice(_WITH_BOTH), 0x06000000
        else:
            key, keys = random.choice(_WITH_ALT), 0x08000000
        number = ord(key.upper()) if isinstance(key, str) else int(key)
        return Event("key", name, key=number, modifiers=keys, answer=answer)

    def _window(self) -> tuple[str, QWidget]:
        """Return where a hand could do something now: a popup or a dialog keeps it from the rest."""
        popup, modal = QApplication.activePopupWidget(), QApplication.activeModalWidget()
        if popup is not None:
            return "popup", popup
        if modal is not None:
            return "modal", modal
        others = [each for each in QApplication.topLevelWidgets() if each.isVisible() and each.windowHandle()]
        main = next(each for each in others if isinstance(each, QMainWindow))
        aside = [each for each in others if each is not main and not isinstance(each, QMenu)]
        if aside and self._random.random() < 0.3:
            chosen = self._random.choice(aside)
            return type(chosen).__name__, chosen
        return "main", main

    def _is_tired_of(self, name: str, window: QWidget) -> bool:
        """Whether a dialog has had enough events to be closed."""
        if name not in ("popup", "modal"):
            self._asked, self._times_asked = None, 0
            return False
        self._times_asked = self._times_asked + 1 if window is self._asked else 0
        self._asked = window
        return self._times_asked > _PATIENCE or (name == "popup" and self._random.random() < 0.15)

    def _place(self, window: QWidget) -> tuple[tuple[int, int], str]:
        """Return a place in a window, mostly on something that can be used, and what is there."""
        random = self._random
        rect = window.rect()
        if random.random() < 0.8:
            parts = [each for each in window.findChildren(QWidget) if _is_usable(each, window)]
            if parts:
                part = random.choice(parts)
                seen = QRect(part.mapTo(window, QPoint(0, 0)), part.size()) & rect
                rect = seen if not seen.isEmpty() else rect
        at = (random.randint(rect.left(), rect.right()), random.randint(rect.top(), rect.bottom()))
        found = window.childAt(QPoint(*at))
        name = "" if found is None else f"{type(found).__name__} {found.accessibleName()}".strip()
        return at, name


def _is_usable(part: QWidget, window: QWidget) -> bool:
    if not part.isVisible() or part.window() is not window:
        return False
    return isinstance(part, QTabBar) or part.focusPolicy() != Qt.FocusPolicy.NoFocus
