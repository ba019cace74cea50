"""Start the program: in its window, or without one. The only module here that imports the window's."""

import gc
import os
import sys
from collections.abc import Sequence, Set
from importlib.util import find_spec

from cnnviz._typesetter import TYPESET
from cnnviz._typesetter import run as typeset
from cnnviz.doctor import OF_WINDOW, PACKAGES, TRY_WINDOW, has_window
from cnnviz.doctor import hindrance as window_hindrance
from cnnviz.errors import CNNVizError, in_words
from cnnviz.output import INTERRUPTED, complain, find_console

# Before NumPy is loaded, which else asks Linux for huge pages: to find one may hold up the window for 20 ms.
os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")


def start(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    find_console()
    try:
        return _run(argv)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if words := in_words(error):
            return complain(words)
        raise


def _run(argv: Sequence[str] | None) -> int:
    # Imported late: each way of running loads only what it needs, and what is missing is said in a sentence.
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] == [TYPESET]:
        return typeset()
    if "--doctor" in given:
        from cnnviz.doctor import diagnose

        return diagnose()
    _require(PACKAGES.keys() - OF_WINDOW)
    if given[:1] == [TRY_WINDOW]:
        from ui.unattended import try_window

        return try_window(int(given[1]))
    from cnnviz.cli import parse_arguments

    arguments = parse_arguments(given)
    if arguments.lab_check is not None or arguments.verify or (arguments.lab and arguments.headless):
        from cnnviz.lab.commands import run_command

        return run_command(arguments)
    if arguments.headless:
        from cnnviz.headless import run
    else:
        if not has_window():
            raise CNNVizError(
                "This is the engine of CNNViz alone, without the window: use --headless, or install cnnviz."
            )
        _require(OF_WINDOW)
        if hindrance := window_hindrance():
            return complain(f"{hindrance} To see more, use --doctor; to do without a window, --headless.")
        # What is loaded now stays: looking through it for waste would hold up the first frame. From then on
        # the window sees to it (`ui.tuning.MainThreadCollector`).
        gc.disable()
        from ui.application import run
    return run(arguments)


def _require(names: Set[str]) -> None:
    """Raise `ImportError` if one of the packages is missing, or a folder that lacks its beginning."""
    for name in sorted(names - {"typst"}):  # without which reports are HTML
        spec = find_spec(PACKAGES[name].partition(".")[0])
        if spec is None:
            raise ImportError(f"the package {name} is not installed")
        if spec.origin is None:
            raise ImportError(f"the package {name} is installed in part only")
