"""A study prints the baseline regressions that its file asks for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from small_study import STUDY, write_study
from typer.testing import CliRunner

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.cli import app
from bayes_nqp.studies import validate

pytestmark = pytest.mark.xdist_group("studies")
TABLE = """
[baseline]
steps = [[], ["gdp"]]
coefficients = true
twfe = false
"""


def written(folder: Path, table: str = TABLE) -> Path:
    """Write the small study with two controls and a table [baseline]."""
    text = STUDY.replace('strata = ["地区"]', 'strata = ["地区"]\ncovariates = ["gdp", "fdi"]')
    text = text.replace(
        "[checks]",
        f'formats = ["html"]\nsections = ["baseline"]\n{table}\n[figures]\ndraw = []\n\n[checks]',
    )
    path = write_study(folder, text)
    data = pd.read_csv(folder / "cities.csv", encoding="utf-8-sig")
    data["gdp"] = data["nqp"].rank() % 7 + data.index % 3
    data["fdi"] = data["nqp"].rank() % 5 + data.index % 4
    data.to_csv(folder / "cities.csv", index=False, encoding="utf-8-sig")
    return path


def test_a_run_writes_the_table_and_a_section(tmp_path: Path) -> None:
    path, out = written(tmp_path), tmp_path / "out"
    result = CliRunner().invoke(app, ["run", str(path), "--out", str(out)])
    assert result.exit_code == 0, result.output
    found = pd.read_csv(out / "baseline.csv", encoding="utf-8-sig").set_index("label")
    fit = nqp.load(out / "posterior.nc")
    assert set(found["gate"]) == {str(fit.gate)}
    for k, names in enumerate([(), ("gdp",)], 1):
        own = nqp.fit(fit.variant(covariates=names), fit.panel, fit.sampler, progress=False)
        (column,) = [name for name in found if name.startswith(f"({k})") and "Mean" in name]
        assert float(found.loc["Average effect", column]) == pytest.approx(
            float(nqp.att(own).mean()), rel=1e-5
        )
    page = (out / "report" / "report.html").read_text(encoding="utf-8")
    assert "Baseline regressions" in page
    assert "R² (within)" in page


def test_steps_name_covariates_of_the_data(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE.replace('["gdp"]', '["gpd"]'))
    with pytest.raises(StudyError, match=r"'baseline.steps' names 'gpd'.*\n.*'gdp'"):
        validate(path)
