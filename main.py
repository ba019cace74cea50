"""Start CNNViz: in its window, or without one (``--headless``)."""

import sys

from cnnviz.cli import INTERRUPTED, complain, parse_arguments
from cnnviz.errors import CNNVizError


def main(argv: list[str] | None = None) -> int:
    """Run the program and return its exit status."""
    try:
        arguments = parse_arguments(argv)
        # Imported late: each way of running loads only what it needs.
        if arguments.headless:
            from cnnviz.headless import run
        else:
            from ui.application import run
        status = run(arguments)
        if arguments.headless and arguments.screenshots is not None and status != INTERRUPTED:
            from ui.screenshots import save_screenshots

            save_screenshots(arguments)
        return status
    except CNNVizError as error:
        return complain(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
