"""A table of a study is one file: toys go from TOML to the record, and a real one taken away."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import jsonschema
import numpy as np
import pandas as pd
import pytest
from doors import STUDY_TABLES, StudyTable, study_table
from tools.toys.study_table import Deflate

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError, StudyError
from bayes_nqp.data.spatial_weights import SpatialWeights
from bayes_nqp.studies import json_schema, run, validate

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel

PACKAGE = Path(nqp.__file__).parent
del STUDY_TABLES["deflate"]
STUDY = """
title = "At constant prices"
[data]
file = "rows.csv"
unit = "unit"
time = "time"
cohort = "cohort"
outcome = "ln_real"
read.thousands = ","
covariates = ["near_real"]
[data.derive]
ln_real = "log(real)"
[deflate]
column = "gdp"
index = { 1 = 1.0, 2 = 1.02, 3 = 1.05, 4 = 1.07, 5 = 1.1, 6 = 1.12 }
[circle]
file = "order.txt"
[circle.weights.around]
[design]
effect = "CompletePooling"
time = { type = "TimeEffects" }
spillovers = { type = "SpatialLag", weights = "around" }
[sampler]
draws = 50
chains = 2
proposals = 300
seed = 1
[checks]
run = ["moran"]
weights = "around"
[figures]
draw = ["event_study"]
"""


class Circle(StudyTable):
    """Units on a circle, in the order of a file."""

    value_key: ClassVar[str] = "weights"

    file: str
    """One unit a line."""
    weights: dict[str, dict[str, Any]]
    """Names of the one kind of weights."""

    def values_of_nobody(self) -> dict[str, SpatialWeights]:
        return {name: SpatialWeights((), np.zeros((0, 0)), name) for name in self.weights}

    @property
    def file_keys(self) -> tuple[tuple[str, ...], ...]:
        return (("file",),)

    def values_for(self, panel: Panel, folder: Path) -> dict[str, SpatialWeights]:
        names = (folder / self.file).read_text(encoding="utf-8").split()
        links = pd.DataFrame(0.0, names, names)
        for k, name in enumerate(names):
            links.loc[name, [names[k - 1], names[(k + 1) % len(names)]]] = 1.0
        weights = nqp.spatial_weights.matrix(links).aligned(panel.unit_labels)
        return dict.fromkeys(self.weights, weights)

    @property
    def panel_columns(self) -> Mapping[str, str]:
        return {"near_real": "real"}

    def columns_for(self, panel: Panel, values: Mapping[str, Any]) -> dict[str, Any]:
        return {"near_real": nqp.spatial_weights.lag(values["weights"]["around"], panel, "real")}

    def context_for(self, folder: Path) -> dict[str, Any]:
        return {"outcome": "prosperity"}


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    study_table("deflate", place=20)(Deflate)
    study_table("circle")(Circle)
    yield
    del STUDY_TABLES["deflate"], STUDY_TABLES["circle"]


def write_study(folder: Path, text: str = STUDY) -> Path:
    """Incomes with marks between thousands, and the order of units."""
    panel = nqp.simulation.staggered(units=24, periods=6, cohorts=(3,), never=0.5, seed=1).panel
    frame = panel.frame.assign(
        gdp=lambda x: (20_000.0 + 1000.0 * x["outcome"]).map("{:,.2f}".format)
    )
    frame.drop(columns="outcome").to_csv(folder / "rows.csv", index=False)
    (folder / "order.txt").write_text("\n".join(panel.unit_labels), encoding="utf-8")
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder / "study.toml"


def test_a_name_of_every_study_is_refused_when_it_is_registered() -> None:
    for name in ("data", "design", "title"):
        with pytest.raises(StudyError, match=f"name='{name}' is already a table or key"):
            study_table(name)(Deflate)


def test_toys_go_from_toml_to_the_record(tmp_path: Path) -> None:
    outcome = run(write_study(tmp_path), tmp_path / "out", progress=False)
    frame = outcome.study.panel.frame
    gdp = frame["gdp"].to_numpy()
    assert gdp.dtype == float
    prices = frame["time"].map({1: 1.0, 2: 1.02, 3: 1.05, 4: 1.07, 5: 1.1, 6: 1.12})
    assert (frame["real"] * prices).to_numpy() == pytest.approx(gdp)
    assert outcome.study.panel.roles.covariates == ("near_real",)
    around = outcome.study.weights["around"]
    assert outcome.fit.design.spillovers.weights == around
    assert outcome.study.check_options["moran"]["weights"] == around
    record = json.loads((outcome.folder / "provenance.json").read_text(encoding="utf-8"))
    assert "real: gdp at constant prices" in record["data"]["notes"]
    assert record["files_read"]["circle.file"]["file"] == "order.txt"
    assert "prosperity" in (outcome.folder / "figures" / "event_study.svg").read_text("utf-8")
    written = tomllib.loads((outcome.folder / "study.toml").read_text(encoding="utf-8"))
    assert written["deflate"]["index"]["4"] == 1.07
    assert written["circle"]["file"] == "../order.txt"
    assert written["design"]["spillovers"]["weights"] == "around"
    again = validate(outcome.folder / "study.toml")
    assert again.panel.digest == outcome.study.panel.digest
    assert again.design == outcome.study.design


def test_expressions_are_made_before_and_after(tmp_path: Path) -> None:
    text = STUDY.replace('column = "gdp"', 'column = "twice"')
    text = text.replace("ln_real = ", 'twice = "2 * gdp"\nln_real = ')
    panel = validate(write_study(tmp_path, text)).panel
    first = panel.frame[panel.frame["time"] == 1]
    assert first["ln_real"].to_numpy() == pytest.approx(np.log(2.0 * first["gdp"]).to_numpy())


BAD = [
    ('column = "gdp"', 'column = "gpd"', "'deflate.column' is 'gpd', which is not a", "'gdp'"),
    ('column = "gdp"', 'colum = "gdp"', "[deflate] has the unknown key 'colum'", "'column'"),
    ('column = "gdp"\n', "", "[deflate] lacks the key 'column'", "add column"),
    ('column = "gdp"', 'column = "gdp"\nname = "unit"', "[deflate] adds the column 'unit'", "name"),
    ("3 = 1.05", '3 = "1.05"', "'deflate.index.3' is '1.05'", "a number"),
    ("3 = 1.05", "3 = 0.0", "'deflate.index.3' is 0", "above 0"),
    ("3 = 1.05", "30 = 1.05", "'deflate.index' has no prices of 3", "'30'"),
    ('column = "gdp"', 'column = "ln_real"', "'deflate.column' is 'ln_real', a column", "gdp"),
    ("[deflate]", "[deflat]", "unknown key 'deflat'", "'deflate'"),
    ('weights = "around" }', 'weights = "ar" }', "is 'ar', but [s", "'around'"),
    ('weights = "around"\n', 'weights = "aro"\n', "'checks.weights' is 'aro'", "'around'"),
    ('["near_real"]', '["near_rael"]', "'data.covariates' is 'near_rael'", "'near_real'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "problem", "hint"), BAD)
def test_what_is_wrong_is_named(
    old: str, new: str, problem: str, hint: str, tmp_path: Path
) -> None:
    assert old in STUDY
    with pytest.raises(NQPError) as caught:
        validate(write_study(tmp_path, STUDY.replace(old, new)))
    assert problem in caught.value.what
    assert hint in caught.value.hint


def test_they_are_in_the_schema() -> None:
    schema = json_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    marked = jsonschema.Draft7Validator(schema)
    assert not list(marked.iter_errors(tomllib.loads(STUDY)))
    for old in ('column = "gdp"', "3 = 1.05"):
        assert list(marked.iter_errors(tomllib.loads(STUDY.replace(old, "3 = []"))))
    deflate = schema["definitions"]["Deflate"]["properties"]
    assert deflate["column"]["description"] == "At current prices."
    assert schema["properties"]["deflate"]["description"] == "A column at constant prices."


WITHOUT = """
import sys
import bayes_nqp as nqp
from bayes_nqp.studies import json_schema, run, shipped, titles, validate
from bayes_nqp.studies._plugins import STUDY_TABLES

assert "space" not in STUDY_TABLES, STUDY_TABLES
assert len(titles(sys.argv[1])) > 5
schema = json_schema()
assert "Space" not in schema["definitions"] and "space" not in schema["properties"]
plain = 'title = "t"\\n[data]\\nsimulation = "staggered"\\n[sampler]\\nseed = 1\\n'
plain += '[checks]\\nrun = ["identification", "moran"]\\n[report]\\nformats = ["html"]\\n'
with open("plain.toml", "w", encoding="utf-8") as file:
    file.write(plain)
validate("plain.toml")
run("plain.toml", "out", progress=False)
lag = '[design]\\ntime = { type = "TimeEffects" }\\n'
lag += 'spillovers = { type = "SpatialLag", weights = "near" }\\n'
for more in ('[space]\\nplaces = "unit"\\n', lag):
    with open("spatial.toml", "w", encoding="utf-8") as file:
        file.write(plain + more)
    try:
        validate("spatial.toml")
    except nqp.errors.StudyError as error:
        print(error.what)
print(nqp.__file__)
"""


def test_space_can_be_taken_away(tmp_path: Path) -> None:
    """Without its file, studies without it are listed, validated and run; others are refused."""
    shutil.copytree(PACKAGE, tmp_path / "bayes_nqp", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "bayes_nqp" / "space" / "studies" / "_table_space.py").unlink()
    models = str(PACKAGE.parents[1] / "models")
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT, models], cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert "unknown key 'space'" in finished.stdout
    assert "weights" in finished.stdout.splitlines()[1]
    assert str(tmp_path) in finished.stdout
    assert (tmp_path / "out" / "report" / "report.html").exists()
