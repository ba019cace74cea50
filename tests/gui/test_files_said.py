"""Files that are opened: each is told by what is in it, and what cannot be opened says what it is."""

import zipfile
from pathlib import Path

import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from cnnviz.datasets import load_dataset
from tests.engine.datasets_files import tiny_arrays, write_idx_folder
from tests.gui.driving import opened, save_picture
from tests.gui.whole_window import rest
from tests.picture_folders import write_pictures
from tests.small_data import write_npz
from ui.run.loading import data_path_of
from ui.session import Session
from ui.state import RunStatus


def _write_foreign(path: Path) -> None:
    if path.suffix == ".pt":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("net/data.pkl", b"\x80\x02}q\x00.")
    else:
        contents = {
            ".onnx": b"\x08\x08\x12\x07pytorch\x1a\x052.4.0:\x10" + bytes(100),
            ".pdf": b"%PDF-1.7\n1 0 obj",
            ".h5": b"\x89HDF\r\n\x1a\n" + bytes(100),
        }
        path.write_bytes(contents[path.suffix])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("net.onnx", "is an ONNX model"),
        ("net.pt", "is a file of PyTorch"),
        ("notes.pdf", "is a PDF document"),
        ("net.h5", "is an HDF5 file, as Keras writes its models"),
    ],
)
def test_a_file_of_another_program_is_named(
    qtbot: QtBot, session: Session, tmp_path: Path, name: str, words: str
) -> None:
    path, notices = tmp_path / name, session.window.notices
    _write_foreign(path)
    session.document.open(path)
    qtbot.waitUntil(lambda: f"{name} {words}, which CNNViz does not open" in notices.text())
    session.controller.open_data(path)
    message = session.window.samples.message
    qtbot.waitUntil(lambda: f"{name} {words}, but data" in message.text())


def test_what_a_file_is_opened_as_is_told_by_its_content(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
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
    run_id = session.state.run.run_id
    session.document.open(model)
    qtbot.waitUntil(lambda: session.state.run.run_id > run_id)


def test_an_error_goes_when_something_is_opened(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    notices, good, bad = session.window.notices, tmp_path / "good.png", tmp_path / "bad.cnnviz"
    save_picture(session, good)
    bad.write_text("{}")
    session.document.open(bad)
    qtbot.waitUntil(lambda: "bad.cnnviz" in notices.text())
    message = session.window.samples.message
    session.controller.open_data(tmp_path / "nothing")
    qtbot.waitUntil(lambda: "nothing" in message.text())
    with qtbot.waitSignal(session.document.restorer.finished):
        session.document.open(good)
    assert notices.text() == message.text() == ""


def test_a_view_of_mnist_offers_mnist(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    path = tmp_path / "digits.png"
    session.controller.on_sample_requested(7)
    save_picture(session, path)
    with opened(qtbot, tmp_path / "other.ini", write_pictures(tmp_path / "zoo")) as other:
        notices = other.window.notices
        with qtbot.waitSignal(other.document.restorer.finished):
            other.document.open(path)
        assert notices.text() == (
            "digits.png does not fit the open data: it tells 0, 1 apart, which zoo does not have. "
            "Use MNIST first, then the document."
        )
        assert notices.action_button().text() == "Use MNIST"
        with qtbot.waitSignal(other.document.restorer.finished) as done:
            notices.action_button().click()
        assert done.args == [True]
        assert other.state.dataset.name == "MNIST"
        assert other.state.sample.index == 7
        assert other.state.run.status is RunStatus.READY
        assert "digits.png" not in notices.text()


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
