"""Files that are opened: each is told by what is in it, and what cannot be opened says what it is."""

from pathlib import Path

from PIL import Image
from pytestqt.qtbot import QtBot

from cnnviz.datasets import load_dataset
from tests.engine.datasets_files import tiny_arrays, write_idx_folder
from tests.gui.driving import opened, save_session
from tests.gui.whole_window import rest
from tests.small_data import write_npz, write_pictures
from ui.run.loading import data_path_of
from ui.session import Session
from ui.state import RunStatus


def test_a_file_of_another_program_is_named(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    path, notices, message = tmp_path / "net.pdf", session.window.notices, session.window.samples.message
    path.write_bytes(b"%PDF-1.7\n1 0 obj")
    session.files.open(path)
    said = "net.pdf is a PDF document"
    qtbot.waitUntil(lambda: f"{said}, which CNNViz does not open" in notices.text())
    session.controller.open_data(path)
    qtbot.waitUntil(lambda: f"{said}, but data" in message.text())


def test_what_a_file_is_opened_as_is_told_by_its_content(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    picture = tmp_path / "a picture"
    Image.new("L", (60, 60), 90).save(picture, "JPEG")
    session.files.open(picture)
    qtbot.waitUntil(lambda: session.state.sample.origin == "a picture")
    session.window.samples.own_window().close()
    data = write_npz(tmp_path / "few.npz").rename(tmp_path / "few")
    session.files.open(data)
    qtbot.waitUntil(lambda: session.state.dataset.name == "few")
    model = tmp_path / "model"
    rest(qtbot, session)
    session.files.save_model(model)
    qtbot.waitUntil(model.exists)
    run_id = session.state.run.run_id
    session.files.open(model)
    qtbot.waitUntil(lambda: session.state.run.run_id > run_id)


def test_an_error_goes_when_something_is_opened(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    notices, good, bad = session.window.notices, tmp_path / "good.json", tmp_path / "bad.json"
    save_session(qtbot, session, good)
    bad.write_text("{}")
    session.files.open(bad)
    qtbot.waitUntil(lambda: "bad.json" in notices.text())
    message = session.window.samples.message
    session.controller.open_data(tmp_path / "nothing")
    qtbot.waitUntil(lambda: "nothing" in message.text())
    with qtbot.waitSignal(session.files.restorer.finished):
        session.files.open(good)
    assert notices.text() == message.text() == ""
    session.controller.open_data(tmp_path / "nothing")
    qtbot.waitUntil(lambda: "nothing" in message.text())
    session.controller.open_data(write_npz(tmp_path / "few.npz"))
    qtbot.waitUntil(lambda: session.window.windowTitle() == "few · CNNViz")
    assert message.text() == ""


def test_a_session_of_mnist_offers_mnist(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    path = tmp_path / "digits.json"
    session.controller.on_sample_requested(7)
    save_session(qtbot, session, path)
    with opened(qtbot, tmp_path / "other.ini", write_pictures(tmp_path / "zoo")) as other:
        notices = other.window.notices
        with qtbot.waitSignal(other.files.restorer.finished):
            other.files.open(path)
        assert notices.text() == (
            "digits.json does not fit the open data: it tells 0, 1 apart, which zoo does not have. "
            "Use MNIST first, then the session."
        )
        assert notices.action_button().text() == "Use MNIST"
        with qtbot.waitSignal(other.files.restorer.finished) as done:
            notices.action_button().click()
        assert done.args == [True]
        assert other.state.dataset.name == "MNIST"
        assert other.state.sample.index == 7
        assert other.state.run.status is RunStatus.READY
        assert "digits.json" not in notices.text()


def test_any_file_of_a_data_set_stands_for_it(tmp_path: Path) -> None:
    two = tmp_path / "two"
    write_idx_folder(two, tiny_arrays(2), prefix="a-")
    write_idx_folder(two, tiny_arrays(3), prefix="b-")
    assert load_dataset(data_path_of(two / "b-t10k-labels-idx1-ubyte")).name == "b"
    one = write_idx_folder(tmp_path / "one", tiny_arrays(2))
    (one / "mapping.txt").write_text("0 65\n1 66\n")
    assert data_path_of(one / "mapping.txt") == one
    zoo = write_pictures(tmp_path / "zoo", ("ant", "bee"), 2)
    assert data_path_of(zoo / "bee" / "001.png") == zoo
    notes = tmp_path / "notes.txt"
    notes.write_text("about nothing")
    assert data_path_of(notes) == notes
