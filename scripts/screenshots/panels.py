"""Scenes of the panels."""

from PySide6.QtCore import QPointF
from PySide6.QtTest import QTest

from cnnviz.drawing import CellKey
from cnnviz.experiment import LENET
from scripts.screenshots.pages import WORDS
from scripts.screenshots.stage import save, save_widget, session, settle, train, wait_until
from ui.export.dialog import ExportDialog
from ui.panels.backprop.asks import Apply, SetRule
from ui.panels.backprop.focus import StepKind
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.report.panel import ReportPanel
from ui.panels.training.panel import TrainingPanel
from ui.panels.translation.panel import TranslationPanel
from ui.session import Session
from ui.state import PinnedCell, Shift


def training() -> None:
    """The training panel at the end of the exercise's epoch."""
    with session() as opened:
        train(opened)
        save(opened, "training")


def feature_maps() -> None:
    """A trained LAB5 and the arithmetic of one cell."""
    with session() as opened:
        train(opened)
        opened.window.panels.show_panel(1)
        settle()
        for cell, name in (
            (PinnedCell("pool1", (5, 5, 7)), "feature-maps"),
            (PinnedCell("pool1", (0, 8, 6)), "feature-maps-links"),
            (PinnedCell("dense1", (0,)), "feature-maps-evidence"),
        ):
            opened.state.set_pinned(cell)
            settle()
            save(opened, name)
        opened.state.set_pinned(None)
        opened.window.panel(FeatureMapsPanel).show_page("top_patches")
        settle(4000)
        save(opened, "feature-maps-looks-for")


def feature_maps_lenet() -> None:
    """All stages of a deeper network, dark."""
    with session(LENET, theme="dark") as opened:
        train(opened, 400)
        opened.window.panels.show_panel(1)
        save(opened, "feature-maps-lenet")


def translation() -> None:
    """A zero dragged two pixels to the right and one up."""
    with session() as opened:
        train(opened)
        opened.state.choose_test_image(1)
        opened.window.panels.show_panel(2)
        opened.state.set_shift(Shift(2, -1))
        settle(1500)
        save(opened, "translation")


def translation_lesson() -> None:
    """The exercise's two images of 6 x 6 pixels."""
    with session() as opened:
        train(opened)
        opened.window.panels.show_panel(2)
        settle()
        opened.window.panel(TranslationPanel).choose_lesson("dots")
        settle(1500)
        save(opened, "translation-lesson")


def translation_window() -> None:
    """One pooling window before and after a shift by one pixel."""
    with session() as opened:
        train(opened)
        opened.state.choose_test_image(26)
        opened.window.panels.show_panel(2)
        opened.state.set_shift(Shift(1, 0))
        opened.window.panel(TranslationPanel).choices.choose(stage="convolution", channel=5)
        settle(1500)
        winners = opened.window.panel(TranslationPanel).winners
        box = winners.drawing().part(CellKey("window", 4, 6)).box
        QTest.mouseMove(winners, QPointF(box.x, box.y).toPoint())
        save(opened, "translation-window")


def translation_many() -> None:
    """Mean over a hundred digits."""
    with session() as opened:
        train(opened)
        opened.window.panels.show_panel(2)
        settle(600)
        translation = opened.window.panel(TranslationPanel)
        translation.choices.choose(many=True, digits=100)
        translation.sweep.button.click()
        settle(300)
        wait_until(lambda: not translation.sweep.is_running)
        save(opened, "translation-many")


def backprop() -> None:
    """Routing, filter gradient, saliency and update of a zero."""
    with session() as opened:
        train(opened, 2000)
        opened.state.choose_test_image(1)
        opened.window.panels.show_panel(3)
        settle(600)
        for kind, name in (
            (StepKind.ROUTE, "backprop"),
            (StepKind.FILTER, "backprop-filter"),
            (StepKind.INPUT, "backprop-input"),
        ):
            _go_to_step(opened, kind)
            save(opened, name)
        _go_to_step(opened, StepKind.ROUTE)
        opened.window.panel(BackpropPanel).model.answer(SetRule("first"))
        opened.state.set_pinned(PinnedCell("conv1", (5, 12, 12)))
        opened.window.panel(BackpropPanel).side.show_page("poke")
        settle(1000)
        save(opened, "backprop-poke")
        opened.window.panel(BackpropPanel).side.show_page("inspect")
        _go_to_step(opened, StepKind.UPDATE)
        opened.window.panel(BackpropPanel).answer(Apply())
        settle(400)
        save(opened, "backprop-update")


def _go_to_step(opened: Session, kind: StepKind) -> None:
    model = opened.window.panel(BackpropPanel).model
    model.go_to(next(number for number, step in enumerate(model.steps) if step.kind is kind))
    settle(400)


def lab_report() -> None:
    """The report of a trained network as a student writes it, with a figure of their own."""
    with session() as opened:
        train(opened)
        settle(1500)  # or the figure would be of the step that was drawn last
        report, network = opened.window.panel(ReportPanel), opened.window.panel(TrainingPanel).main()
        step = report.work.lab.steps[0]
        for part, words in WORDS.items():
            report.work.write(step, part, words)
        opened.window.panels.show_panel(4)
        report.run_lab()
        wait_until(lambda: report.measuring.numbers is not None)
        settle(3000)
        report.message.clear()
        opened.exporter.insert(network)
        settle(3000)
        opened.window.notices.clear()
        settle()
        save(opened, "lab-report")


def export_dialog() -> None:
    """Exporting the loss curve."""
    with session() as opened:
        train(opened)
        opened.exporter.export(opened.window.panel(TrainingPanel))
        settle(800)
        dialog = opened.window.findChild(ExportDialog)
        dialog.folder.setText("~/lab5")
        save_widget(dialog, "figures-and-documents-dialog")
        dialog.reject()


SCENES = (
    training,
    feature_maps,
    feature_maps_lenet,
    translation,
    translation_lesson,
    translation_window,
    translation_many,
    backprop,
    lab_report,
    export_dialog,
)
