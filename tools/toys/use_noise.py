"""Fit, save, check and report with moving-average errors, stated by name in a study."""

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
errors = "MovingAverage"
effect = "Complete"
[sampler]
seed = 1
[checks]
run = ["error_model"]
[report]
formats = ["html"]
"""

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "toy.toml"
    path.write_text(STUDY, encoding="utf-8")
    nqp.studies.run(path, Path(folder) / "out", progress=False)
    pages = [p.read_text(encoding="utf-8") for p in (Path(folder) / "out").rglob("*.html")]
    assert any("moving average" in page for page in pages), [len(page) for page in pages]
