"""Measure everything, print it and write it to ``benchmarks/RESULTS.md``."""

import argparse
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from subprocess import SubprocessError
from types import ModuleType

from benchmarks import machine
from benchmarks.earlier import unpacked
from benchmarks.rounds import Settings
from benchmarks.sections import SECTIONS

_RESULTS = Path(__file__).parent / "RESULTS.md"
_NOTES = Path(__file__).parent / "NOTES.md"
_QUIET = 0.1


def main() -> None:
    """Run the sections one after another."""
    arguments = _parse()
    settings = Settings(2, 0.1) if arguments.quick else Settings(arguments.rounds)
    busy_before = machine.busy()
    with unpacked(arguments.beside) as earlier:
        settings = replace(settings, commit=arguments.beside, earlier=earlier)
        modules = [import_module(f"benchmarks.sections.{name}") for name in arguments.sections]
        parts = [_section(module, settings) for module in modules]
    busy_after = machine.busy()
    header = [
        "# Results of the benchmarks",
        "",
        "Made by `make bench`; nothing here is written by hand but the last section.",
        "",
        f"* Date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {settings.rounds} rounds; "
        f"cores busy with other work before: {_text(busy_before)}, at the end: {_text(busy_after)}",
        *machine.describe(),
        *_warning(busy_before, busy_after),
    ]
    page = "\n\n".join(["\n".join(header), *parts, _NOTES.read_text(encoding="utf-8").strip()]) + "\n"
    arguments.output.write_text(page, encoding="utf-8")
    print(page)


def _text(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.0%}"


def _warning(*busy: float | None) -> list[str]:
    """Say so if the machine had other things to do, which is unfair to those who use all of it."""
    if all(share is None or share < _QUIET for share in busy):
        return []
    return [
        "",
        "**The machine was busy with other work.** Times are too long, and those of competitors with two "
        "threads most of all: the ratios to them are better than they would be on a quiet machine.",
    ]


def _section(module: ModuleType, settings: Settings) -> str:
    print(f"Measuring: {module.TITLE}", file=sys.stderr, flush=True)
    reason = module.missing() if hasattr(module, "missing") else ""
    try:
        lines = [f"Not measured. {reason}"] if reason else module.run(settings)
    except (OSError, RuntimeError, SubprocessError) as error:
        # The other sections have taken minutes: they are not thrown away.
        print(f"{module.TITLE}: {error}", file=sys.stderr)
        lines = ["Not measured: it failed, see the output of the program."]
    return "\n".join([f"## {module.TITLE}", "", *lines])


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="how often to measure each (default: 7)")
    parser.add_argument("--quick", action="store_true", help="two short rounds, to try whether all works")
    parser.add_argument(
        "--beside", default="", metavar="COMMIT", help="measure the program of a commit beside this one"
    )
    parser.add_argument("--output", type=Path, default=_RESULTS, help="where to write the page")
    parser.add_argument(
        "--sections", nargs="+", choices=SECTIONS, default=SECTIONS, help="only these sections"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
