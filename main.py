"""Start CNNViz: in its window, or without one (``--headless``)."""

import sys

from cnnviz.errors import CNNVizError, in_words
from cnnviz.exits import INTERRUPTED, complain


def main(argv: list[str] | None = None) -> int:
    """Run the program and return its exit status."""
    try:
        return _run(argv)
    except (CNNVizError, ImportError, MemoryError) as error:
        return complain(in_words(error))
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(argv: list[str] | None) -> int:
    # Imported late: each way of running loads only what it needs, and what is missing is said in a sentence.
    from cnnviz.cli import parse_arguments

    arguments = parse_arguments(argv)
    if arguments.headless:
        from cnnviz.headless import run
    else:
        from ui.application import run
    status = run(arguments)
    if arguments.headless and arguments.screenshots is not None and status != INTERRUPTED:
        from ui.screenshots import save_screenshots

        save_screenshots(arguments)
    return status


if __name__ == "__main__":
    sys.exit(main())
