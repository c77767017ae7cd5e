"""Fit, save, check and report with moving-average errors, stated by name in a study."""

import tempfile
from pathlib import Path

import bayes_nqp as nqp

STUDY = """
title = "Toy"
[data]
simulation = "staggered"
units = 40
periods = 8
cohorts = [4, 6]
seed = 1
[design]
errors = "MovingAverage"
[sampler]
seed = 1
[checks]
run = ["error_model"]
"""

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "toy.toml"
    path.write_text(STUDY, encoding="utf-8")
    nqp.studies.run(path, Path(folder) / "out", progress=False)
    html = next((Path(folder) / "out").rglob("report.html")).read_text(encoding="utf-8")
    assert "moving average" in html
