"""Files of labs and courses: what is right is read whole, what is wrong gets one sentence."""

import hashlib
import json
import re
import string
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.document import archive
from cnnviz.document.run import PREPARED, unpack_run
from cnnviz.errors import CNNVizError, DataError, ParameterError
from cnnviz.file_kinds import DOCUMENT, kind_of
from cnnviz.lab.course import dataset_in, lab_data, lab_in, made_course, open_lab
from cnnviz.lab.events import EVENTS
from cnnviz.lab.markup import FigureFile, FormulaLine, Paragraph, Span, parse_formula, parse_text, plain_text
from cnnviz.lab.measures import MEASURES
from cnnviz.lab.model import PARTS
from cnnviz.lab.pictures import PICTURES
from cnnviz.lab.reading import check_lab, load_lab, parse_lab
from cnnviz.lab.toml_lines import lines_of
from cnnviz.report.blocks import Document, Formula
from cnnviz.report.pdf import to_pdf
from cnnviz.training import Trainer
from tests.engine.document_cases import members_of, zipped
from tests.engine.lab_cases import SMALL, command, small_lab
from tests.oracles import assert_same_arrays
from tests.processes import ROOT
from tests.replacing import replace
from tests.small_data import first_images, write_npz

LABS = ROOT / "resources" / "labs"


@pytest.mark.parametrize("path", sorted(LABS.glob("*.toml")), ids=lambda path: path.stem)
def test_the_labs_of_the_program_have_no_mistakes_begin_with_something_to_press_and_name_no_keys(path):
    lab, mistakes = check_lab(path)
    assert mistakes == []
    assert lab.id == path.stem
    for section in lab.sections:
        assert lab.of_section(section.id), f"no step belongs to {section.id}"
    if lab.is_free:
        return
    assert {each.event for each in lab.steps[0].done_when} - {"words", "predicted"}, "what can be pressed"
    assert lab.steps[0].minutes <= 5
    for step in lab.steps:
        text = plain_text(step.blocks)
        assert not re.search(r"Ctrl|F\d|\bTab\b|Page Up|by keys", text), step.id
    assert "hand in this one pdf" in plain_text(lab.steps[-1].blocks).lower()


def test_lab5_takes_an_hour_and_covers_the_exercise():
    lab = load_lab(LABS / "lab5.toml")
    assert 60 <= lab.minutes <= 90
    asked = {step.prediction.truth.measure for step in lab.steps if step.prediction is not None}
    assert {
        "test_accuracy", "window_winner", "dots_cells_changed", "change", "decision_flips",
        "window_receivers", "gradient_tie_rule",
    } <= asked  # fmt: skip
    for section in lab.sections[:3]:
        first, *rest = lab.of_section(section.id)
        assert {each.part for each in first.questions} == {"objective", "hypothesis"}
        assert first.prediction is None, "what one expects comes before what is measured"
        assert not any(each.is_hypothesis for step in rest for each in step.questions)
        parts = {each.part for step in (first, *rest) for each in step.questions}
        assert parts == set(PARTS), f"the report of {section.id} has every part of the exercise"


def test_a_text_has_strong_words_code_and_formulas_and_is_no_markup_of_another_language():
    words, formula = small_lab().step("guess").blocks
    assert isinstance(formula, FormulaLine)
    spans = (Span("A "), Span("strong", "strong"), Span(" word and "), Span("code", "code"), Span("."))
    assert words == Paragraph(spans)
    (block,) = parse_text(text := "<script>alert(1)</script> #eval [x](http://a)")
    assert block == Paragraph((Span(text),))


def mistaken(old: str, new: str) -> tuple[str, int]:
    """The small lab with one line changed, and the number of the line."""
    assert SMALL.count(old) == 1, old
    line = SMALL[: SMALL.index(old)].count("\n") + 1
    return SMALL.replace(old, new), line + (len(old) - len(old.lstrip("\n")))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('version = "1"', "version = 1", "'version' of the lab is 1, but a text"),
        ('title = "A small lab"', 'title = ""', "'title' of the lab is ''"),
        ("filters = [2]", "filter = [2]", "'filter' is no setting"),
        ("learning_rate = 0.01", 'learning_rate = "slow"', "'learning_rate'"),
        ('moment = "start"', 'moment = "middle"', "one of end, start"),
        ("shift = { dx = 1 }", "shift = { dx = 1, dz = 2 }", "'dz' is no entry"),
        ("shift = { dx = 1 }", "shift = 3", "a table"),
        ("settings = { pool = \"average\" }", "settings = { seed = 3 }", "'seed' cannot change within a lab"),
        ("views.translation = {", "views.translations = {", "no panel"),
        ('pair = "sides" }', "pair = { a = 1 } }", "'pair' is a table"),
        ('pair = "sides" }', 'pairs = "sides" }', "'pairs' is no choice of the panel 'translation'"),
        ('pair = "sides" }', "pair = 2 }", "the choice 'pair' of the panel 'translation' is 2, but a text"),
        ('pair = "sides" }', 'many = "yes" }', "'many' of the panel 'translation' is 'yes', but true"),
        ("filters = [2]", "classes = [4, 9]", 'write classes = ["4", "9"]'),
        ("filters = [2]", "filters = 2", "'filters' of Experiment must be a list. Got 2"),
        ('measure = "update_loss_change"', 'measure = "test_accuracy"', "choose one of update_loss_change"),
        ('measure = "test_loss"', 'measure = "own_probability"\nwith = { class = 4 }', 'such as "4", was'),
        ("$$ p_{i j} = frac{1}{4} sum_{a b} z_{2i+a 2j+b} $$", "$$ p_{i j = 1 $$", "is not closed"),
        ("$$ p_{i j} = frac{1}{4} sum_{a b} z_{2i+a 2j+b} $$", "$$ #eval $$", "'#' has no meaning"),
        ("$$ p_{i j} = frac{1}{4} sum_{a b} z_{2i+a 2j+b} $$", "$$ :lost $$", "no equation 'lost'"),
        ("A **strong** word and `code`.", "![x](../../secret.png)", "no name of a PNG"),
        ("A **strong** word and `code`.", "Look at {filter}.", "say which in [step.show]"),
        ('{ event = "visited", what = "backprop" }', '{ event = "visits" }', "such as visited"),
        ('{ event = "visited", what = "backprop" }', '{ event = "visited", what = "x" }', "one of training"),
        ('kind = "number"', 'kind = "numbers"', "one of cell, choice"),
        (', { name = "max_blur", text = "The blurred largest" }', "", "fewer than two 'choices'"),
        ('measure = "change"', 'measure = "changes"', "such as change"),
        ('measure = "change"', 'measure = "window_winner"', "answer a prediction of the kind 'number'"),
        ('with = { stage = "max", dx = 1 }', 'with = { stage = "max", dx = 99 }', "from -13 to 13"),
        ('with = { stage = "max", dx = 1 }', 'with = { stage = "max", qx = 1 }', "'qx' is no entry"),
        ("tolerance = 0.1", "tolerance = -1", "a number from 0"),
        ("tolerance = 0.1", "", "'tolerance' of"),
        ('question = "How much?"', "", "'question' of"),
        ("points = 3", 'points = "three"', "a number from 0 to 1000"),
        ('id = "click"', 'id = "guess"', "that of an earlier step"),
        ('text = "Why?"', "text = 5", "a text of at most"),
        ("learning_rate = 0.01", "filters = [3]", "no TOML"),
    ],
)  # fmt: skip
def test_each_mistake_gets_one_sentence_with_its_line(old, new, said):
    text, line = mistaken(old, new)
    lab, mistakes = parse_lab(text)
    assert lab is None
    (mistake,) = mistakes
    sentence = mistake.sentence("x.toml")
    assert said in sentence, sentence
    assert sentence.startswith("x.toml, line ")
    assert sentence.endswith(".")
    assert len(sentence) <= 300
    assert "\n" not in sentence
    lines = text.split("\n")
    wrong, found = (_around(lines, each) for each in (line, mistake.line))
    assert found == wrong, f"line {mistake.line} said, line {line} changed"


def _around(lines: list[str], line: int) -> str:
    """The table in which a line stands: what is missing is said where its table begins."""
    while line > 1 and not lines[line - 1].startswith("["):
        line -= 1
    return f"{line}: {lines[line - 1]}"


def test_all_mistakes_are_told_in_the_order_of_their_lines():
    text = SMALL.replace('version = "1"', "version = 1").replace("points = 3", "points = -3")
    _, mistakes = parse_lab(text)
    assert [mistake.line for mistake in mistakes] == sorted(mistake.line for mistake in mistakes)
    assert len(mistakes) == 2
    text, line = mistaken("tolerance = 0.1", "tolerance = -1")
    assert parse_lab(text)[1][0].line == line, "a wrong value is named by its own line"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "'id' of the lab is missing"),
        (b"\xff\xfe", "not in UTF-8"),
        (b"a = " + b"[" * 5000, "nested too deeply"),
        (b"a = " + b"9" * 5000, "too long"),
        (b".".join([b"a"] * 60_000) + b" = 1", "nested too deeply"),
        (b"[" + b" . ".join([b"a"] * 20_000) + b"]", "nested too deeply"),
        (b"\x00", "no TOML"),
        (b"x" * (200 << 10), "too large"),
    ],
)
def test_what_is_no_lab_is_refused_in_a_sentence(tmp_path, content, said):
    (path := tmp_path / "x.toml").write_bytes(content)
    with pytest.raises(DataError, match=said):
        load_lab(path)


def test_a_figure_that_is_not_there_is_told(tmp_path):
    path = tmp_path / "x.toml"
    text, line = mistaken("A **strong** word and `code`.", "![A picture](picture.png)")
    path.write_text(text, encoding="utf-8")
    lab, mistakes = check_lab(path)
    assert lab is None
    assert "picture.png" in mistakes[0].text
    assert _around(text.split("\n"), mistakes[0].line) == _around(text.split("\n"), line)
    (tmp_path / "picture.png").write_bytes(b"")
    lab, mistakes = check_lab(path)
    assert lab.steps[0].blocks[0] == FigureFile("picture.png", "A picture")


NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=4)
SCALARS = st.one_of(
    st.integers(-99, 99).map(str),
    st.sampled_from(
        ['"a # b"', "'[x]'", '"""\n[no]\nx = 1\n"""', "'''\n# '\n'''", "[1,\n 2]", "{ a = [1, 2] }", '"\\""']
    ),
)


@given(st.lists(st.tuples(NAMES, SCALARS, st.sampled_from(["", " # [c]", "\n"])), unique_by=lambda t: t[0]))
def test_lines_of_keys_are_those_on_which_they_stand(pairs):
    text, expected = "", {}
    for number, (name, value, end) in enumerate(pairs):
        text += f"[[t]]\n[t.{name}]\n"
        expected["t", number, name, name] = text.count("\n") + 1
        text += f"  {name} = {value}{end}\n"
    tomllib.loads(text)
    lines = lines_of(text)
    assert {place: line for place, line in lines.items() if place in expected} == expected


# --- formulas -----------------------------------------------------------------------------------------------


FORMULAS = (
    "r = frac{norm{w_after − w_before}}{norm{w_before}}",
    "z_{f i j} = sum_{a b} w_{f a b} x_{i+a j+b}",
    "p = frac{1}{1 + f(x, y)}",
    "L = −ln p_y",
    "a [b] * c / d | e : f",
)
SIGNS = st.sampled_from([*list("ab12+-=(),[]|_{}∂εΣ"), "frac", "sum", "norm", "log", "max", "f("])


def test_formulas_and_whatever_else_is_let_through_are_set_in_print():
    let_through = [parse_formula(text) for text in FORMULAS]

    @given(st.lists(SIGNS, max_size=12))
    def try_any(tokens):
        with suppress(ParameterError):
            let_through.append(parse_formula(" ".join(tokens)))

    try_any()
    assert len(let_through) > 15
    blocks = tuple(map(Formula, let_through[:60]))
    assert to_pdf(Document("t", "", "", "", blocks)).startswith(b"%PDF")


@pytest.mark.parametrize("text", ["#eval(1)", "a \\ b", '"x"', "$x$", "a & b", "a;b", "x^2", "@ref", "`x`"])
def test_no_formula_is_a_program(text):
    with pytest.raises(ParameterError):
        parse_formula(text)


GUIDE = (ROOT / "docs" / "guide" / "lab-files.md").read_text(encoding="utf-8")


def test_the_guide_names_every_measure_every_picture_with_its_facts_and_every_event():
    for name, each in (*MEASURES.items(), *PICTURES.items()):
        row = next(line for line in GUIDE.splitlines() if line.startswith(f"| `{name}` |"))
        named = [*(one.name for one in each.parameters), *getattr(each, "facts", ())]
        assert all(f"`{one}`" in row for one in named)
    for name in EVENTS:
        assert f"\n| `{name}` |" in GUIDE


def test_the_lab_in_the_guide_has_no_mistakes():
    block = GUIDE.partition('    id = "shift"')
    lines = (block[1] + block[2]).split("\n## ")[0].splitlines()
    lab, mistakes = parse_lab("\n".join(line.removeprefix("    ") for line in lines))
    assert mistakes == []
    assert lab.steps[0].prediction.truth.parameters["dx"] == 1


@pytest.fixture(scope="module")
def made():
    lab, mistakes = parse_lab(SMALL.replace("A **strong** word and `code`.", "![A picture](picture.png)"))
    assert lab is not None, mistakes
    experiment = replace(lab.experiment, classes=("zero", "one"), log_every=20, optimizer="adam")
    data = replace(first_images((0, 1), 60, 40), classes=("zero", "one"), name="My digits")
    lab = replace(lab, experiment=experiment)
    return lab, data, made_course(lab, {"picture.png": b"\x89PNG"}, data, with_data=True, seed=9)


@pytest.fixture(scope="module")
def saved(made, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("course") / "a.cnnviz"
    archive.save(path, *made[2])
    return path


def prepared_in(path: Path):
    document, files = archive.load(path)
    assert document.prepared is not None
    return unpack_run(document.prepared, files, document.data.name, (1, 28, 28), PREPARED)


def test_everything_comes_back(made, saved):
    lab, data, _course = made
    document, files = archive.load(saved)
    again, figures = lab_in(files)
    assert (again.source, figures) == (lab.source, {"picture.png": b"\x89PNG"})
    assert (document.kind, document.run, document.lab) == ("course", None, "lab.toml")
    found = dataset_in(document, files)
    assert (found.classes, found.name, found.sha256) == (("zero", "one"), "My digits", data.sha256)
    assert np.array_equal(found.train_images, data.train_images)
    assert document.seen.step == 0, "nothing of later is on the screen"
    anything = saved.rename(saved.with_name("anything"))
    assert kind_of(anything) == DOCUMENT, "a course is known by its content"
    anything.rename(saved)


def test_its_run_is_the_one_that_its_settings_give(made, saved):
    _lab, data, _course = made
    run = prepared_in(saved)
    trainer = Trainer(run.experiment.build_network(), data, run.experiment)
    progress = trainer.advance(trainer.total_steps)
    assert run.experiment.seed == 9
    assert run.live.step == trainer.total_steps == 60
    assert np.array_equal(run.history.losses, progress.losses)
    assert_same_arrays(run.live.network.params, trainer.network.params)
    assert [point.step for point in run.history.tests] == [0, 60]
    assert {0, 60} <= set(run.history.snapshots.steps)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.pop("lab.toml"), "'lab.toml' is missing"),
        (lambda m: m.update({"lab.toml": b"id = 3"}), "lab.toml, line 1"),
        (lambda m: m.update({"lab.toml": b"\xff"}), "not in UTF-8"),
        (lambda m: m.pop("figures/picture.png"), "picture.png"),
        (lambda m: m.update({"figures/../x.png": b""}), "not named in it"),
    ],
)
def test_what_is_wrong_with_a_course_is_told_in_a_sentence(
    saved, tmp_path, change: Callable[[dict[str, bytes]], object], said: str
):
    members = members_of(saved.read_bytes())
    change(members)
    described = json.loads(members["document.json"])
    if "lab.toml" in members:
        lab = members["lab.toml"]
        described["parts"]["lab.toml"] = {"size": len(lab), "sha256": hashlib.sha256(lab).hexdigest()}
    members["document.json"] = json.dumps(described).encode()
    (path := tmp_path / "x.cnnviz").write_bytes(zipped(members))
    with pytest.raises(DataError, match=said) as caught:
        open_lab(path)
    assert str(caught.value).startswith("x.cnnviz cannot be opened: ")


def test_data_that_are_not_those_that_were_put_in_are_refused(saved):
    document, files = archive.load(saved)
    with pytest.raises(CNNVizError):
        dataset_in(document, {**files, "data.npz": b"PK"})


def test_a_course_is_made_and_used_from_the_command_line(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    data = write_npz(tmp_path / "digits.npz")
    made = command(
        "--headless", "--lab", "small.toml", "--data", data, "--course", "c.cnnviz", "--results", "a.json",
        "--html", "a.html", "--roll-number", "21-CS-0007", "--author", "Somebody", cwd=tmp_path,
    )  # fmt: skip
    assert (made.returncode, made.stderr) == (0, "")
    assert "made of the roll number '21-CS-0007'" in made.stdout
    assert "guess: mean loss on the test images" in made.stdout
    handed = json.loads((tmp_path / "a.json").read_text())
    assert (handed["name"], handed["answers"]) == ("Somebody", {})
    run = prepared_in(tmp_path / "c.cnnviz")
    assert run.history.step == run.live.step == 30
    assert f"its network has seed {run.experiment.seed}" in made.stdout
    assert len(lab_data(tmp_path / "c.cnnviz").test_labels) == 20
    data.unlink()
    again = ("--results", "b.json", "--roll-number", "21-CS-0007")
    used = command("--headless", "--lab", "c.cnnviz", *again, cwd=tmp_path)
    assert (used.returncode, used.stderr) == (0, "")
    numbers = [json.loads((tmp_path / name).read_text())["measured"] for name in ("a.json", "b.json")]
    assert numbers[0] == numbers[1]
    checked = command("--verify", "a.json", "a.html", "--lab", "c.cnnviz", cwd=tmp_path)
    assert checked.stdout.startswith("1 hand-in: 1 ok"), checked.stderr
