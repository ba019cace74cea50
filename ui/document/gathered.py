"""What a window holds and what it shows, as values: gathered on its thread in no time, packed on another."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from cnnviz import __version__
from cnnviz._types import View
from cnnviz.document import types as t
from cnnviz.document.archive import filled_in, png_of
from cnnviz.document.run import KeptRun, pack_run
from cnnviz.errors import DataError
from cnnviz.graphics.pictures import Photo
from cnnviz.network import weights_checksum
from cnnviz.quantities import now
from cnnviz.snapshots import Origin
from ui.panels.provenance import Provenance, provenance_in
from ui.state import AppState, Sample

# At run time where it is needed: it loads much, and the frame of the window is to appear before.
if TYPE_CHECKING:
    from cnnviz.lab.record import Work

_BESIDE_THE_WORDS = ("images/", "inserts/")  # what is written whenever the words are


@dataclass(frozen=True, slots=True)
class Kept:
    """What a folder holds that need not be written again: the run, and all that came with the document."""

    run: t.Run | None
    parts: Mapping[str, t.Part]
    key: tuple[object, object]  # to which document and run it belongs, and how far that was

    @classmethod
    def of(cls, document: t.Document, key: tuple[object, object]) -> "Kept":
        """Return what has been written of a document."""
        parts = document.parts.items()
        stay = {name: each for name, each in parts if not name.startswith(_BESIDE_THE_WORDS)}
        return cls(document.run, stay, key)


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """A window at one moment: references alone."""

    document: t.Document  # all but words, image and run
    work: "Work"
    own: Mapping[str, Sample]  # the sample, if it is an image of the user's own, and what is on the board
    run: KeptRun | None  # None before there is a network
    carried: t.Files  # what came with the document: its lab, its data, its prepared run

    def packed(self, kept: Kept | None = None) -> tuple[t.Document, dict[str, bytes]]:
        """Return document and members; those that are kept are named by the document alone."""
        files: dict[str, bytes] = {}
        document = replace(self.document, saved=now(), **words_of(self.work, files))
        for what, own in self.own.items():
            image = own_image(own)
            name = f"images/{hashlib.sha256(image.png).hexdigest()[:32]}.png"
            files[name] = image.png
            seen = replace(document.seen, **{what: replace(image, member=name, png=b"")})
            document = replace(document, seen=seen)
        if kept is not None:
            return replace(document, run=kept.run, parts=dict(kept.parts)), files
        if self.run is None:
            return document, files | dict(self.carried)
        run, members = pack_run(self.run)
        return replace(document, run=run), files | members | dict(self.carried)


def own_image(sample: Sample) -> t.OwnImage:
    """Return an image of the user's own with its pixels."""
    origin, meant = sample.origin[:200], sample.meant
    return t.OwnImage(png=png_of(sample.pixels), label=sample.label, origin=origin, meant=meant)


def gather(
    state: AppState, work: "Work", panel: str, views: Mapping[str, View], carried: t.Files,
    prepared: t.Run | None, prepared_on: str = "", board: tuple[Photo, str] | None = None,
) -> Gathered:  # fmt: skip
    """Return all that a window holds.

    * `panel`: name of the panel in front; `views`: what is chosen inside the panels.
    * `carried`, `prepared`, `prepared_on`: what came with the document; `board`: what is drawn, and the
      class that was meant.
    """
    shown, sample = state.shown, state.sample
    reference = None if state.reference is None else state.reference.snapshot
    if state.reference is not None and state.reference.run_id != state.run.run_id:
        reference = None
    needed = frozenset(each.step for each in (shown, reference) if each is not None)
    seen = replace(
        _seen(state, panel, views),
        step=None if state.follows_live or shown is None else shown.step,
        sample=None if sample is None else sample.index,
        reference=None if reference is None else reference.step,
    )
    document = t.Document(
        format_version=t.FORMAT_VERSION,
        version=__version__,
        experiment=state.experiment,
        edited=None if state.draft == state.experiment else state.draft,
        data=t.Data() if state.dataset is None else _data(state),
        prepared=prepared,
        prepared_on=prepared_on,
        seen=seen,
    )
    own = {} if sample is None or sample.index is not None else {"sample": sample}
    if board is not None:
        photo, meant = board
        label = None if state.dataset is None else state.dataset.label_of(meant)
        own["board"] = Sample(photo.levels[None], label, None, "drawn", meant)
    needless = () if document.data.path == t.DATA_MEMBER else (t.DATA_MEMBER,)
    carried = {name: each for name, each in carried.items() if name not in needless}
    return Gathered(document, work, own, _still(state, needed), carried)


def _still(state: AppState, needed: frozenset[int]) -> KeptRun | None:
    """Return the run as it stands, with the moments of some steps; None before there is one."""
    if (live := state.live) is None:
        return None
    epochs = max(state.run.total_steps // state.run.steps_per_epoch, 1)
    # While training, curves are ahead of the weights.
    return KeptRun(live, state.history.until(live.step), epochs, state.ghost, needed)


def picture_of(
    state: AppState,
    panel: str = "",
    views: Mapping[str, View] | None = None,
    drawn: Provenance | None = None,
    *,
    checksum: bool = True,
) -> t.Document | None:
    """Return what is shown, as a picture carries it: no run, but how to train it; None before there is one.

    * `drawn`: what is to be seen of it in a panel that draws later than the state changes.
    * `checksum`: whether to compute that of the weights, which takes its time.
    """
    shown = provenance_in(None, state) if drawn is None else drawn
    if shown is None or state.dataset is None:
        return None
    live, origin = state.live, shown.origin
    sample = state.sample if shown.sample is None else shown.sample
    last = max(state.run.step, shown.step)
    known = origin or Origin(0, state.experiment, state.dataset.name)
    has_end = checksum and live is not None and live.step == last
    run = t.Run(
        step=last,
        settings=(t.Setting(experiment=known.experiment, is_changed=known.is_changed),),
        epochs=max(state.run.total_steps // state.run.steps_per_epoch, 1),
        note=known.note[:200],
        weights_sha256=weights_checksum(live.network) if has_end and live is not None else "",
    )
    seen = replace(
        _seen(state, panel, {} if views is None else views),
        step=shown.step,
        weights_sha256=weights_checksum(shown.network) if checksum and shown.network is not None else "",
        sample=None if sample is None else own_image(sample) if sample.index is None else sample.index,
    )
    return t.Document(
        format_version=t.FORMAT_VERSION, version=__version__, experiment=known.experiment, kind="picture",
        data=replace(_data(state), path="", available=()), run=run, seen=seen,
    )  # fmt: skip


def _data(state: AppState) -> t.Data:
    dataset, source = state.dataset, state.source
    assert dataset is not None
    path = "" if source is None or source.path is None else str(source.path)
    available = source.dataset.classes if source is not None and path == t.DATA_MEMBER else ()
    return t.Data.of(dataset, path=path, available=available)


def _seen(state: AppState, panel: str, views: Mapping[str, View]) -> t.Seen:
    kept = {name: dict(view) for name, view in views.items()}
    return t.Seen(panel=panel, shift=state.shift, pinned=state.pinned, views=kept)


_LONG = 4096
_DRAWN = ("svg", "csv")  # words are never set apart: they outlive whatever is damaged


def words_of(work: "Work", files: dict[str, bytes]) -> dict[str, Any]:
    """Return the work as fields of a document; long drawings become members of it."""
    values = msgspec.to_builtins(work)
    lab = values.pop("lab")
    return {"words": _set_apart(values, files), "lab": lab}


def work_of(document: t.Document, files: t.Files) -> "Work":
    """Return the work in a document; raises `DataError` with a clause if it is damaged."""
    from cnnviz.lab.record import read_work

    try:
        return read_work({**filled_in(document.words, files), "lab": document.lab})
    except RecursionError as error:
        raise DataError("its words are damaged") from error


def _set_apart(value: Any, files: dict[str, bytes]) -> Any:
    """Return values in which each drawing, and the numbers behind one, is the name of a member."""
    if isinstance(value, Mapping):
        return {
            key: _put(each, files) if key in _DRAWN and len(each) > _LONG else _set_apart(each, files)
            for key, each in value.items()
        }
    return [_set_apart(each, files) for each in value] if isinstance(value, list | tuple) else value


def _put(text: str, files: dict[str, bytes]) -> dict[str, str]:
    content = text.encode("utf-8", "replace")
    name = f"inserts/{hashlib.sha256(content).hexdigest()[:32]}.txt"
    files[name] = content
    return {"member": name}
