"""One shift, followed through the network in the background."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cnnviz.translation import Comparison, MeasureName, Mode, compare
from ui.panels.analysis import Analysis, Context, LatestOnly
from ui.panels.drawn import Drawn
from ui.panels.translation.subject import Subject
from ui.panels.translation.view import View
from ui.state import Shift

_KIND = "translation"


@dataclass(frozen=True, eq=False)
class Compared:
    """One shift of a subject.

    Attributes
    ----------
    subject : Subject
    block, pool_size, relative
        What was asked for.
    comparison : Comparison
    measured : mapping from stage to mapping from measure to float
        Measures of the features, relative to a blank image if so asked.
    """

    subject: Subject
    block: int
    pool_size: int
    relative: bool
    comparison: Comparison
    measured: Mapping[str, Mapping[MeasureName, float]]

    @property
    def drawn(self) -> Drawn:
        """What is to be seen where this is drawn."""
        return self.subject.drawn(self.shift)

    @property
    def shift(self) -> Shift:
        """The shift."""
        found = self.comparison
        return Shift(found.dx, found.dy, found.mode == "wrap")

    def is_of(self, subject: Subject | None, view: View) -> bool:
        """Whether this is of the image and made with the choices given; weights and shift may be older."""
        return (
            subject is not None
            and self.subject.origin is subject.origin
            and self.subject.network.is_like(subject.network)
            and (self.block, self.pool_size, self.relative) == (view.block, view.pool_size, view.relative)
        )


class Comparer:
    """Has shifts followed, always the newest that was asked for.

    Parameters
    ----------
    analysis : Analysis
    on_done, on_failed : callable
        Called in the GUI thread.
    """

    def __init__(
        self, analysis: Analysis, on_done: Callable[[Compared], None], on_failed: Callable[[str], None]
    ) -> None:
        self._jobs = LatestOnly(analysis, _KIND, on_done, on_failed)

    def request(self, subject: Subject, shift: Shift, view: View) -> None:
        """Follow one shift through the network."""
        block, pool_size, relative = view.block, view.pool_size, view.relative

        def work(_context: Context) -> Compared:
            found = compare(
                subject.network,
                subject.image,
                shift.dx,
                shift.dy,
                mode=mode_of(shift.wrap),
                background=subject.background,
                block=block,
                pool_size=pool_size,
                label=subject.label,
            )
            measured = {stage: pair.measured(relative) for stage, pair in found.stages.items()}
            # Computed when first asked for: here, so that the window does not have to.
            _ = found.winners
            return Compared(subject, block, pool_size, relative, found, measured)

        self._jobs.request(work)


def mode_of(wrap: bool) -> Mode:
    """Name that the engine has for what enters the frame."""
    return "wrap" if wrap else "fill"
