"""Lab reports: the words of a student and the measurements of the lab, as HTML, PDF or folder.

`run_lab` measures, `findings_of` makes parts of a report of it, `build_document` puts the words around them;
`write_pdf`, `write_html` and `write_folder` write the file. Nothing here needs a window.
"""

from cnnviz.report.content import Demonstration, Report, Version
from cnnviz.report.document import build_document
from cnnviz.report.findings import Findings, MeasuredWith, findings_of
from cnnviz.report.html import write_html
from cnnviz.report.inserts import Insert
from cnnviz.report.lab import LabResults, LabSettings, measure_lab, run_lab
from cnnviz.report.pdf import write_folder, write_pdf

__all__ = [
    "Demonstration",
    "Findings",
    "Insert",
    "LabResults",
    "LabSettings",
    "MeasuredWith",
    "Report",
    "Version",
    "build_document",
    "findings_of",
    "measure_lab",
    "run_lab",
    "write_folder",
    "write_html",
    "write_pdf",
]
