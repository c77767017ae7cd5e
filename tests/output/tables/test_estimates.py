"""Fits beside those of other packages in tables of maketables."""

from __future__ import annotations

import numpy as np
import pytest
from effects_dataset import random_effects
from mediated import channels_fit

import bayes_nqp as nqp
from bayes_nqp.output.tables import estimates

pytestmark = pytest.mark.xdist_group("mediation_pictures")

maketables = pytest.importorskip("maketables")


@pytest.fixture(scope="session")
def fit():
    return channels_fit()


@pytest.fixture(scope="session")
def regression(fit):
    pyfixest = pytest.importorskip("pyfixest")
    frame = fit.panel.frame
    frame = frame.assign(treated=(frame["time"] >= frame["cohort"]).astype(float))
    return pyfixest.feols("outcome ~ treated | unit + time", frame)


@pytest.mark.slow
def test_a_fit_is_a_column_beside_a_regression(fit, regression):
    made = maketables.ETable([regression, fit])
    ours = made.df.iloc[:, 1]
    draws = nqp.att(fit)
    assert ours["coef", "ATT"].split() == [
        f"{float(draws.mean()):.3f}",
        f"({float(draws.std(ddof=1)):.3f})",
    ]
    assert f"{regression.coef()['treated']:.3f}" in made.df.iloc[:, 0]["coef", "treated"]
    assert (
        ours["coef", "ATT, digital"].split()[0]
        == f"{float(nqp.nie(fit).sel(mediator='digital').mean()):.3f}"
    )
    assert "*" not in "".join(ours)
    assert ours["stats", "Convergence diagnostics"] == str(fit.gate)
    assert ours["stats", "Errors"] == "AR(1)"
    assert "treated" in made.make("tex")


def test_intervals_and_rows_can_be_shared(fit, regression):
    column = estimates(fit, by="region", names={"ATT": "treated"})
    made = maketables.ETable([regression, column], coef_fmt="b:.4f [ci95l:.4f, ci95u:.4f]")
    draws = nqp.att(fit)
    low, high = np.quantile(draws, [0.025, 0.975])
    wanted = f"{float(draws.mean()):.4f} [{low:.4f}, {high:.4f}]"
    ours = made.df.iloc[:, 1]
    assert ours["coef", "treated"] == wanted
    assert made.df.iloc[:, 0]["coef", "treated"] != wanted
    inland = float(nqp.att(fit, "region").sel(region="inland").mean())
    assert column.table.loc["region: inland", "b"] == pytest.approx(inland)


def test_effects_without_a_fit_are_a_column_too():
    effects = random_effects(gate="failed: R-hat 1.020 (mu)")
    column = estimates(effects)
    assert column.outcome == "ln_output"
    assert column.table["p"].isna().all()
    assert column.table.loc["ATT", "p_positive"] == float((nqp.att(effects) > 0).mean())
    assert column.stats["Convergence diagnostics"].startswith("failed")
    made = maketables.ETable([column])
    assert "failed" in made.df.iloc[:, 0]["stats", "Convergence diagnostics"]
