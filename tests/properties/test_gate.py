"""Where draws cannot be used, everything that is made of them says so."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr
from frozen import frozen_fit

import bayes_nqp as nqp

FEW = nqp.Importance(seed=1, draws=40, chains=2)


@cache
def failed() -> nqp.Fit:
    panel = nqp.simulation.staggered(units=16, periods=6, cohorts=(3, 4), seed=1).panel
    found = nqp.fit(nqp.StaggeredDiD(unidentified="drop"), panel, FEW, progress=False)
    assert not found.gate.passed
    return found


DRAWS: dict[str, Callable[[nqp.Fit], xr.Dataset | xr.DataArray]] = {
    "posterior": lambda fit: fit.posterior,
    "a parameter": lambda fit: fit.posterior["outcome__sigma"],
    "effects": lambda fit: fit.effects,
    "group_time_effects": nqp.group_time_effects,
    "superpopulation": lambda fit: nqp.group_time_effects(fit, "superpopulation"),
    "att": nqp.att,
    "by": lambda fit: nqp.att(fit, by="region"),
    "cumulative": nqp.cumulative,
    "total": nqp.total,
    "trend_sensitivity": nqp.trend_sensitivity,
    "posterior_predictive": lambda fit: nqp.posterior_predictive(fit, draws=4, seed=1),
    "log_likelihood": nqp.log_likelihood,
    "loo": lambda fit: nqp.loo(fit).elpd_i,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWS)
def test_draws_say_it(name: str) -> None:
    assert str(DRAWS[name](failed()).coords["gate"].item()) == str(failed().gate)


@pytest.mark.slow
def test_both_legs_say_it() -> None:
    fit = frozen_fit("mediation")
    for draws in (nqp.nie(fit), nqp.nde(fit), nqp.mediation_sensitivity(fit)):
        assert str(draws.coords["gate"].item()).startswith("failed")


@pytest.mark.slow
def test_what_is_shown_says_it() -> None:
    fit = failed()
    shown = (
        fit, nqp.summary(fit.posterior["outcome__sigma"]), nqp.table(fit), nqp.estimates(fit),
        nqp.loo(fit), nqp.event_study_table(fit),
    )  # fmt: skip
    assert [type(one).__name__ for one in shown if "failed" not in repr(one).lower()] == []
    errors = fit.variant(errors=nqp.IID())
    other = nqp.fit(errors, fit.panel, FEW, progress=False)
    compared = nqp.compare({"a": fit, "b": other})
    assert compared["gate"].str.startswith("failed").all()


def test_trees_and_files_say_it(tmp_path: Path) -> None:
    fit = failed()
    assert fit.tree.attrs["gate"] == str(fit.gate)
    back = nqp.load(fit.save(tmp_path / "fit.nc"))
    assert back.tree.attrs["gate"] == str(fit.gate)
    folder = nqp.export(fit, tmp_path / "out")
    for name in ("effects", "parameters"):
        assert pd.read_parquet(folder / f"{name}.parquet").attrs["gate"] == str(fit.gate)
