"""Fit, save, check and report with moving-average errors, stated by name in a study."""

import tempfile
from pathlib import Path

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import ArgumentError
from bayes_nqp._core.plugins import registered

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
effect = "CompletePooling"
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
    sentence = "the ratio of white noise to shocks is half-normal with scale 0.5"
    assert any(sentence in page for page in pages)
    assert any("the prior of theta is normal with sd 0.5" in page for page in pages)
    assert not any("noise to innovations" in page for page in pages)

assert nqp.MovingAverage is registered("errors")["MovingAverage"]
for name, kind in registered("errors").items():
    for wrong in ("x", {"unknown": 1}):
        try:
            kind(**wrong) if isinstance(wrong, dict) else kind(wrong)
        except ArgumentError as error:
            words = str(error)
        assert name in words
