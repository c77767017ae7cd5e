"""Fit, save, check and report with a design of policies that end, stated by name in a study."""

import tempfile
from pathlib import Path

import bayes_nqp as nqp

STUDY = """
title = "Toy"
[data]
simulation = "staggered"
[data.options]
units = 40
periods = 9
cohorts = [4, 6]
seed = 1
[design]
type = "Spell"
length = 2
effect = "CompletePooling"
[sampler]
seed = 1
[checks]
run = ["identification", "error_model"]
[report]
formats = ["html"]
"""

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "toy.toml"
    path.write_text(STUDY, encoding="utf-8")
    nqp.studies.run(path, Path(folder) / "out", progress=False)
    pages = [p.read_text(encoding="utf-8") for p in (Path(folder) / "out").rglob("*.html")]
    assert any("Average effect" in page or "average effect" in page for page in pages)
    fits = list((Path(folder) / "out").rglob("*.nc"))
    fit = nqp.load(fits[0])
    assert type(fit.design).__name__ == "Spell"
    assert set(nqp.att(fit, by="event_time")["event_time"].to_numpy()) == {0, 1}
