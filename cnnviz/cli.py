"""The command line: what can be asked for, and the experiment that it describes."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from cnnviz import __version__
from cnnviz.experiment import Experiment
from cnnviz.presets import PRESETS

BAD_INPUT = 2
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Arguments:
    """What the command line asked for.

    Attributes
    ----------
    experiment : Experiment
        The chosen preset with every setting that was given.
    data : Path or None
        Folder or file with other data than MNIST.
    classes_given : bool
        Whether the classes were named; if not, other data may bring its own.
    headless : bool
        Train without a window.
    save : Path or None
        Where to write the trained network.
    """

    experiment: Experiment
    data: Path | None
    classes_given: bool
    headless: bool
    save: Path | None


class _OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {message} (see --help)\n")


def parse_arguments(argv: Sequence[str] | None = None) -> Arguments:
    """Read the command line; leaves the program with status 0 after --help and --version, 2 when it is wrong.

    Raises
    ------
    ParameterError
        If a setting is out of range.
    """
    parser = _build_parser()
    options = parser.parse_args(argv)
    if options.save is not None and not options.headless:
        parser.error("--save needs --headless; in the window use File > Save model")
    classes_given = options.classes is not None
    return Arguments(_experiment(options), options.data, classes_given, options.headless, options.save)


def _experiment(options: argparse.Namespace) -> Experiment:
    experiment = PRESETS[options.preset]
    changes: dict[str, Any] = {
        name: getattr(options, name)
        for name in ("epochs", "batch_size", "learning_rate", "seed")
        if getattr(options, name) is not None
    }
    if options.classes is not None:
        experiment = experiment.with_classes(tuple(options.classes))
    return replace(experiment, **changes) if changes else experiment


def _build_parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(
        prog="cnnviz",
        description="See inside a convolutional neural network while it learns to read digits.",
        epilog="Without --headless the program opens its window with these settings.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"CNNViz {__version__}")
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
        help="other data: a folder with IDX files, a Keras .npz, or a folder with one sub-folder a class",
    )
    parser.add_argument("--headless", action="store_true", help="train without a window")
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="write the trained network to this .safetensors file"
    )
    return parser


def complain(message: str) -> int:
    """Print one line on stderr and return the exit status of bad input."""
    print(f"cnnviz: {message}", file=sys.stderr)
    return BAD_INPUT
