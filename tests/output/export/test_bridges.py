"""Stata and R take a fit's effects as estimates and as draws."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mediated import channels_fit

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.effects.estimands import by_event_time

pytestmark = pytest.mark.xdist_group("mediation_pictures")


@pytest.fixture(scope="session")
def fit() -> Any:
    return channels_fit()


@pytest.fixture(scope="session")
def stata(fit: Any, tmp_path_factory: Any) -> Path:
    return Path(nqp.export_stata(fit, tmp_path_factory.mktemp("stata") / "out"))


def posted(folder: Path) -> tuple[pd.Series, pd.DataFrame]:
    """What nqp_post.ado makes of the draws, line by line: its matrix expressions in numpy."""
    lines = (folder / "nqp_post.ado").read_text(encoding="utf-8").splitlines()
    data = pd.read_stata(folder / "draws.dta", preserve_dtypes=True)
    dropped = next(x.split()[1:] for x in lines if x.strip().startswith("drop "))
    data = data.drop(columns=dropped)
    accum = next(x for x in lines if "matrix accum" in x)
    assert {"deviations", "noconstant", "means(`b')"} <= set(accum.split(",", 1)[1].split())
    centred = data - data.mean()
    cross = centred.T @ centred
    assert "matrix `V' = `V' / (_N - 1)" in map(str.strip, lines)
    assert any("ereturn post `b' `V', obs(`rows')" in x for x in lines)
    return data.mean(), cross / (len(data) - 1)


def test_what_stata_posts_are_the_moments_of_the_draws(fit: Any, stata: Path) -> None:
    b, covariance = posted(stata)
    draws = {"att": nqp.att(fit), "tp0": by_event_time(fit).sel(event_time=0)}
    draws["region_inland"] = nqp.att(fit, by="region").sel(region="inland")
    draws["direct_att"] = nqp.nde(fit)
    table = np.stack([x.to_numpy().ravel() for x in draws.values()])
    np.testing.assert_allclose(b[list(draws)], table.mean(axis=1), rtol=1e-12)
    part = covariance.loc[list(draws), list(draws)]
    np.testing.assert_allclose(part, np.cov(table), rtol=1e-11, atol=1e-15)


def test_variables_say_what_they_are_and_whether_to_trust_them(fit: Any, stata: Path) -> None:
    with pd.read_stata(stata / "draws.dta", iterator=True) as reader:
        labels, data = reader.variable_labels(), reader.read()
        assert str(fit.gate)[:10] in reader.data_label
    assert labels["region_inland"] == "att[region=inland]"
    assert labels["tp0"] == "att[event_time=0]"
    assert (data["rows"] == fit.panel.n_rows).all()
    assert all(re.fullmatch(r"[^\W\d]\w{0,31}", name) for name in data)
    assert data.dtypes["att"] == np.float64


def test_names_that_stata_cannot_tell_apart_are_numbered(tmp_path: Path) -> None:
    panel = nqp.simulation.staggered(
        units=40, periods=7, cohorts=(4,), strata={"区": ("东 部", "东-部")}, seed=2
    ).panel
    fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    names = list(pd.read_stata(nqp.export_stata(fit, tmp_path / "s", by="区") / "draws.dta"))
    assert names == ["chain", "draw", "rows", "att", "区_东_部", "区_东_部_2"]


def test_the_command_is_whole(stata: Path) -> None:
    """Every macro that it reads was set, every block is closed, every quote is."""
    text = (stata / "nqp_post.ado").read_text(encoding="utf-8")
    read = set(re.findall(r"`(\w+)'", text))
    given = set(re.findall(r"\blocal (\w+)", text)) | {"using", "level", "names", "b", "V"}
    assert read <= given | {"depvar"}
    assert text.count("program define") == text.count("\nend\n") == 1
    assert text.count('`"') == text.count("\"'")
    assert text.index("preserve") < text.index("use `") < text.index("restore")
    assert text.index("restore") < text.index("ereturn post")


def test_r_reads_draws_and_a_tidy_table(fit: Any, tmp_path: Path) -> None:
    folder = nqp.export_r(fit, tmp_path / "r", by="region")
    draws, tidy = pd.read_parquet(folder / "draws.parquet"), pd.read_csv(folder / "tidy.csv")
    np.testing.assert_array_equal(draws[".draw"], np.arange(1, len(draws) + 1))
    assert set(draws[".chain"]) == set(range(1, nqp.att(fit).sizes["chain"] + 1))
    assert list(draws)[3:] == tidy["term"].tolist()
    np.testing.assert_allclose(tidy["estimate"], draws.mean().to_numpy()[3:], rtol=1e-12)
    np.testing.assert_allclose(tidy["std.error"], draws.std().to_numpy()[3:], rtol=1e-12)
    assert draws.attrs["gate"] == str(fit.gate)
    row = tidy.set_index("term").loc["att[region=inland]"]
    inland = nqp.att(fit, by="region").sel(region="inland").to_numpy()
    np.testing.assert_allclose(
        [row["conf.low"], row["conf.high"]], np.quantile(inland, [0.025, 0.975]), rtol=1e-12
    )


@pytest.mark.parametrize("export", [nqp.export_r, nqp.export_stata])
def test_only_fits_have_draws_to_give(export: Any, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="'fit' is"):
        export(42, tmp_path / "x")
