"""Lab reports: measurements, and what is made of them, as HTML, PDF or folder.

`trained_run` and `measure_lab` measure, `RESULTS` makes blocks of it by name; `write_pdf`, `write_html` and
`write_folder` write a `Document`. `cnnviz.lab.document` puts what a student has written around them. Nothing
here needs a window.
"""

from cnnviz.report.html import write_html
from cnnviz.report.inserts import Insert
from cnnviz.report.lab import LabResults, LabSettings, measure_lab, trained_run
from cnnviz.report.pdf import write_folder, write_pdf
from cnnviz.report.results import RESULTS

__all__ = [
    "RESULTS",
    "Insert",
    "LabResults",
    "LabSettings",
    "measure_lab",
    "trained_run",
    "write_folder",
    "write_html",
    "write_pdf",
]
