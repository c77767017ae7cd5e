"""What support says of cells: units, controls, and what rests on pooling alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from doors import cell_information, unconstrained

import bayes_nqp as nqp
from bayes_nqp import simulation
from bayes_nqp.numerics.linear_gaussian import draw

SAMPLER = nqp.Importance(draws=200, chains=2, seed=2)
SMALL = {"units": 40, "periods": 8, "cohorts": (4, 5, 6), "seed": 3, "deviation_sd": 0.0}


def uneven(cells: pd.DataFrame) -> np.ndarray:
    """Effects that jump from cell to cell, as far as priors allow."""
    return 0.1 * ((3 * cells["time"] + 7 * cells["cohort"]) % 5).to_numpy(dtype=float)


@pytest.fixture(scope="session")
def rough() -> nqp.Fit:
    """Cells that differ much, seen through little noise."""
    simulated = simulation.staggered(effect=uneven, sigma=0.1, rho=0.0, **SMALL)
    return nqp.fit(nqp.StaggeredDiD(), simulated.panel, SAMPLER, progress=False)


@pytest.fixture(scope="session")
def noisy() -> nqp.Fit:
    """Cells that are alike, seen through much noise."""
    simulated = simulation.staggered(effect="flat", sigma=3.0, **SMALL)
    return nqp.fit(nqp.StaggeredDiD(), simulated.panel, SAMPLER, progress=False)


def cells_of(fit: nqp.Fit) -> tuple[nqp.CheckResult, pd.DataFrame]:
    result = nqp.check(fit, "identification")
    assert isinstance(result.evidence, pd.DataFrame)
    assert result.kind == "cells"
    return result, result.evidence


@pytest.mark.slow
def test_information_is_the_variance_that_draws_lose(noisy: nqp.Fit) -> None:
    equation = noisy.model_frame.equations[0]
    points = unconstrained(equation, noisy.posterior)
    x = points.reshape(-1, points.shape[-1]).mean(axis=0)
    draws = draw(equation.gaussian, np.tile(x, (4000, 1)), np.random.default_rng(1))
    (index,) = (i for p, i in zip(equation.locals, equation.local_index, strict=True)
                if p.name == "cell")  # fmt: skip
    scale = np.exp(x[equation.problem.parameter_names.index("scale_cell")])
    lost = 1.0 - draws.local[:, equation.local_places][:, index].var(axis=0) / scale**2
    np.testing.assert_allclose(cell_information(noisy), lost, atol=0.1)
    assert cell_information(noisy).mean() == pytest.approx(lost.mean(), abs=0.02)


@pytest.mark.slow
def test_data_speak_for_cells_that_differ(rough: nqp.Fit) -> None:
    result, cells = cells_of(rough)
    assert (cells["information"] > 0.5).all()
    assert not cells["on_prior"].any()
    assert result.verdict == "passed"
    assert "averages over cells" not in result.details


def test_pooling_speaks_for_cells_that_are_alike(noisy: nqp.Fit) -> None:
    result, cells = cells_of(noisy)
    rows = int(cells.loc[cells["on_prior"], "rows"].sum())
    assert cells["on_prior"].sum() > len(cells) / 2
    few = f"({rows} treated observations), the data remove less than"
    assert few in result.details
    assert "averages over cells are not affected" in result.details
    assert "取平均的效应不受影响" in result.detailed("zh")
    assert f"{rows} in cells that rely on partial pooling" in result.figure


def test_nothing_rests_on_a_prior_that_is_not_there(noisy: nqp.Fit) -> None:
    complete = replace(noisy, design=nqp.StaggeredDiD(nqp.CompletePooling()))
    assert cells_of(complete)[1]["information"].isna().all()
    separate = replace(noisy, design=nqp.StaggeredDiD(nqp.NoPooling()))
    assert (cells_of(separate)[1]["information"] == 1).all()
    for fit in (complete, separate):
        assert not cells_of(fit)[1]["on_prior"].any()


@pytest.mark.slow
def test_cells_left_out_have_no_information(rough: nqp.Fit) -> None:
    assert rough.panel is not None
    frame = rough.panel.frame
    # In its last period a region has no untreated unit.
    last = (frame["time"] == frame["time"].max()) & (frame["region"] == frame["region"].iloc[0])
    frame = frame[~last | (frame["cohort"] <= frame["time"])]
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="outcome", strata=["region"]
    )
    result, cells = cells_of(
        nqp.fit(nqp.StaggeredDiD(unidentified="drop"), panel, SAMPLER, progress=False)
    )
    assert result.verdict in ("caution", "failed")
    lost = ~cells["identified"]
    assert lost.any()
    assert cells.loc[lost, "information"].isna().all()
    assert not cells.loc[lost, ["few_units", "few_controls", "on_prior"]].any(axis=None)


@pytest.mark.slow
def test_controls_are_counted_without_strata() -> None:
    panel = simulation.staggered(strata={}, **SMALL).panel
    _, table = cells_of(nqp.fit(nqp.StaggeredDiD(), panel, SAMPLER, progress=False))
    last = table[table["time"] == table["time"].max()]
    assert set(last["controls"]) == {int((panel.cohort_codes < 0).sum())}
