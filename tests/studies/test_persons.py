"""Studies of persons in clusters: a survey in Chinese, with gaps and text among the numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError

STUDY = """
title = "试点与收入"

[data]
file = "调查.csv"
persons = true
unit = "城市"
time = "年份"
cohort = "试点年份"
outcome = "收入"
covariates = ["年龄"]

[data.read]
missing = ["—"]

[sampler]
type = "Importance"
seed = 1
draws = 200

[checks]
run = ["composition"]

[report]
language = "zh"
formats = ["html"]
estimands = ["att_persons"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(2)
    city, year, person = (x.ravel() for x in np.indices((16, 6, 12)))
    zone = np.array([np.nan, 2018, 2019])[city % 3]
    age = rng.integers(20, 60, city.size)
    income = 0.1 * city + 0.02 * age + 1.0 * (2015 + year >= zone) + rng.normal(size=city.size)
    frame = pd.DataFrame(
        {
            "城市": np.char.add("城市", city.astype(str)), "年份": 2015 + year, "试点年份": zone,
            "收入": income.round(3).astype(str), "年龄": age, "编号": person,
        }
    )  # fmt: skip
    frame.loc[3, "收入"] = "—"
    frame.to_csv(tmp_path / "调查.csv", index=False, encoding="gb18030")
    (tmp_path / "study.toml").write_text(STUDY, "utf-8")
    return tmp_path


def test_a_survey_is_run_from_a_file(folder: Path) -> None:
    run = nqp.studies.run(folder / "study.toml", folder / "out")
    assert run is not None
    estimands = pd.read_csv(folder / "out" / "estimands.csv")
    assert "att_persons" in estimands.to_string()
    page = (folder / "out" / "report" / "report.html").read_text("utf-8")
    assert "1,151 人，96 个单元格" in page
    assert "人群构成检验" in page


def test_roles_of_cities_are_refused(folder: Path) -> None:
    study = folder / "study.toml"
    study.write_text(STUDY.replace("covariates", "mediators"), "utf-8")
    with pytest.raises(StudyError, match="persons = true cannot be combined with mediators"):
        nqp.studies.validate(study)
