"""One line of the diagnosis."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cnnviz.errors import in_words


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that was looked at.

    Attributes
    ----------
    name, value : str
        What, and how it is; in case of a problem with its remedy.
    is_fine : bool
        Whether the program can work with it.
    """

    name: str
    value: str
    is_fine: bool = True

    @property
    def line(self) -> str:
        """The line of the diagnosis; home is written as ``~``, so that the text may be passed on."""
        words = "OK" if self.is_fine else "PROBLEM"
        return f"{words:<8}{self.name}: {self.value}".replace(str(Path.home()), "~")


def problem(name: str, value: str) -> Fact:
    """Return a fact that keeps the program from its work."""
    return Fact(name, value, is_fine=False)


Check = Callable[[], Iterable[Fact]]


def found(name: str, check: Check) -> Iterator[Fact]:
    """Yield the facts of a check; whatever ends it is one more fact.

    Parameters
    ----------
    name : str
        What the check is about, for the case that it ends early.
    check : callable
    """
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001 -- a diagnosis tells whatever it meets
        yield problem(name, in_words(error) or f"cannot be looked at ({type(error).__name__}: {error}).")
