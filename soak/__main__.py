"""Try the whole program for minutes or hours, and print what did not hold."""

import argparse
import os
import signal
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from soak.results import Result, report, status
from soak.settings import Settings

PARTS = {
    "monkey": 0.28, "cycles": 0.22, "kill": 0.12, "endings": 0.12, "surroundings": 0.08, "hostile": 0.10,
    "windows": 0.04, "labs": 0.04,
}  # fmt: skip
"""The parts, each with its share of the time."""


def main() -> int:
    """Run the parts one after another; return 1 if anything was found."""
    options = _parse()
    if not sys.platform.startswith("linux"):
        print("The trials read /proc and send signals: they run on Linux only.", file=sys.stderr)
        return 2
    # Ended from outside, it takes its children with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    os.environ["QT_QPA_PLATFORM"] = options.platform
    logs = options.logs or Path(tempfile.mkdtemp(prefix="soak-logs-"))
    logs.mkdir(parents=True, exist_ok=True)
    settings = Settings(options.minutes, tuple(options.seeds), options.events, options.replay, logs)
    parts = ["monkey"] if options.replay else options.only
    whole = sum(PARTS[name] for name in parts)
    results: list[Result] = []
    for name in parts:
        print(f"{time.strftime('%H:%M:%S')} {name} …", file=sys.stderr, flush=True)
        settings.begin(60 * settings.minutes * PARTS[name] / whole)
        results.append(import_module(f"soak.{name}").run(settings))
    print(report(results))
    return status(results)


def _parts(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in PARTS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(PARTS)}")
    return names


def _seeds(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="for all parts together (default: 10)")
    parser.add_argument(
        "--only", type=_parts, default=list(PARTS), metavar="PART,…", help=f"some of {', '.join(PARTS)}"
    )
    parser.add_argument(
        "--seeds", type=_seeds, default=[1, 2], metavar="N,…", help="of the monkey (default: 1,2)"
    )
    parser.add_argument("--events", type=int, help="events of each seed (default: until the time is up)")
    parser.add_argument("--replay", type=Path, metavar="LOG", help="play a log of the monkey again")
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="where logs are kept")
    parser.add_argument("--platform", default="offscreen", help="Qt's platform (default: offscreen; or xcb)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
