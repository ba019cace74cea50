"""The command line: what can be asked for, and the experiment that it describes."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from cnnviz import __version__
from cnnviz.errors import ParameterError
from cnnviz.experiment import PRESETS, SETTINGS, Experiment
from cnnviz.files import printable
from cnnviz.output import complain


def option(value: str, words: str, **more: Any) -> Any:
    """A field that an option of the command line fills, which is called as the field.

    * `value`: what stands for its value in the help; empty for a switch.
    * `words`: the help.
    * `more`: what else argparse is told; where there is a value and no type it is a path.
    """
    usual: dict[str, Any] = {"metavar": value, "type": Path} if value else {"action": "store_true"}
    return field(metadata={"help": words, **usual, **more})


@dataclass(kw_only=True)
class Arguments:
    """What the command line asked for."""

    files: list[Path]
    # Answered before anything else is read, in `cnnviz.start`; here it is for --help.
    doctor: bool = option("", "tell whether everything is as it should be")
    preset: str | None = option(
        "{lab5,lenet}", "settings to start from (default: lab5)", type=str, choices=list(PRESETS)
    )
    classes: list[str] | None = option("CLASS", "two to ten classes, for example 3 8", nargs="+", type=str)
    epochs: int | None = option("N", "passes over the training images", type=int)
    batch_size: int | None = option("N", "images averaged in one step", type=int)
    learning_rate: float | None = option("RATE", "length of a step, for example 1e-4", type=float)
    seed: int | None = option("N", "decides initial weights and order of images", type=int)
    data: Path | None = option(
        "PATH", "other data: a folder with IDX files, a Keras .npz, or a folder with one sub-folder a class; "
        "without --classes as many of its classes are used as the preset has",
    )  # fmt: skip
    headless: bool = option("", "train without a window")
    save: Path | None = option(
        "FILE", "write the trained network: all of the run to FILE.cnnviz, weights alone to FILE.safetensors"
    )
    set: list[str] | None = option(
        "NAME=VALUE", "any other setting, for example kernel_size=5 or filters=8,16; may be repeated",
        action="append", type=str,
    )  # fmt: skip
    report: Path | None = option("FILE.pdf", "write the lab report as a PDF")
    html: Path | None = option("FILE.html", "write it as one HTML file")
    figures: Path | None = option(
        "FOLDER", "write its figures as PNG, its tables as CSV and its results into a new folder"
    )
    sample: int = option("N", "test image that the report looks at closely", type=int, default=0)
    author: str = option("NAME", "name on the report", type=str, default="")
    roll_number: str = option("NUMBER", "roll number on the report", type=str, default="")
    lab: Path | None = option(
        "FILE", "do this lab file, or a lab of the program (lab5, pooling, fooling), in the window; with "
        "--headless, measure its numbers",
    )  # fmt: skip
    lab_check: Path | None = option("FILE", "tell the mistakes of a lab file")
    results: Path | None = option("FILE.json", "write the numbers of --lab as they are handed in")
    course: Path | None = option(
        "FILE.cnnviz", "write --lab with its trained network, curves and data as one document for a course"
    )
    verify: list[Path] = option(
        "PATH", "check hand-ins (results.json, PDF, HTML, folders or .zip archives of them): measure each "
        "again; give labs of your own by --lab, other data than MNIST by --data", nargs="+", default=[],
    )  # fmt: skip
    table: Path | None = option(
        "FILE.csv", "where --verify writes a row for each student (default: results.csv)"
    )
    pages: Path | None = option("FILE.html", "where --verify writes the answers, to be read or printed")
    class_list: Path | None = option(
        "FILE.csv", "names and roll numbers of the class: --verify tells who is missing, and who is not on "
        "the list",
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Put preset and settings together."""
        self.experiment = _experiment(self)

    @property
    def names_settings(self) -> bool:
        """Whether it says what a window begins with, so that this is a document of its own."""
        return self.experiment != PRESETS["lab5"] or self.data is not None or self.lab is not None

    @property
    def wants_report(self) -> bool:
        """Whether the report is to be written in any form."""
        return any(path is not None for path in (self.report, self.html, self.figures))


_OF_A_RUN = ("preset", "classes", "epochs", "batch_size", "learning_rate", "seed", "set")


class _OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(complain(f"{message} (see --help)"))


def parse_arguments(argv: Sequence[str] | None = None) -> Arguments:
    """Read the command line; leaves the program with status 0 after --help and --version, 2 when it is wrong.

    * Raises ParameterError: if a setting is out of range.
    """
    parser = _OneLineParser(
        prog="cnnviz",
        description="See inside a convolutional neural network while it learns to read digits.",
        epilog="Without --headless the program opens its window with these settings.",
        allow_abbrev=False,
    )
    opened = (
        "open these one after the other: documents, weights, pictures, data; with --headless, write the "
        "report of one document"
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help=opened)
    parser.add_argument("--version", action="version", version=f"CNNViz {__version__}")
    for each in fields(Arguments):
        if each.metadata:
            name = "class" if each.name == "class_list" else each.name.replace("_", "-")
            parser.add_argument(f"--{name}", dest=each.name, **each.metadata)
    found = parser.parse_args(argv)
    for contradiction in _contradictions(found):
        parser.error(contradiction)
    return Arguments(**vars(found))


def _contradictions(options: argparse.Namespace) -> Iterator[str]:
    """Yield what does not go together, or is not there."""

    def given(*names: str) -> list[str]:
        return [f"--{name.replace('_', '-')}" for name in names if getattr(options, name) is not None]

    if not options.headless:
        for name in given("save", "report", "html", "figures", "results", "course"):
            yield f"{name} needs --headless{'; in the window use File > Save' if name == '--save' else ''}"
    if options.lab is None:
        yield from (f"{name} needs --lab, the lab that it is of" for name in given("results", "course"))
    elif not options.verify:
        for name in given(*_OF_A_RUN, "save"):
            yield f"{name} does not go with --lab, which brings its own settings"
    if not options.verify:
        for name in given("table", "pages", "class_list"):
            yield f"{name.removesuffix('-list')} needs --verify, the hand-ins that it is about"
    if options.files and options.headless:
        if len(options.files) > 1 or options.files[0].suffix.lower() != ".cnnviz":
            yield (
                f"{printable(options.files[0])} is opened in a window; give --headless a single document "
                "(.cnnviz), or data by --data"
            )
        for name in given(*_OF_A_RUN, "lab"):
            yield f"{name} does not go with a document, which brings its own settings"
    for path in options.files:
        if not path.exists():
            yield f"{printable(path)} does not exist; give the path of a document, weights, a picture or data"


def _experiment(options: Arguments) -> Experiment:
    experiment = PRESETS[options.preset or "lab5"]
    changes: dict[str, Any] = {
        name: getattr(options, name)
        for name in ("epochs", "batch_size", "learning_rate", "seed")
        if getattr(options, name) is not None
    }
    if options.classes is not None:
        experiment = experiment.with_classes(tuple(options.classes))
    changes |= dict(_setting(words) for words in options.set or ())
    return replace(experiment, **changes) if changes else experiment


def _setting(words: str) -> tuple[str, Any]:
    """Read ``NAME=VALUE``; the kind of value is that of the preset's."""
    name, equals, value = words.partition("=")
    known = [each for each in SETTINGS if each != "classes"]
    if not equals or name not in known:
        listed = ", ".join(known)
        raise ParameterError(
            f"--set needs NAME=VALUE with a setting's name. Got {words!r}; known are {listed}."
        )
    is_list = SETTINGS[name].count is not None
    given = [each for each in value.split(",") if each] if is_list else value
    try:
        return name, msgspec.convert(given, tuple[int, ...] if is_list else SETTINGS[name].of, strict=False)
    except msgspec.ValidationError as error:
        usual = getattr(Experiment(), name)
        raise ParameterError(f"--set {name}=… cannot be {value!r}; its usual value is {usual}.") from error
