"""What a session keeps of the backprop panel, and how the panel takes it back."""

from cnnviz.session_state import View
from ui.panels.backprop.header import StepHeader
from ui.panels.backprop.model import BackpropModel
from ui.panels.backprop.probes import Probes
from ui.panels.backprop.side_column import SideColumn
from ui.panels.backprop.update_view import UpdateView
from ui.panels.views import Choices, PendingView, under
from ui.state import AppState


class ViewKeeper:
    """Says what was chosen in the parts of the panel, and chooses it again when there is a pass for it.

    Parameters
    ----------
    state : AppState
    model : BackpropModel
    probes : Probes
    header : StepHeader
    update : UpdateView
    side : SideColumn
    """

    def __init__(
        self,
        state: AppState,
        model: BackpropModel,
        probes: Probes,
        header: StepHeader,
        update: UpdateView,
        side: SideColumn,
    ) -> None:
        self._state, self._model, self._probes = state, model, probes
        self._header, self._update, self._side = header, update, side
        self._pending = PendingView(state)
        self._is_check_wanted = False

    def state(self) -> View:
        """Return all choices; none before the first pass."""
        waiting = self._pending.view
        if waiting is not None or self._model.passed is None:
            return waiting or {}
        side = under("side", self._side.view_state())
        return {**self._model.view_state(), **side, "checked": self._probes.is_checked()}

    def wait(self, view: View) -> None:
        """Keep a view until there is a pass of the network and the sample that it is about."""
        if view:
            self._pending.wait(view)

    def on_pass(self) -> None:
        """Restore the view that waits for the pass that has come, if there is one."""
        passed, has_next = self._model.passed, False
        assert passed is not None
        choices = self._pending.take(passed.request.snapshot, passed.request.sample)
        if choices is not None:
            self._is_check_wanted = choices.flag("checked", False)
            has_next = self._restore(choices)
        if self._is_check_wanted and not has_next:
            self._is_check_wanted = False
            self._probes.check()

    def _restore(self, choices: Choices) -> bool:
        """Choose everything; return whether another pass is on its way."""
        self._header.cover.setChecked(choices.flag("covers", False))
        self._model.set_pinned(self._state.pinned)
        rate = choices.number("rate", 1e-7, 1e3, self._state.experiment.learning_rate)
        self._update.set_rate(rate)
        self._model.set_rate(rate)
        self._side.restore_view(choices.below("side"))
        return self._model.restore_view(choices)
