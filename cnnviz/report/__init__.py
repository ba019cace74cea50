"""Lab reports: measurements, and what is made of them, as HTML, PDF or folder.

`RESULTS` makes, by name, blocks of what is found on a `Bench`; `write_pdf`, `write_html` and
`write_folder` write a `Document`. `cnnviz.lab.document` puts what a student has written around them. Nothing
here needs a window.
"""

from cnnviz.report.bench import Bench, LabSettings, trained
from cnnviz.report.html import write_html
from cnnviz.report.inserts import Insert
from cnnviz.report.pdf import write_folder, write_pdf
from cnnviz.report.results import RESULTS

__all__ = [
    "RESULTS",
    "Bench",
    "Insert",
    "LabSettings",
    "trained",
    "write_folder",
    "write_html",
    "write_pdf",
]
