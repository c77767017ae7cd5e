"""Run a study whose outcome is at constant prices, by a table of its own."""

import json
import tempfile
from pathlib import Path

import bayes_nqp as nqp

STUDY = """
title = "Toy"
[data]
simulation = "staggered"
outcome = "real"
[data.options]
units = 40
periods = 8
cohorts = [4, 6]
seed = 1
[deflate]
column = "outcome"
index = { INDEX }
[design]
effect = "CompletePooling"
[sampler]
seed = 1
[checks]
run = ["identification"]
[report]
formats = ["html"]
"""

with tempfile.TemporaryDirectory() as folder:
    path, out = Path(folder) / "toy.toml", Path(folder) / "out"
    index = ", ".join(f"{period} = {1.02**period}" for period in range(1, 9))
    path.write_text(STUDY.replace("INDEX", index), encoding="utf-8")
    frame = nqp.studies.run(path, out, progress=False).study.panel.frame
    assert abs(frame["outcome"] / frame["real"] - 1.02 ** frame["time"]).max() < 1e-12
    assert "[deflate.index]" in (out / "study.toml").read_text(encoding="utf-8")
    assert "constant prices" in (out / "provenance.json").read_text(encoding="utf-8")

assert "Deflate" in json.dumps(nqp.studies.json_schema())
