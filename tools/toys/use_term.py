"""Fit and report with a season that regions share, stated by name in a study."""

import tempfile
from pathlib import Path

import bayes_nqp as nqp

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
terms = [{ type = "Seasons", length = 5.0 }]
[sampler]
seed = 1
[checks]
run = ["identification"]
[report]
formats = ["html"]
"""

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "toy.toml"
    path.write_text(STUDY, encoding="utf-8")
    nqp.studies.run(path, Path(folder) / "out", progress=False)
    pages = [p.read_text(encoding="utf-8") for p in (Path(folder) / "out").rglob("*.html")]
    assert any("share a season of 5 periods" in page for page in pages)

assert nqp.Seasons(3.0).length == 3.0
