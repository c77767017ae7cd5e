"""Name an estimand in a study, and find it in the table, the report and the schema."""

import json
import tempfile
from pathlib import Path

import bayes_nqp as nqp
from bayes_nqp.effects.estimands import ESTIMANDS

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
[checks]
run = []
[report]
estimands = ["at_adoption"]
formats = ["html"]
"""

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "toy.toml"
    path.write_text(STUDY, encoding="utf-8")
    outcome = nqp.studies.run(path, Path(folder) / "out", progress=False)
    pages = [p.read_text(encoding="utf-8") for p in (Path(folder) / "out").rglob("*.html")]
    assert any("Effect at adoption" in page for page in pages)

draws = ESTIMANDS["at_adoption"](outcome.fit)
assert float((draws - nqp.att(outcome.fit, "event_time").sel(event_time=0)).max()) == 0.0
assert "at_adoption" in json.dumps(nqp.studies.json_schema())
