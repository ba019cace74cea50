"""Every type of a `.cnnviz` document, with its limits: msgspec reads, checks and writes them.

What is large is no part of the JSON: arrays, pictures, drawings and a lab of one's own are members of the
archive, named here with their size and SHA-256 (`Document.parts`).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from msgspec import Meta, Struct

from cnnviz.datasets import Dataset
from cnnviz.experiment import Experiment

FORMAT_VERSION = 1
MOST_MOMENTS = 2000
DATA_MEMBER, LAB_MEMBER = "data.npz", "lab.toml"

type Line = Annotated[str, Meta(max_length=255)]  # a class may be called as long as its folder
type Member = Annotated[
    str, Meta(pattern=r"\A[a-z]{1,20}(-[a-z]{1,20})?(/[A-Za-z0-9][A-Za-z0-9 _-]{0,80})?\.[a-z]{1,12}\Z")
]
type Digest = Annotated[str, Meta(pattern=r"\A([0-9a-f]{64})?\Z")]
type Moment = Annotated[str, Meta(pattern=r"\A(\d{4}-\d\d-\d\d \d\d:\d\d)?\Z")]
"""Local date and time, such as ``"2026-01-31 14:05"``; "" for never."""
type Count = Annotated[int, Meta(ge=0, le=10**9)]
type Place = Annotated[int, Meta(ge=0, le=1_000_000)]
type Pixels = Annotated[int, Meta(ge=-1024, le=1024)]
type Cell = Annotated[tuple[Place, ...], Meta(max_length=4)]
type Whole = Annotated[int, Meta(ge=-(2**53), le=2**53)]
type Real = Annotated[float, Meta(ge=-(2.0**53), le=2.0**53)]


class Said(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all types: an unknown name is a mistake, a value that is the default is not written."""


# --- the run ------------------------------------------------------------------------------------------------


class Data(Said, frozen=True):
    """The data with the classes of the run, by name and checksum; `path` of data that are not MNIST.

    * `available`: all classes of data that are in the document themselves.
    """

    name: Line = ""
    sha256: Digest = ""
    path: Annotated[str, Meta(max_length=4096)] = ""
    available: Annotated[tuple[Line, ...], Meta(max_length=1000)] = ()

    @classmethod
    def of(cls, dataset: Dataset, path: str = "", **more: Any) -> Self:
        """Return what is said of some data; of names of files as much as fits and can be written."""
        name, path = (each.encode("utf-8", "replace").decode() for each in (dataset.name, path))
        return cls(name=name[:200], sha256=dataset.sha256, path=path, **more)


class Curves(Said, frozen=True):
    """What belongs to losses, correct predictions, sizes and test results, which are arrays."""

    log_every: Annotated[int, Meta(ge=1, le=10_000)] = 500
    first_step: Count = 0
    forked_at: Count | None = None
    said: Annotated[str, Meta(max_length=4000)] = ""  # ten long names of classes, and all settings


class Setting(Said, frozen=True):
    """Settings that were in force for a while, and whether the run had been changed on its way to them."""

    experiment: Experiment
    is_changed: bool = False


class MomentOfRun(Said, frozen=True):
    """A network of the run before the last: a row of ``weights``, and one of the optimiser's arrays.

    * `setting`: place in `Run.settings`: a rate may have been changed on the way.
    * `is_kept`: whether it stays when memory runs short.
    """

    step: Count
    setting: Place = 0
    is_kept: bool = False
    has_optimizer: bool = True


class Run(Said, frozen=True):
    """A run at rest: with its members it is there to the last bit, without them it has to be trained.

    * `step`, `epochs`: where it stands, and how many epochs it has with those that were added.
    * `settings`: all that were in force, each once; `live` is the place of the last.
    * `note`: where it began, if not at initial weights.
    * `weights_sha256`: checksum of the last weights (`weights_checksum`); "" when unknown.
    * `spacing`: of the moments; see `SnapshotStore`.
    """

    step: Count
    settings: Annotated[tuple[Setting, ...], Meta(min_length=1, max_length=MOST_MOMENTS + 1)]
    live: Place = 0
    epochs: Annotated[int, Meta(ge=1, le=10**9)] = 1
    note: Line = ""
    weights_sha256: Digest = ""
    curves: Curves = Curves()
    moments: Annotated[tuple[MomentOfRun, ...], Meta(max_length=MOST_MOMENTS)] = ()
    spacing: Annotated[int, Meta(ge=1, le=10**9)] = 1
    ghost: Curves | None = None


# --- the view -----------------------------------------------------------------------------------------------

type ViewValue = bool | Whole | Real | Line | Annotated[tuple[Whole | Real, ...], Meta(max_length=64)] | None
type ViewOfPanel = Annotated[dict[Line, ViewValue], Meta(max_length=200)]


class PinnedCell(Said, frozen=True):
    """A cell that was clicked: the stage (``"input"`` or a layer's name) and its index without the batch."""

    stage: Line
    index: Cell


class Shift(Said, frozen=True):
    """How far the sample is moved: `dx` pixels to the right, `dy` down."""

    dx: Pixels = 0
    dy: Pixels = 0


class OwnImage(Said, frozen=True):
    """An image of the user's own, as PNG: a member of the archive, or with a picture in the JSON itself."""

    member: Member | Literal[""] = ""
    png: Annotated[bytes, Meta(max_length=4 << 20)] = b""
    label: Annotated[int, Meta(ge=0, le=9)] | None = None
    origin: Line = "drawn"
    meant: Line = ""  # class that it is to show, which the data may be without; "" where `label` says it


class Seen(Said, frozen=True):
    """What the window shows.

    * `step`: None while it follows training.
    * `weights_sha256`: checksum of the network shown; "" when unknown.
    * `sample`: number of a test image, or an image of the user's own; `board`: what is drawn on the board.
    * `reference`: step of the moment of comparison.
    * `views`: choices inside the panels, by the name of the panel.
    """

    panel: Line = ""
    step: Count | None = None
    weights_sha256: Digest = ""
    sample: Count | OwnImage | None = None
    board: OwnImage | None = None
    shift: Shift = Shift()
    pinned: PinnedCell | None = None
    reference: Count | None = None
    views: Annotated[dict[Line, ViewOfPanel], Meta(max_length=32)] = {}


# --- the document -------------------------------------------------------------------------------------------


class Part(Said, frozen=True):
    """Size and checksum of a member of the archive."""

    size: Annotated[int, Meta(ge=0, le=512 << 20)]
    sha256: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Document(Said, frozen=True, tag_field="format", tag="cnnviz"):
    """All that a window holds.

    * `version`: of the program that wrote it.
    * `kind`: a course opens as a new document without a name; a picture carries no member.
    * `experiment`: settings that are in force.
    * `edited`: settings of the form, where they differ.
    * `prepared`: run that a course brings; it is shown as far as a step of its lab asks for it. `prepared_on`
      is the checksum of its data.
    * `words`: the student's work, all but the lab in front; `cnnviz.lab.record.read_work` checks it.
    * `lab`: id of the lab in front, if it comes with the program; that in ``lab.toml`` otherwise.
    """

    format_version: Annotated[int, Meta(ge=1)]  # without a default, so that it is always written
    version: Line
    experiment: Experiment
    kind: Literal["work", "course", "picture"] = "work"
    saved: Moment = ""
    edited: Experiment | None = None
    data: Data = Data()
    run: Run | None = None
    prepared: Run | None = None
    prepared_on: Digest = ""
    seen: Seen = Seen()
    words: dict[str, Any] = {}
    lab: Line = ""
    parts: Annotated[dict[Member, Part], Meta(max_length=2000)] = {}


type Files = Mapping[str, bytes]
"""Content of the members of an archive, by name."""
