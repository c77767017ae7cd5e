"""Write a paper with an exhibit of its own, whose check it runs."""

import tempfile
from pathlib import Path

import docx

import bayes_nqp as nqp
from bayes_nqp.output.reports import exhibits

STUDY = """
title = "Toy"
[data]
simulation = "staggered"
[data.options]
units = 40
periods = 8
cohorts = [4, 6]
seed = 1
[design]
effect = "CompletePooling"
[sampler]
seed = 1
[paper]
exhibits = ["data", "adoption_dates", "results"]
[figures]
draw = []
[report]
formats = ["docx"]
"""

names = exhibits()
assert names.index("data") < names.index("adoption_dates") < names.index("baseline")

with tempfile.TemporaryDirectory() as folder:
    path, out = Path(folder) / "toy.toml", Path(folder) / "out"
    path.write_text(STUDY, encoding="utf-8")
    study = nqp.studies.validate(path)
    assert "placebo_time" in study.checks
    nqp.studies.run(path, out, progress=False)
    document = docx.Document(str(out / "report" / "report.docx"))
    headings = [x.text for x in document.paragraphs if x.style.name == "Heading 1"]
    assert headings.index("Data and sample") < headings.index("Dates of adoption")
    assert "Units adopt from 4 to 6." in [x.text for x in document.paragraphs]
