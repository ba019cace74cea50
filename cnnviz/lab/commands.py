"""What the command line does with labs: check a file, do one without a window, verify hand-ins."""

from collections.abc import Iterator, Mapping
from operator import ge
from pathlib import Path

from cnnviz.cli import Arguments
from cnnviz.datasets import Dataset
from cnnviz.datasets.load import is_mnist
from cnnviz.document import archive
from cnnviz.errors import CNNVizError, DataError
from cnnviz.experiment import Experiment
from cnnviz.files import atomic_write, printable, printable_name
from cnnviz.headless import percent_bar, require_places, write_report_files
from cnnviz.lab.course import figures_beside, find_lab, is_course, known_labs, lab_data, made_course, open_lab
from cnnviz.lab.document import lab_document
from cnnviz.lab.figures import figure_in
from cnnviz.lab.markup import FigureFile
from cnnviz.lab.measured import hand_in, measured_lab, seed_for
from cnnviz.lab.measures import measure
from cnnviz.lab.model import Lab, Show
from cnnviz.lab.pictures import PICTURES, Case
from cnnviz.lab.reading import check_lab
from cnnviz.lab.record import LabRecord
from cnnviz.lab.toml_lines import Mistake, Place, line_at, lines_of
from cnnviz.output import BAD_INPUT, Output, complain
from cnnviz.quantities import format_many
from cnnviz.report.bench import Bench
from cnnviz.training import steps_in_epoch


def run_command(arguments: Arguments) -> int:
    """Do what the command line asked for, and return the exit status; raises `CNNVizError`."""
    if arguments.lab_check is not None:
        return run_lab_check(arguments.lab_check, arguments.data)
    return run_verify(arguments) if arguments.verify else run_lab(arguments)


def run_lab_check(path: Path, data: Path | None = None) -> int:
    """Tell every mistake of a lab file in a sentence with its line; return the exit status."""
    place = find_lab(path)
    name = printable_name(place)
    lab, mistakes = check_lab(place)
    if lab is not None:
        mistakes = unusable(lab, figures_beside(lab, place.parent), data)
    for mistake in mistakes:
        complain(mistake.sentence(name))
    if lab is None or mistakes:
        return BAD_INPUT
    counts = len(lab.steps), sum(len(step.measurements) for step in lab.steps), lab.minutes
    many = map(format_many, counts, ("step", "measured number", "minute"))
    Output().say(f"{name} has no mistakes: {', '.join(many)}.")
    return 0


def run_lab(arguments: Arguments) -> int:
    """Measure a lab without a window, write what would be handed in, and return the exit status."""
    assert arguments.lab is not None
    output = Output()
    targets = arguments.results, arguments.report, arguments.html, arguments.course
    require_places(*targets, new=arguments.figures)
    lab, figures = open_lab(find_lab(arguments.lab))
    dataset = lab_data(_data_of(arguments), lab.experiment.classes)
    seed = seed_for(lab, arguments.roll_number)
    whose = ""
    if lab.seed_from_roll_number:
        number = arguments.roll_number.strip()
        whose = (
            f", made of the roll number {number!r}" if number else ", that of everybody without a roll number"
        )
    named = f"{printable(lab.title)} (lab {lab.id}, version {lab.version}), {printable(dataset.name)}"
    output.say(f"{named}, seed {seed}{whose}")
    with percent_bar() as progress:
        numbers = measured_lab(lab, dataset, seed, with_results=arguments.wants_report, progress=progress)
    record = LabRecord.of(lab)
    handed = hand_in(lab, record, numbers, name=arguments.author, roll_number=arguments.roll_number)
    for each in numbers.measured:
        output.say(f"{each.step}: {each.title}: {printable(each.words)}")
    if arguments.results is not None:
        with output.going_on():
            atomic_write(arguments.results, handed.to_json().encode("ascii"))
            output.say(f"Wrote the results to {arguments.results}.")
    if arguments.wants_report:
        write_report_files(arguments, lab_document(lab, handed, record, numbers), output)
    if arguments.course is not None:
        with output.going_on():
            with_data = not is_mnist(dataset.sha256, dataset.classes)
            course = made_course(lab, figures, dataset, with_data=with_data, seed=seed)
            archive.save(arguments.course, *course)
            output.say(f"Wrote the course to {arguments.course}; its network has seed {seed}.")
    return output.status


def run_verify(arguments: Arguments) -> int:
    """Check hand-ins, write a table with a row for each student, and return the exit status."""
    # Only here, for it starts processes.
    from cnnviz.lab.grade_table import summary, to_csv, to_html
    from cnnviz.lab.submissions import read_class_list
    from cnnviz.lab.verifying import verify

    table = arguments.table or Path("results.csv")
    require_places(table, arguments.pages)
    labs = known_labs(arguments.lab)
    students = None if arguments.class_list is None else read_class_list(arguments.class_list)
    own = [each for each in (table, arguments.pages, arguments.class_list) if each]
    with percent_bar() as progress:
        rows = verify(
            arguments.verify, labs, _data_of(arguments), progress=progress, without=own, students=students
        )
    output = Output()
    atomic_write(table, to_csv(rows))
    files = [table]
    if arguments.pages is not None:
        with output.going_on():
            atomic_write(arguments.pages, to_html(rows))
            files.append(arguments.pages)
    output.say(f"{summary(rows)} Wrote {' and '.join(map(str, files))}.")
    return output.status


def _data_of(arguments: Arguments) -> Path | None:
    """Return where the data are: those that were named, or those of a course file."""
    if arguments.data is not None or arguments.lab is None or not is_course(arguments.lab):
        return arguments.data
    return arguments.lab


def unusable(lab: Lab, figures: Mapping[str, bytes], data: Path | None = None) -> list[Mistake]:
    """Try all on untrained networks, with MNIST or other data; return what cannot be shown or measured.

    * `figures`: what is in their files.
    """
    lines, mistakes = lines_of(lab.source), set[Mistake]()

    def complain(text: str, *place: str | int) -> None:
        mistakes.add(Mistake(line_at(lines, place), text))

    def refused(error: CNNVizError, *place: str | int) -> None:
        complain(f"this cannot be measured: {str(error).rstrip('.')}; correct it", *place)

    for number, step in enumerate(lab.steps):
        for name in (each.name for each in step.blocks if isinstance(each, FigureFile)):
            try:
                figure_in(name, figures[name])
            except CNNVizError as error:
                complain(f"this figure cannot be shown: {str(error).rstrip('.')}", "step", number, "text")
    try:
        dataset = lab_data(data, lab.experiment.classes)
    except CNNVizError as error:
        lacking = set(lab.experiment.classes) - set(lab_data(data).available_classes)
        if not lacking:
            raise
        named = "settings" if ("settings", "classes") in lines else "preset"
        complain(f"{str(error).rstrip('.')}; correct it", named, "classes")
        return sorted(mistakes)
    for entry, text in _unshowable(lab.start, lab.experiment, dataset):
        complain(text, "start", entry)
    benches: dict[Experiment, Bench] = {}
    for number, step in enumerate(lab.steps):
        experiment = lab.experiment_of(step)
        try:
            if experiment not in benches:
                network = experiment.build_network(dataset.input_shape)
                benches[experiment] = Bench(experiment, dataset, network, 0)
        except CNNVizError as error:
            refused(error, "step", number, "show", "settings")
            continue
        for entry, text in _unshowable(step.show, experiment, dataset):
            complain(text, "step", number, "show", entry)
        places: list[Place] = [("measured", each) for each in range(len(step.measured))]
        if step.prediction is not None:
            places.insert(0, ("prediction",))
        for place, measurement in zip(places, step.measurements, strict=True):
            try:
                measure(step.id, measurement, benches[experiment])
            except CNNVizError as error:
                refused(error, "step", number, *place, "measure")
        if step.reveal is not None and step.prediction is not None:
            case = Case(benches[experiment], step.prediction.measure, None)
            try:
                PICTURES[step.reveal.picture].made(case, step.reveal.parameters)
            except DataError:
                pass  # it is of a run, and there is none
            except CNNVizError as error:
                refused(error, "step", number, "reveal", "picture")
    return sorted(mistakes)


def _unshowable(show: Show, experiment: Experiment, dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Yield what a step or the start wants to show, and the data or the network do not have, by its entry."""
    count = len(dataset.test_labels)
    last = experiment.epochs * steps_in_epoch(len(dataset.train_labels), experiment.batch_size)
    if show.sample is not None and show.sample >= count:
        has = f"the data have images 0 to {count - 1}; choose one of them"
        yield "sample", f"there is no test image {show.sample}, for {has}"
    if isinstance(show.moment, int) and show.moment > last:
        has = f"it ends at step {last}; choose an earlier one, or more epochs"
        yield "moment", f"the run has no step {show.moment}, for {has}"
    if show.pinned is not None:
        stage, index = show.pinned.stage, show.pinned.index
        network = experiment.build_network(dataset.input_shape)
        shape = {"input": network.input_shape, **network.shapes}.get(stage)
        if shape is None or len(shape) != len(index) or any(map(ge, index, shape)):
            has = "no such stage" if shape is None else f"cells of the shape {shape} there"
            yield "pinned", f"the network has no cell {list(index)} of {stage!r}: it has {has}; correct it"
