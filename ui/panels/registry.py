"""The panels of the window, in the order of their tabs: a panel is its folder and one row here."""

from collections.abc import Callable
from dataclasses import dataclass

from ui.panels.contract import Panel, Services


@dataclass(frozen=True, slots=True)
class PanelRow:
    """A panel.

    * `name`: by which documents, labs and layouts know it.
    * `title`: on its tab and in the menu; ``&&`` stands for an ampersand.
    * `build`: makes the panel, and imports it: pyqtgraph takes longer to load than the window to appear.
    """

    name: str
    title: str
    chapter: str
    build: Callable[[Services], Panel]


def _training(services: Services) -> Panel:
    from ui.panels.training.panel import TrainingPanel

    return TrainingPanel(services.state, services.runs, services.analysis, services.show_cells)


def _feature_maps(services: Services) -> Panel:
    from ui.panels.feature_maps.panel import FeatureMapsPanel

    return FeatureMapsPanel(services.state, services.analysis, services.background)


def _translation(services: Services) -> Panel:
    from ui.panels.translation.panel import TranslationPanel

    return TranslationPanel(services.state, services.analysis, services.background)


def _backprop(services: Services) -> Panel:
    from ui.panels.backprop.panel import BackpropPanel

    return BackpropPanel(services.state, services.runs, services.analysis, services.background)


def _report(services: Services) -> Panel:
    from ui.panels.report.panel import ReportPanel

    return ReportPanel(services.state, services.background, services.typesetting, services.files)


PANELS = (
    PanelRow("training", "Network", "training", _training),
    PanelRow("feature_maps", "Filters && maps", "feature-maps", _feature_maps),
    PanelRow("translation", "Translation", "translation", _translation),
    PanelRow("backprop", "Backprop", "backprop", _backprop),
    PanelRow("report", "Lab report", "lab-report", _report),
)
