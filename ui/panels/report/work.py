"""What the panel has done in the background: plain functions that know no widget."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from PySide6.QtGui import QImage

from cnnviz.clock import now
from cnnviz.datasets import Dataset
from cnnviz.errors import CNNVizError, DataError
from cnnviz.experiment import Experiment
from cnnviz.files import printable
from cnnviz.report import (
    Findings,
    LabSettings,
    MeasuredWith,
    findings_of,
    run_lab,
    write_folder,
    write_html,
    write_pdf,
)
from cnnviz.report.blocks import Document
from cnnviz.report.pdf import PREVIEW_SECONDS, to_pages
from ui.panels.analysis import Context

FILTERS = {
    "PDF (*.pdf)": ".pdf",
    "HTML, one file (*.html)": ".html",
    "Folder with figures and tables (*)": "",
}
"""Kinds of files a report is written to, as a file dialog offers them, and their endings."""

ENDINGS = (".pdf", ".html", ".htm")
"""Endings of files; a name without one of them is that of a folder."""


def lab_work(experiment: Experiment, dataset: Dataset, sample: int) -> Callable[[Context], Findings]:
    """Return the function that runs the lab."""

    def work(context: Context) -> Findings:
        results = run_lab(
            experiment,
            dataset,
            LabSettings(sample=sample),
            progress=lambda _stage, share: context.report(share),
            cancelled=lambda: context.cancelled,
        )
        return findings_of(results, now())

    return work


def again_work(before: MeasuredWith, dataset: Dataset) -> Callable[[Context], Findings]:
    """Return the function that runs the lab with what it was measured with before.

    It raises `CNNVizError` where the data are others.
    """

    def work(context: Context) -> Findings:
        wanted = before.experiment.classes
        try:
            data = dataset if dataset.classes == wanted else dataset.select(wanted)
        except CNNVizError:
            data = None
        if data is None or data.sha256 != before.data_sha256:
            raise DataError(
                f"The report was measured with other images ({printable(before.data_name)}) than are open. "
                "Open those data to measure the same again, or run the lab with what is open."
            )
        return lab_work(before.experiment, data, before.sample)(context)

    return work


def preview_work(compose: Callable[[], Document], dpi: float) -> Callable[[Context], list[QImage]]:
    """Return the function that sets the pages of the preview, and decodes them: that takes as long again."""

    def work(context: Context) -> list[QImage]:
        pages = to_pages(compose(), dpi, PREVIEW_SECONDS, cancelled=lambda: context.cancelled)
        return [_decoded(content) for content in pages]

    return work


def _decoded(content: bytes) -> QImage:
    from PIL import Image  # here: the window starts sooner without it

    # Not by Qt, which holds Python's lock meanwhile and joins objects by signals: it may then wait for the
    # GUI thread while that waits for it.
    with Image.open(BytesIO(content)) as page:
        pixels = page.convert("RGBA")
    image = QImage(pixels.tobytes(), *pixels.size, 4 * pixels.width, QImage.Format.Format_RGBA8888)
    return image.convertToFormat(QImage.Format.Format_RGB32)  # a copy, whose bytes are its own


def export_work(compose: Callable[[], Document], path: Path) -> Callable[[Context], Path]:
    """Return the function that writes the report; the ending of the name decides the kind of file."""

    def work(_context: Context) -> Path:
        document = compose()
        if path.suffix.lower() == ".pdf":
            write_pdf(document, path)
        elif path.suffix.lower() in ENDINGS:
            write_html(document, path)
        else:
            write_folder(document, path)
        return path

    return work


def with_ending(path: Path, chosen_filter: str) -> Path:
    """Return the path with the ending of the kind of file that is meant.

    A file dialog proposes a name for the first kind and keeps it when another is chosen: the chosen kind then
    decides. With the first, an ending that was typed decides.
    """
    ending = FILTERS.get(chosen_filter, ".pdf")
    has_own = path.suffix.lower() in ENDINGS
    if ending == ".pdf":
        return path if has_own else path.with_name(path.name + ending)
    if ending == ".html" and path.suffix.lower() in (".html", ".htm"):
        return path
    return path.with_name((path.stem if has_own else path.name) + ending)
