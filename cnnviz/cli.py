"""The command line: what can be asked for, and the experiment that it describes."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from cnnviz import __version__
from cnnviz.errors import ParameterError
from cnnviz.experiment import Experiment
from cnnviz.files import printable
from cnnviz.output import BAD_INPUT, tell
from cnnviz.presets import PRESETS


@dataclass(frozen=True, slots=True)
class Arguments:
    """What the command line asked for."""

    experiment: Experiment  # the chosen preset with every setting that was given
    data: Path | None  # folder or file with other data than MNIST
    classes_given: bool  # whether the classes were named; if not, other data may bring as many of its own
    headless: bool  # train without a window
    save: Path | None  # where to write the trained network
    # `report`, `html`, `figures`, `screenshots`: where to write the lab report as a PDF, as one HTML file,
    # its figures and tables as files of their own, and the pictures of every panel
    report: Path | None = None
    html: Path | None = None
    figures: Path | None = None
    screenshots: Path | None = None
    # `author`, `roll_number`: for the title of the report
    author: str = ""
    roll_number: str = ""
    sample: int = 0  # test image that the report looks at closely
    files: tuple[Path, ...] = ()  # to open in the window: models, sessions, pictures, data
    # lab file, or id of a lab of the program, that is done without a window, or that hand-ins are of
    lab: Path | None = None
    lab_check: Path | None = None  # lab file whose mistakes are to be told
    # `results`, `course`: where to write what would be handed in, and the lab with its trained network as a
    # course file
    results: Path | None = None
    course: Path | None = None
    verify: tuple[Path, ...] = ()  # hand-ins to check, and folders of them
    table: Path = Path("results.csv")  # where to write what was found about them
    pages: Path | None = None  # where to write them to be read, as HTML
    class_list: Path | None = None  # names and roll numbers of the class

    @property
    def names_settings(self) -> bool:
        """Whether it says what a window begins with, so that this is a document of its own."""
        return self.experiment != PRESETS["lab5"] or self.data is not None or self.lab is not None

    @property
    def wants_report(self) -> bool:
        """Whether the report is to be written in any form."""
        return any(path is not None for path in (self.report, self.html, self.figures))


_OUTPUTS = ("save", "report", "html", "figures", "screenshots", "results", "course")
_AS_GIVEN = ("author", "roll_number", "sample", "lab", "lab_check", "table", "pages", "class_list")
_BROUGHT_BY_DOCUMENT = ("classes", "epochs", "batch_size", "learning_rate", "seed", "set", "screenshots")
_BROUGHT_BY_LAB = ("classes", "epochs", "batch_size", "learning_rate", "seed", "set", "save", "screenshots")


class _OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        tell(f"{self.prog}: {message} (see --help)")
        self.exit(BAD_INPUT)


def parse_arguments(argv: Sequence[str] | None = None) -> Arguments:
    """Read the command line; leaves the program with status 0 after --help and --version, 2 when it is wrong.

    * Raises ParameterError: if a setting is out of range.
    """
    parser = _build_parser()
    options = parser.parse_args(argv)
    for name in _OUTPUTS:
        if getattr(options, name) is not None and not options.headless:
            where = "; in the window use File > Save" if name == "save" else ""
            parser.error(f"--{name} needs --headless{where}")
    _check_lab_options(parser, options)
    if options.files and options.headless:
        _check_headless_files(parser, options)
    for path in options.files:
        if not path.exists():
            parser.error(
                f"{printable(path)} does not exist; give the path of a document, weights, a picture or data"
            )
    return Arguments(
        _experiment(options),
        options.data,
        options.classes is not None,
        options.headless,
        files=tuple(options.files),
        verify=tuple(options.verify or ()),
        **{name: getattr(options, name) for name in (*_OUTPUTS, *_AS_GIVEN)},
    )


def _check_headless_files(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Leave the program where a document is named together with what makes another run."""
    if len(options.files) > 1 or options.files[0].suffix.lower() != ".cnnviz":
        parser.error(
            f"{printable(options.files[0])} is opened in a window; give --headless a single document "
            "(.cnnviz), or data by --data"
        )
    for name in (*_BROUGHT_BY_DOCUMENT, "lab"):
        if getattr(options, name) is not None:
            parser.error(
                f"--{name.replace('_', '-')} does not go with a document, which brings its own settings"
            )


def _check_lab_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Leave the program where what was asked for about labs does not go together."""
    for name in ("results", "course"):
        if getattr(options, name) is not None and options.lab is None:
            parser.error(f"--{name} needs --lab, the lab that it is of")
    for name in ("pages", "class_list"):
        if getattr(options, name) is not None and not options.verify:
            parser.error(f"--{name.removesuffix('_list')} needs --verify, the hand-ins that it is about")
    if options.lab is None or options.verify:
        return
    for name in _BROUGHT_BY_LAB:
        if getattr(options, name) is not None:
            parser.error(f"--{name.replace('_', '-')} does not go with --lab, which brings its own settings")


def _experiment(options: argparse.Namespace) -> Experiment:
    experiment = PRESETS[options.preset]
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
    defaults = Experiment().to_dict()
    if not equals or name not in defaults or name == "classes":
        known = ", ".join(each for each in defaults if each != "classes")
        raise ParameterError(
            f"--set needs NAME=VALUE with a setting's name. Got {words!r}; known are {known}."
        )
    try:
        return name, _value(value, defaults[name])
    except (KeyError, ValueError) as error:
        raise ParameterError(
            f"--set {name}=… cannot be {value!r}; its usual value is {defaults[name]}."
        ) from error


def _value(words: str, usual: object) -> Any:
    """Return what was typed as a value of the usual one's kind."""
    match usual:
        case bool():
            return {"true": True, "false": False}[words.lower()]
        case int():
            return int(words)
        case float():
            return float(words)
        case list():
            return tuple(int(each) for each in words.split(",") if each)
        case _:
            return words


def _build_parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(
        prog="cnnviz",
        description="See inside a convolutional neural network while it learns to read digits.",
        epilog="Without --headless the program opens its window with these settings.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="open these one after the other: documents, weights, pictures, data; with --headless, write the "
        "report of one document",
    )
    parser.add_argument("--version", action="version", version=f"CNNViz {__version__}")
    # Answered before anything else is read, in `cnnviz.start`; here it is for --help.
    parser.add_argument("--doctor", action="store_true", help="tell whether everything is as it should be")
    parser.add_argument(
        "--preset", choices=list(PRESETS), default="lab5", help="settings to start from (default: lab5)"
    )
    parser.add_argument("--classes", nargs="+", metavar="CLASS", help="two to ten classes, for example 3 8")
    parser.add_argument("--epochs", type=int, metavar="N", help="passes over the training images")
    parser.add_argument("--batch-size", type=int, metavar="N", help="images averaged in one step")
    parser.add_argument(
        "--learning-rate", type=float, metavar="RATE", help="length of a step, for example 1e-4"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="decides initial weights and order of images")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help="other data: a folder with IDX files, a Keras .npz, or a folder with one sub-folder a class; "
        "without --classes as many of its classes are used as the preset has",
    )
    parser.add_argument("--headless", action="store_true", help="train without a window")
    parser.add_argument(
        "--save",
        type=Path,
        metavar="FILE",
        help="write the trained network: all of the run to FILE.cnnviz, weights alone to FILE.safetensors",
    )
    _add_report_options(parser)
    _add_lab_options(parser)
    return parser


def _add_lab_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lab",
        type=Path,
        metavar="FILE",
        help="do this lab file, or a lab of the program (lab5, pooling, fooling), in the window; with "
        "--headless, measure its numbers",
    )
    parser.add_argument("--lab-check", type=Path, metavar="FILE", help="tell the mistakes of a lab file")
    parser.add_argument(
        "--results", type=Path, metavar="FILE.json", help="write the numbers of --lab as they are handed in"
    )
    parser.add_argument(
        "--course",
        type=Path,
        metavar="FILE.cnnviz",
        help="write --lab with its trained network, curves and data as one document for a course",
    )
    parser.add_argument(
        "--verify",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="check hand-ins (results.json, PDF, HTML, folders or .zip archives of them): measure each "
        "again; give labs of your own by --lab, other data than MNIST by --data",
    )
    parser.add_argument(
        "--table",
        type=Path,
        default=Path("results.csv"),
        metavar="FILE.csv",
        help="where --verify writes a row for each student (default: results.csv)",
    )
    parser.add_argument(
        "--pages",
        type=Path,
        metavar="FILE.html",
        help="where --verify writes the answers, to be read or printed",
    )
    parser.add_argument(
        "--class",
        type=Path,
        dest="class_list",
        metavar="FILE.csv",
        help="names and roll numbers of the class: --verify tells who is missing, and who is not on the list",
    )


def _add_report_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        metavar="NAME=VALUE",
        help="any other setting, for example kernel_size=5 or filters=8,16; may be repeated",
    )
    parser.add_argument("--report", type=Path, metavar="FILE.pdf", help="write the lab report as a PDF")
    parser.add_argument("--html", type=Path, metavar="FILE.html", help="write it as one HTML file")
    parser.add_argument(
        "--figures",
        type=Path,
        metavar="FOLDER",
        help="write its figures as PNG, its tables as CSV and its results into a new folder",
    )
    parser.add_argument("--screenshots", type=Path, metavar="FOLDER", help="write a picture of every panel")
    parser.add_argument(
        "--sample", type=int, default=0, metavar="N", help="test image that the report looks at closely"
    )
    parser.add_argument("--author", default="", metavar="NAME", help="name on the report")
    parser.add_argument("--roll-number", default="", metavar="NUMBER", help="roll number on the report")
