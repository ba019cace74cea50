"""What is in a report as files of their own: figures as PNG, numbers as CSV, results as JSON."""

import os
from collections.abc import Iterator

from cnnviz.errors import CNNVizError
from cnnviz.files import atomic_write_folder
from cnnviz.report.blocks import Data, Document
from cnnviz.report.pdf import to_pngs
from cnnviz.spreadsheet import rows_in, to_csv


def write_folder(document: Document, folder: str | os.PathLike[str]) -> None:
    """Write the figures and tables of a report into a new folder, whole or not at all.

    It holds ``figure-NAME.png``, the numbers of figures and tables as ``figure-NAME.csv`` and
    ``table-NAME.csv``, and the results as ``results.json``, where there are any.

    * Raises CNNVizError: if there is a file or folder of this name, if it cannot be written, or if
      the report has nothing to put into it.
    """
    files = dict(_files(document))
    if not files:
        raise CNNVizError(
            "This report has no figure and no table yet, so a folder would be empty: run the lab, or insert "
            "figures, and export again."
        )
    atomic_write_folder(folder, files)


def _files(document: Document) -> Iterator[tuple[str, bytes]]:
    figures = document.figures
    for figure, picture in zip(figures, to_pngs(figures), strict=True):
        yield f"figure-{figure.name}.png", picture
        if figure.data is not None:
            yield f"figure-{figure.name}.csv", _csv(figure.data)
        elif figure.csv:  # of a report that was opened, perhaps, and so of anybody
            yield f"figure-{figure.name}.csv", to_csv(rows_in(figure.csv))
    for table in document.tables:
        yield f"table-{table.name}.csv", _csv(table.data)
    if document.results:
        yield "results.json", document.results.encode("ascii")


def _csv(data: Data) -> bytes:
    return to_csv((data.header, *data.rows))
