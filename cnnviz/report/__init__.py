"""Lab reports: measurements, and what is made of them, as HTML, PDF or folder.

`RESULTS` makes, by name, blocks of what is found on a `Bench`; `write_pdf`, `write_html` and
`write_folder` write a `Document`. `cnnviz.lab.document` puts what a student has written around them. Nothing
here needs a window.
"""
