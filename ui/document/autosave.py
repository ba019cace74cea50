"""The document of a window, kept in a folder without being asked: words within a second, weights at rests."""

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QLockFile, QObject, QSysInfo

from cnnviz.document import archive
from cnnviz.document.types import LAB_MEMBER, Document, Files
from cnnviz.errors import CNNVizError, DataError
from cnnviz.files import atomic_write, printable, printable_name
from cnnviz.quantities import moment
from cnnviz.reading import read_bytes
from ui.controls.pace import single_shot
from ui.document.gathered import Kept
from ui.document.restorer import Order
from ui.document.window_document import Stamp, WindowDocument
from ui.state import AppState, RunStatus
from ui.tasks import LatestOnly, TaskRunner

_WORDS_MS, _VIEW_MS, _RETRY_MS, _WEIGHTS_MS = 500, 2000, 3000, 30_000
_SHARE = 50  # weights are written so rarely that it takes a fiftieth of the time at most
_MOST = 99
_LARGEST_HOME = 64 << 10
_PLACE = "keeping"


class _Home(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is said of a document beside its folder.

    * `path`: file of the user to which it belongs, "" for none; `stamp`: time and size of that file
      when it was the same; `is_saved`: whether it has all of it.
    * `is_closed`: whether its window came to its end.
    """

    path: str = ""
    stamp: Stamp = (0, 0)
    is_saved: bool = False
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """A document that lies in a folder and is open in no window.

    * `path`: where it is kept; `changed`: when it was last written, in seconds since the epoch.
    * `computer`: name of another computer on which it is marked as open, or "".
    """

    number: int
    path: Path
    changed: float
    home: _Home
    computer: str


class StateFolder:
    """The folders ``windows/1``, ``windows/2``, … of which each window has one, under a lock.

    Where they cannot be written to, nothing can be kept, and there are no locks either.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "windows"
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
        self.number, self._lock = self._first_free()
        self._held: tuple[int, QLockFile] | None = None  # of the document that is being opened

    @property
    def path(self) -> Path:
        """Where the document of this window is kept."""
        return self._folder / str(self.number)

    def write_home(self, path: Path | None, stamp: Stamp, *, is_saved: bool, is_closed: bool) -> None:
        """Say beside the folder to which file the document belongs."""
        content = msgspec.json.encode(_Home("" if path is None else str(path), stamp, is_saved, is_closed))
        with suppress(OSError, CNNVizError):
            file = self._home(self.number)
            if not file.is_file() or file.read_bytes() != content:
                atomic_write(file, content)

    def remove(self) -> None:
        """Keep nothing."""
        shutil.rmtree(self.path, ignore_errors=True)
        with suppress(OSError):
            self._home(self.number).unlink(missing_ok=True)

    def left_behind(self) -> list[LeftBehind]:
        """Return what windows have left that are not open, the newest first."""
        found = [self._left(number) for number in range(1, _MOST + 1)]
        return sorted((each for each in found if each is not None), key=lambda each: -each.changed)

    def hold(self, left: LeftBehind) -> bool:
        """Keep all windows from another folder, besides this one; return whether none has it open.

        What is marked as open on another computer is taken all the same: the mark of a computer that was
        switched off would stay for ever.
        """
        if left.number in (self.number, self._held and self._held[0]):
            return True
        self.let_go()
        if left.computer:
            with suppress(OSError):
                self._home(left.number).with_suffix(".lock").unlink()
        lock = self._new_lock(left.number)
        self._held = (left.number, lock) if lock.tryLock(0) else None
        return self._held is not None

    def turn_to(self, left: LeftBehind) -> None:
        """Take the folder of another document instead; what is in this one stays."""
        if self.hold(left) and self._held is not None:
            self._lock.unlock()
            (self.number, self._lock), self._held = self._held, None

    def let_go(self) -> None:
        """Let other windows have the folder that is held."""
        if self._held is not None:
            self._held[1].unlock()
            self._held = None

    def set_aside(self, left: LeftBehind) -> Path:
        """Keep a folder that cannot be read under another name, and return that."""
        names = (self._folder / f"damaged-{left.number}-{number}" for number in range(1, 1000))
        target = next(each for each in names if not each.exists())
        with suppress(OSError):
            left.path.rename(target)
        return target

    def close(self) -> None:
        """Let another window have the folder."""
        self._lock.unlock()
        self.let_go()

    def _first_free(self) -> tuple[int, QLockFile]:
        """Take the first folder that no window has, and in which nothing is if there is one."""
        numbers = sorted(range(1, _MOST + 1), key=lambda number: self._json(number).exists())
        for number in numbers:
            lock = self._new_lock(number)
            if lock.tryLock(0) or lock.error() != QLockFile.LockError.LockFailedError:
                return number, lock
        return _MOST + 1, self._new_lock(_MOST + 1)

    def _left(self, number: int) -> LeftBehind | None:
        try:
            changed = self._json(number).stat().st_mtime
        except OSError:
            return None
        home = _Home()
        with suppress(msgspec.MsgspecError, CNNVizError):
            home = msgspec.json.decode(read_bytes(self._home(number), _LARGEST_HOME), type=_Home)
        computer = ""
        if number != self.number:
            lock = self._new_lock(number)
            if lock.tryLock(0):
                lock.unlock()
            else:
                computer = str(lock.getLockInfo()[1])
                if computer in ("", QSysInfo.machineHostName()):
                    return None
        return LeftBehind(number, self._json(number).parent, changed, home, computer)

    def _json(self, number: int) -> Path:
        return self._folder / str(number) / "document.json"

    def _home(self, number: int) -> Path:
        return self._folder / f"{number}.json"

    def _new_lock(self, number: int) -> QLockFile:
        lock = QLockFile(str(self._home(number).with_suffix(".lock")))
        lock.setStaleLockTime(0)  # a window may be open for days; Qt sees when its process has gone
        return lock


class Autosave(QObject):
    """Writes the document of a window into its folder whenever it has changed; nothing here waits for a disk.

    Words, settings and view are JSON and are written half a second after a change. The run is written when
    it comes to rest, and while it trains every half minute, or more rarely where that takes long.
    """

    def __init__(
        self, document: WindowDocument, state: AppState, keeping: TaskRunner, folder: StateFolder,
        parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._document, self._state, self.folder = document, state, folder
        self._writing = LatestOnly(keeping, "autosave", self._on_written, self._on_failed)
        self._words_timer = single_shot(self, lambda: self._writing.request(self._writer(whole=False)))
        self._run_timer = single_shot(self, self._write_all)
        self._lock = threading.Lock()
        self._numbers = self._newest = 0  # of what was gathered last, and of what was written last
        self._kept: Kept | None = None
        self._seconds = 0.0
        self._failure = ""
        self._status = state.run.status
        #: Whether what comes is kept: what was left behind has been opened.
        self.is_keeping = False

    def begin(self, *, is_new: bool) -> None:
        """Open what was left behind last, unless the document is to be a new one, and keep what comes."""
        found = () if is_new else self.folder.left_behind()
        left = next((each for each in found if not each.computer), None)
        if left is not None and self.folder.hold(left):
            self.restore(left)
            return
        self._document.begin()
        self._start()
        if not is_new:
            self._document.offer_last()
            self._tell("")

    def _start(self) -> None:
        if self.is_keeping:
            return
        self.is_keeping = True
        document, state = self._document, self._state
        document.changed.connect(lambda: self._soon(_WORDS_MS))
        for signal in (state.momentChanged, state.pinnedChanged, state.shiftChanged, state.referenceChanged):
            signal.connect(lambda: self._soon(_VIEW_MS))
        state.runChanged.connect(self._on_run_changed)
        document.opened.connect(self._on_opened)
        document.saved.connect(self._take_back)

    def finish(self, *, keep: bool, is_closed: bool) -> None:
        """Write the last time, behind what is under way; or remove what is kept."""
        self._stop()
        if not self.is_keeping:  # what was kept has not been opened yet, and stays
            return
        self.is_keeping = False
        self._writing.submit(self._writer(whole=True, is_closed=is_closed) if keep else self._remover())

    def write_now(self, *, whole: bool = False) -> bool:
        """Write before going on; return whether it could."""
        self._stop()
        if not self.is_keeping:
            return True
        try:
            self._on_written(self._writer(whole=whole)(None))
        except CNNVizError as error:
            self._on_failed(str(error))
        return not self._failure

    # --- other documents ------------------------------------------------------------------------------------

    def restore(self, left: LeftBehind) -> None:
        """Open the document in a folder, keep this one until then; set aside what cannot be read."""

        def read(_context: object) -> tuple[Document, Files, str]:
            try:
                return *archive.load(left.path), ""
            except DataError:
                aside = self.folder.set_aside(left)
                return archive.load_words(aside), {}, printable(aside)

        def done(found: tuple[Document, Files, str]) -> None:
            document, files, lost = found
            home, path = left.home, Path(left.home.path) if left.home.path else None
            order = Order(
                document, files, "The document that was kept", is_own=True, asks=False,
                may_begin=partial(self._may_open, left), then=partial(self._on_restored, left, lost),
                otherwise=self._on_given_up,
            )  # fmt: skip
            self._document.restore_kept(order, path, home.stamp, is_saved=home.is_saved and not lost)

        def failed(message: str) -> None:
            self._on_given_up()
            self._state.raise_notice(_PLACE, "warning", f"The document that was kept is lost. {message}")

        self._document.controller.analysis.submit("kept", read, done, failed)

    def _may_open(self, left: LeftBehind) -> bool:
        """Keep all of this document, and other windows from the other one; return whether that went."""
        if self._document.has_work:  # also of what was begun while the first one was waited for
            self._start()
        if self.write_now(whole=True) and self.folder.hold(left):
            return True
        text = "That document cannot be opened: another window has it open, or this one cannot be saved."
        self._state.raise_notice(_PLACE, "warning", text)
        return False

    def _on_given_up(self) -> None:
        """Go on with what is in the window; the reason is known, and the other stays for the next start."""
        self.folder.let_go()
        if not self.is_keeping:
            self._document.begin()
            self._start()
            self._tell("")

    def _on_restored(self, left: LeftBehind, lost: str) -> None:
        with self._lock:  # what was gathered of the document before is written nowhere any more
            self.folder.turn_to(left)
            self._newest = self._numbers = self._numbers + 1
        self._start()
        self._kept = None
        self._run_timer.start(0)
        when, said = moment(left.changed), ""
        if lost:
            left_out = f"only its words and settings are here. The rest is in {lost}."
            said = f"The document of {when} is damaged: {left_out}"
        elif not left.home.is_closed:
            said = (
                f"CNNViz ended on {when} without being closed. This is the document as it was at that time."
            )
        elif not left.home.path:
            writing = self._document.writing
            name = "" if writing is None else printable(" ".join(writing.work.author.split()), 60)
            said = (
                f"This is the document{f' of {name}' if name else ''} as it was on {when}. It is in no file "
                "yet: Save as… makes one. File › New starts an empty document."
            )
        self._tell(said)

    def _tell(self, said: str) -> None:
        """Say what has been opened, and offer the newest document that is kept in another folder."""
        other = next((each for each in self.folder.left_behind() if each.number != self.folder.number), None)
        if other is None:
            self._state.raise_notice(_PLACE, "info", said)
            return
        when = moment(other.changed)
        text = f"Another document, last changed on {when}, is in no file."
        if other.home.path:
            name = printable_name(Path(other.home.path))
            unsaved = "" if other.home.is_saved else " and is not saved"
            text = f"{name} was open{', too' * bool(said)}; it was last changed on {when}{unsaved}."
        if other.computer:
            text = f"A document that was last changed on {when} is marked as open on {other.computer}."

        def take() -> None:
            self._state.clear_notice(_PLACE)
            if self._may_open(other):
                self.restore(other)

        self._state.raise_notice(_PLACE, "info", f"{said} {text}".lstrip(), "Open it", take)

    # --- writing --------------------------------------------------------------------------------------------

    def _stop(self) -> None:
        self._words_timer.stop()
        self._run_timer.stop()

    def _soon(self, milliseconds: int) -> None:
        if not self.is_keeping:
            return
        if not self._words_timer.isActive() or self._words_timer.remainingTime() > milliseconds:
            self._words_timer.start(milliseconds)

    def _on_opened(self) -> None:
        self._kept = None
        self._take_back()
        if self.is_keeping:
            self._run_timer.start(0)

    def _take_back(self) -> None:
        """Clear what was said of the document that was kept, which is another one now, or in a file."""
        if not self._failure:
            self._state.clear_notice(_PLACE)

    def _on_run_changed(self) -> None:
        status = self._state.run.status
        if status is not self._status:
            self._status = status
            if self.is_keeping and status not in (RunStatus.LOADING, RunStatus.TRAINING):
                self._run_timer.start(0)
        if self.is_keeping and status is RunStatus.TRAINING and not self._run_timer.isActive():
            self._run_timer.start(max(_WEIGHTS_MS, int(1000 * _SHARE * self._seconds)))

    def _write_all(self) -> None:
        self._words_timer.stop()
        self._writing.request(self._writer(whole=True))

    def _writer(self, *, whole: bool, is_closed: bool = False) -> Callable[[Any], Kept | None]:
        """Return the function that writes the window as it is now, or removes what nobody would miss."""
        document, folder, state = self._document, self.folder, self._state
        if not document.is_worth_keeping:
            return self._remover()
        gathered, kept = document.gather(), self._kept
        if gathered is None:
            return lambda _context: kept
        self._numbers += 1
        number, path, stamp, run = self._numbers, document.path, document.stamp, state.run
        is_saved = not document.is_changed
        still, carried = gathered.run, gathered.carried
        belongs = folder.number, run.run_id, sorted(carried), carried.get(LAB_MEMBER)
        stands = still and (still.live.step, len(still.moments), still.epochs)
        key = belongs, stands

        def write(_context: Any) -> Kept | None:
            with self._lock:
                if number < self._newest:  # of those that come from several threads the newest stays
                    return kept
                start = time.perf_counter()
                is_same = kept is not None and (kept.key == key or (not whole and kept.key[0] == belongs))
                reuse = kept if is_same else None
                content, files = gathered.packed(reuse)
                content = archive.save_in_folder(folder.path, content, files)
                folder.write_home(path, stamp, is_saved=is_saved, is_closed=is_closed)
                self._newest = number
                if reuse is not None:
                    return reuse
                self._seconds = time.perf_counter() - start
                return Kept.of(content, key)

        return write

    def _remover(self) -> Callable[[Any], None]:
        self._numbers += 1
        number = self._numbers

        def remove(_context: Any) -> None:
            with self._lock:
                if number > self._newest:
                    self._newest = number
                    self.folder.remove()

        return remove

    def _on_written(self, kept: Kept | None) -> None:
        self._kept = kept
        if self._failure:
            self._failure = ""
            self._state.clear_notice(_PLACE)
            self._state.raise_notice(_PLACE, "success", "Your work is being saved again.")

    def _on_failed(self, message: str) -> None:
        self._soon(_RETRY_MS)
        if message != self._failure:  # once is enough for one cause
            self._failure = message
            text = f"Your work is not being saved: {message} Save it to another disk before you close."
            self._state.raise_notice(_PLACE, "error", text)
