"""Data, models and files say what they are, and what cannot be opened says why."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Never

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QTabBar, QWidget
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from cnnviz import checkpoint
from cnnviz.datasets import load_dataset
from cnnviz.drawing import Part
from cnnviz.experiment import LAB5
from cnnviz.graphics.time_track import ReadStep
from cnnviz.quantities import format_percent
from tests.engine.datasets_files import tiny_arrays, write_idx_folder
from tests.gui.document_driving import answered, new_run, restore, restored
from tests.gui.driving import opened, save_picture
from tests.gui.whole_window import rest, show_panel, train
from tests.small_data import write_npz, write_pictures
from ui.marks import MarkView
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.training.panel import TrainingPanel
from ui.run import loading
from ui.run.loading import data_path_of
from ui.session import Session
from ui.state import RunStatus

# -- data ----------------------------------------------------------------------------------------------------


def _names_in(panel: FeatureMapsPanel) -> tuple[str, ...]:
    """Names of the classes where Filters & maps writes them."""
    leaves, stage = panel.network.flow.page.leaves(), panel.picture.plan.output_stage
    names = leaves[stage].content.names
    assert leaves[f"{stage} line"].content.words.removeprefix("read as ") in names
    return names


def test_own_data_say_which_classes_are_used_and_have_their_names(qtbot, tmp_path):
    with opened(qtbot, tmp_path / "window.ini", write_pictures(tmp_path / "zoo")) as session:
        window = session.window
        assert session.state.experiment.classes == ("ant", "bee")
        said = window.notices.text()
        assert said == "zoo has 5 classes; ant, bee are used, and any 2 to 5 can be chosen."
        # Ten images of each class are learnt from, two are kept for the test.
        assert window.samples._title.caption() == "zoo · 4 images"
        qtbot.waitUntil(lambda: window.windowTitle() == "Untitled[*] – zoo – CNNViz")
        panel = show_panel(qtbot, session, 1)
        assert _names_in(panel) == ("ant", "bee")
        session.controller.open_data(None)
        qtbot.waitUntil(lambda: window.windowTitle() == "Untitled[*] – CNNViz")
        rest(qtbot, session, lambda: panel.picture.scene.snapshot is session.state.shown)
        assert _names_in(panel) == session.state.dataset.classes == ("0", "1")
        qtbot.waitUntil(lambda: window.notices.text() == "")


def _said(session: Session) -> Iterator[str]:
    """Yield everything that can be read in the window, or is told of a part of it."""
    for widget in (session.window, *session.window.findChildren(QWidget)):
        yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
        yield from (widget.windowTitle(), widget.whatsThis())
        for name in ("text", "placeholderText", "caption", "currentText"):
            said = getattr(widget, name, None)
            if callable(said) and not isinstance(widget, QPlainTextEdit):
                text = said()
                yield text if isinstance(text, str) else ""
        if isinstance(widget, MarkView):
            drawing = widget.drawing()
            yield from (widget.spoken_summary(), *drawing.texts())
            yield from (part.tip for part in drawing.parts if isinstance(part, Part))
        for action in widget.actions():
            yield from (action.text(), action.toolTip(), action.statusTip())
        if isinstance(widget, QComboBox):
            yield from (widget.itemText(row) for row in range(widget.count()))
        if isinstance(widget, QTabBar):
            yield from (widget.tabText(tab) for tab in range(widget.count()))


def test_own_data_of_letters_are_called_digits_nowhere(qtbot, tmp_path):
    letters = write_pictures(tmp_path / "letters", ("A", "B"), colour=False)
    with opened(qtbot, tmp_path / "window.ini", letters) as session:
        seen: set[str] = set()
        session.window.samples.own_window()
        for number in range(5):
            session.window.panels.show_panel(number)
            rest(qtbot, session)
            seen.update(_said(session))
        assert len(seen) > 500
        # The data that come with the program are digits, and numbers have some.
        assert not [text for text in seen if re.search("(?<!mnist )(?<!16 )digit", text.lower())]


def test_reading_many_pictures_is_seen_and_can_be_cancelled(qtbot, session, tmp_path, monkeypatch):
    state, window, notices = session.state, session.window, session.window.notices
    run_id = state.run.run_id

    def read_without_end(_path: Path, progress: Callable[[float], None]) -> Never:
        while True:
            progress(1 / 2)
            time.sleep(0.01)

    monkeypatch.setattr(loading, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(loading, "load_dataset", read_without_end)
    session.controller.open_data(write_pictures(tmp_path / "zoo"))
    qtbot.waitUntil(lambda: notices.text().startswith("Reading zoo: "))
    assert notices.action_button().text() == "Cancel"
    qtbot.waitUntil(lambda: notices.geometry().bottom() == window.height() - 1)
    assert not notices.geometry().intersects(window.stage.geometry()), "nothing of a panel is hidden"
    notices.action_button().click()
    assert notices.text() == ""
    assert "Reading zoo was cancelled." in window.samples.message.text()
    qtbot.waitUntil(lambda: session.controller.is_idle)
    assert state.run.run_id == run_id
    assert state.dataset.name == "MNIST"


def test_classes_that_the_data_lack_are_replaced_and_that_is_said(qtbot, tmp_path):
    with opened(qtbot, tmp_path / "window.ini", experiment=LAB5.with_classes(("4", "x"))) as session:
        assert session.state.experiment.classes == ("0", "1")
        said = "MNIST has 10 classes; 0, 1 are used, and any 2 to 10 can be chosen."
        assert session.window.notices.text() == said


# -- models --------------------------------------------------------------------------------------------------


@pytest.fixture
def model(qtbot, session, tmp_path) -> Path:
    """A model of MNIST that was trained for a while, and the session with another run."""
    train(qtbot, session, 40)
    path = tmp_path / "mine.safetensors"
    session.controller.export_weights(path)
    qtbot.waitUntil(path.exists)
    session.controller.reset()
    qtbot.waitUntil(lambda: session.state.run.status is RunStatus.READY)
    return path


def _foreign(path: Path) -> dict[str, np.ndarray]:
    """Write weights as PyTorch would: in float32, with no word about the network."""
    arrays = {name: array.astype(np.float32) * 3 for name, array in LAB5.build_network().params.items()}
    save_file(arrays, path)
    return arrays


def test_an_opened_model_is_tested_at_once_and_is_no_unsaved_work_before_it_is_trained(
    qtbot, session, model, monkeypatch
):
    state, window = session.state, session.window
    trained, *_ = checkpoint.load(model)
    session.document.open(model)
    qtbot.waitUntil(lambda: state.evaluation is not None and state.evaluation.step == trained.step)
    rest(qtbot, session)
    predicted = trained.network.predict(state.dataset.test_images / np.float64(255) - 0.5)
    accuracy = (predicted == state.dataset.test_labels).mean()
    assert state.evaluation.evaluation.accuracy == accuracy
    results = window.panel(TrainingPanel).results
    assert not results.mistakes.isHidden()
    assert results._title.caption() == f"after step {trained.step:,}"
    assert results.summary.text().endswith(" · weights from mine.safetensors")
    moment = window.timeline.moment
    assert moment.field.value() == trained.step
    assert moment.measured.text() == f"test accuracy {format_percent(accuracy)}"
    for step, shown, said in ((0, 40, "weights from mine.safetensors"), (10**6, 12_665, "not trained yet")):
        window.timeline.track.asked.emit(ReadStep(step))
        assert window.timeline.reading.text().split("\n")[0] == f"step {shown:,} · epoch 1 · {said}"

    session.ask_before_closing(True)
    asked = answered(monkeypatch, "discard")
    assert (session.document.may_lose_run(), asked) == (True, [])
    session.controller.step()
    qtbot.waitUntil(lambda: state.run.step == trained.step + 1)
    assert (session.document.may_lose_run(), len(asked)) == (True, 1)
    session.ask_before_closing(False)


def test_models_that_do_not_fit_or_were_changed_say_so_and_are_offered(qtbot, session, tmp_path, model):
    view = tmp_path / "view.png"
    session.state.choose_test_image(7)
    save_picture(session, view)
    with opened(qtbot, tmp_path / "other.ini", write_pictures(tmp_path / "zoo")) as other:
        notices = other.window.notices
        other.document.open(model)
        fits_not = "{} does not fit the open data: it tells 0, 1 apart, which zoo does not have. Use MNIST "
        fits_not += "first, then the {}."
        qtbot.waitUntil(lambda: notices.text() == fits_not.format("mine.safetensors", "model"))
        assert other.state.run.run_id == 1
        assert not restored(qtbot, other, lambda: other.document.open(view))
        assert notices.text() == fits_not.format("view.png", "document")
        assert restored(qtbot, other, notices.action_button().click)
        assert (other.state.dataset.name, other.state.sample.index) == ("MNIST", 7)
        assert "view.png" not in notices.text()

    with safe_open(model, "numpy") as file:
        metadata = file.metadata()
    arrays = load_file(model)
    arrays["dense1.bias"] += 1
    changed, notices = tmp_path / "changed.safetensors", session.window.notices
    save_file(arrays, changed, metadata)
    session.document.open(changed)
    qtbot.waitUntil(lambda: "is damaged, or was changed by another program" in notices.text())
    notices.action_button().click()
    qtbot.waitUntil(lambda: session.state.live is not None and session.state.live.origin.note != "")
    qtbot.waitUntil(lambda: session.state.evaluation is not None)
    np.testing.assert_array_equal(session.state.live.network.params["dense1.bias"], arrays["dense1.bias"])

    session.controller.open_data(write_npz(tmp_path / "few.npz"))
    qtbot.waitUntil(lambda: session.state.dataset.name == "few")
    rest(qtbot, session)
    session.document.open(model)
    said = "About mine.safetensors: it was made with other data (MNIST) than those that are open (few)."
    qtbot.waitUntil(lambda: session.window.notices.text().startswith(said))
    assert session.window.notices.kind() == "warning"
    qtbot.waitUntil(lambda: session.state.run.step > 0)


def test_weights_of_others_are_offered_and_taken_or_say_why_they_do_not_fit_the_form(
    qtbot, session, tmp_path
):
    path, notices = tmp_path / "torch.safetensors", session.window.notices
    arrays = _foreign(path)
    save_file({**arrays, "conv1.weight": np.zeros((16, 1, 3, 3), np.float32)}, path)
    session.document.open(path)
    qtbot.waitUntil(lambda: "its conv1.weight is 16 x 1 x 3 x 3 and not 8 x 1 x 3 x 3" in notices.text())
    assert notices.kind() == "error"
    assert not notices.action_button().isVisible()

    state, arrays, run_id = session.state, _foreign(path), session.state.run.run_id
    session.document.open(path)
    fits = "Its weights fit the network of the form by name and shape."
    qtbot.waitUntil(lambda: notices.text().endswith(fits))
    assert notices.text().startswith("torch.safetensors holds weights but no description")
    assert state.run.run_id == run_id, "nothing has changed yet"
    assert notices.action_button().text() == "Start a new run with them"
    with new_run(qtbot, session, lambda _run: state.evaluation is not None):
        notices.action_button().click()
    rest(qtbot, session)
    for name, array in state.shown.network.params.items():
        np.testing.assert_array_equal(array, arrays[name])
    results = session.window.panel(TrainingPanel).results
    assert results.summary.text().endswith(" · weights from torch.safetensors")
    assert notices.text() == ""


# -- files ---------------------------------------------------------------------------------------------------


def test_files_are_told_by_their_content_and_an_error_goes_when_something_is_opened(qtbot, session, tmp_path):
    path, notices, message = tmp_path / "net.pdf", session.window.notices, session.window.samples.message
    path.write_bytes(b"%PDF-1.7\n1 0 obj")
    session.document.open(path)
    said = "net.pdf is a PDF document"
    qtbot.waitUntil(lambda: f"{said}, which CNNViz does not open" in notices.text())
    session.controller.open_data(path)
    qtbot.waitUntil(lambda: f"{said}, but data" in message.text())

    good, bad = tmp_path / "good.png", tmp_path / "bad.cnnviz"
    save_picture(session, good)
    bad.write_text("{}")
    session.document.open(bad)
    qtbot.waitUntil(lambda: "bad.cnnviz" in notices.text())
    session.controller.open_data(tmp_path / "nothing")
    qtbot.waitUntil(lambda: "nothing" in message.text())
    restore(qtbot, session, good)
    assert notices.text() == message.text() == ""

    picture = tmp_path / "a picture"
    Image.new("L", (60, 60), 90).save(picture, "JPEG")
    session.document.open(picture)
    qtbot.waitUntil(lambda: session.state.sample.origin == "a picture")
    session.window.samples.own_window().close()
    data = write_npz(tmp_path / "few.npz").rename(tmp_path / "few")
    session.document.open(data)
    qtbot.waitUntil(lambda: session.state.dataset.name == "few")
    model = tmp_path / "model"
    rest(qtbot, session)
    session.controller.export_weights(model)
    qtbot.waitUntil(model.exists)
    with new_run(qtbot, session):
        session.document.open(model)


def test_any_file_of_a_data_set_stands_for_it(tmp_path):
    one = write_idx_folder(tmp_path / "one", tiny_arrays(2))
    assert load_dataset(data_path_of(one / "t10k-labels-idx1-ubyte")).name == "one"
    (one / "README").write_text("about the data")
    assert data_path_of(one / "README") == one
    zoo = write_pictures(tmp_path / "zoo", ("ant", "bee"), 2)
    assert data_path_of(zoo / "bee" / "001.png") == zoo
    notes = tmp_path / "notes.txt"
    notes.write_text("about nothing")
    assert data_path_of(notes) == notes
