"""Baseline regressions: every number is that of a separate fit, or of pyfixest."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyfixest as pf
import pytest
from effects_dataset import random_effects

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError, StudyError
from bayes_nqp.output.tables import TABLE_FORMATS, Table, table
from bayes_nqp.output.tables._kind_baseline import _columns
from bayes_nqp.output.tables._twfe import two_way_regression

pytestmark = pytest.mark.xdist_group("baseline")
SAMPLER = nqp.Importance(draws=200, chains=2, seed=1)
ROLES = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "outcome"}


@pytest.fixture(scope="module")
def panel() -> nqp.Panel:
    """Return forty units, with two controls, a constant, and columns that are no covariates."""
    frame = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel.frame
    rng = np.random.default_rng(3)
    frame["income"], frame["trade"] = rng.normal(size=(2, len(frame)))
    frame["trade"] *= 100
    frame["outcome"] += 0.4 * frame["income"]
    frame["height"] = frame.groupby("unit")["income"].transform("first")
    frame["one"] = 1.0
    frame["patchy"] = frame["income"].where(frame.index % 10 > 0)
    frame["twin"] = 2 * frame["income"] + 1
    names = ["income", "trade", "twin"]
    return nqp.Panel.from_frame(frame, **ROLES, strata=["region"], covariates=names)


@pytest.fixture(scope="module")
def fit(panel: nqp.Panel) -> nqp.Fit:
    design = nqp.StaggeredDiD(nqp.CompletePooling(), covariates=["income", "trade"])
    return nqp.fit(design, panel, SAMPLER, progress=False)


def cells(made: Table) -> dict[str, list[tuple[object, ...]]]:
    return {row.label: [cell.values for cell in row.cells] for row in made.rows}


@pytest.mark.slow
def test_numbers_are_those_of_separate_fits(fit: nqp.Fit, panel: nqp.Panel) -> None:
    made = cells(table(fit, "baseline", by="region", coefficients=True, twfe=False))
    for k, names in enumerate([(), ("income",), ("income", "trade")]):
        design = nqp.StaggeredDiD(nqp.CompletePooling(), covariates=names)
        own = nqp.fit(design, panel, SAMPLER, progress=False)
        coastal = nqp.att(own, "region").sel(region="coastal")
        for label, draws in {"Average effect": nqp.att(own), "region: coastal": coastal}.items():
            numbers = (draws.mean(), draws.std(ddof=1), (draws > 0).mean())
            assert made[label][k] == pytest.approx([float(x) for x in numbers])
        assert made["R² (within)"][k] == pytest.approx((float(nqp.bayes_r2(own).mean()),))
        for place, name in enumerate(names):
            slope = own.posterior["outcome__slope"][..., place].to_numpy()
            assert made[name][k][:2] == pytest.approx((slope.mean(), slope.std(ddof=1)))
    assert made["trade"][1] == ()
    assert made["N"] == [(320,)] * 3
    assert made["Units"] == [(40,)] * 3
    assert made["Treated units"] == [(28,)] * 3


def test_the_fit_is_its_own_column(fit: nqp.Fit) -> None:
    """The order of controls makes no other model, so that nothing is fitted again."""
    (own,) = _columns(fit, [("trade", "income")])
    assert own is fit
    made = table(fit, "baseline", steps=[["trade", "income"]], twfe=False)
    assert cells(made)["Average effect"][0][0] == float(nqp.att(fit).mean())


@pytest.mark.parametrize("by", [(), ("region",)])
def test_twfe_is_that_of_pyfixest(fit: nqp.Fit, by: tuple[str, ...]) -> None:
    assert fit.panel is not None
    frame = fit.panel.frame.assign(
        treated=lambda x: (x["time"] >= x["cohort"].fillna(np.inf)).astype(float),
        period=lambda x: x["time"].astype(str) + (x["region"].astype(str) if by else ""),
    )
    formula = "outcome ~ treated + income + trade | unit + period"
    peer = pf.feols(formula, frame, vcov={"CRV1": "unit"})
    found = two_way_regression(fit, ["income", "trade"], by)
    pairs = {"treated": found.treatment, **found.controls}
    for name, pair in pairs.items():
        assert pair == pytest.approx((peer.coef()[name], peer.se()[name]), rel=1e-6)
    assert found.r2 == pytest.approx(peer._r2_within)
    if by:
        return
    made = table(fit, "baseline", coefficients=True)
    assert made.columns[-1].label.endswith("TWFE")
    assert cells(made)["Average effect"][-1] == pytest.approx(found.treatment)
    assert cells(made)["trade"][-1] == pytest.approx(found.controls["trade"])
    assert cells(made)["R² (within)"][-1] == pytest.approx((found.r2,))
    assert "supports no conclusion" in made.note
    assert f"controls and time effects of column ({len(made.columns) - 1})" in made.note


@pytest.mark.slow
def test_rows_and_notes_in_both_languages(fit: nqp.Fit, tmp_path: Path) -> None:
    english, chinese = (table(fit, "baseline", language=x, marks=True) for x in ("en", "zh"))
    assert [x.label.split("\n")[0] for x in english.columns] == ["(1)", "(2)", "(3)", "(4)"]
    text = {row.label: [cell.text for cell in row.cells] for row in english.rows}
    assert text["Control: income"] == ["no", "yes", "yes", "yes"]
    assert text["Control: trade"] == ["no", "no", "yes", "yes"]
    assert text["Unit effects"] == text["Time effects"] == ["yes"] * 4
    assert text["Average effect"][0].split("\n")[0].endswith("***")
    average = nqp.model_average(fit)
    support = average.families.loc["parallel", "posterior"]
    assert f"probability of parallel trends is {support:.2f}" in english.note
    assert f"{float(nqp.att(average).mean()):.3f} [" in english.note
    labels = [row.label for row in chinese.rows]
    assert {"平均效应", "控制变量：income", "单位效应", "时间效应", "R²（组内）"} <= set(labels)
    assert chinese.title.startswith("基准回归")
    assert "平行趋势" in chinese.note
    for made in (english, chinese):
        assert "<table" in made.to_html()
        assert r"\midrule" in made.to_latex()
        for name, form in TABLE_FORMATS.items():
            if form.method in ("to_docx", "to_excel"):
                getattr(made, form.method)(tmp_path / f"{made.language}.{name}")


@pytest.mark.slow
def test_a_panel_has_the_usual_design() -> None:
    panel = nqp.simulation.staggered(units=24, periods=6, cohorts=(3,), seed=1).panel
    made = cells(table(panel, "baseline", twfe=False))
    own = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    assert made["Average effect"] == [
        (
            float(nqp.att(own).mean()),
            float(nqp.att(own).std(ddof=1)),
            float((nqp.att(own) > 0).mean()),
        )
    ]
    assert made["Controls"] == [("no",)]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("income", "list of lists of text"),
        (["income", "trade"], "list of lists of text"),
        ([[1]], "list of lists of text"),
        ([], "'steps' is empty"),
        ([["incom"]], "did you mean 'income'"),
        ([["one"]], "'steps' names 'one', which is constant within units"),
        ([["height"]], r"baseline=\['height'\]"),
        ([["patchy"]], "missing in 32 of its observations"),
        ([["income", "income"]], "names a control twice"),
        ([["income", "twin"]], r"'steps', column \(1\): .*collinear"),
    ],
)
def test_impossible_steps_are_refused(fit: nqp.Fit, steps: object, words: str) -> None:
    with pytest.raises(NQPError, match=words):
        table(fit, "baseline", steps=steps, twfe=False)  # type: ignore[arg-type]


def test_other_refusals(fit: nqp.Fit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="draws of effects only"):
        table(random_effects(), "baseline")
    with pytest.raises(StudyError, match=r"'steps'.*baseline"):
        table(fit, "effects", steps=[[]])
    with pytest.raises(StudyError, match="'baseline' names 'incom'"):
        nqp.report(fit, tmp_path / "report", baseline=[["incom"]], progress=False)
    monkeypatch.setitem(sys.modules, "pyfixest", None)
    assert len(table(fit, "baseline").columns) == 3
    with pytest.raises(StudyError, match=r"bayes-nqp\[estimators\]"):
        table(fit, "baseline", twfe=True)
