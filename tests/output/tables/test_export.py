"""What a fit leaves in files for other programs."""

from __future__ import annotations

import arviz as az
import numpy as np
import pandas as pd
import pytest
from mediated import channels_fit

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.output.tables import export

pytestmark = pytest.mark.xdist_group("mediation_pictures")


@pytest.fixture(scope="session")
def fit():
    return channels_fit()


@pytest.fixture(scope="session")
def folder(fit, tmp_path_factory):
    return export(fit, tmp_path_factory.mktemp("export") / "results")


def read(path):
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    return pd.read_csv(path)


@pytest.mark.slow
def test_effects_give_back_every_average(fit, folder):
    effects = pd.read_parquet(folder / "effects.parquet")
    cells = read(folder / "cells.csv")
    joined = effects.merge(cells, on="cell", validate="many_to_one")
    total = joined[(joined["path"] == "total") & joined["identified"]]
    sums = total.assign(weighted=total["effect"] * total["rows"]).groupby(["chain", "draw"])
    by_hand = sums["weighted"].sum() / sums["rows"].sum()
    draws = nqp.att(fit)
    np.testing.assert_allclose(by_hand.to_numpy(), draws.to_numpy().ravel(), rtol=1e-10)
    written = read(folder / "summary_effects.csv").set_index(["path", "by", "level"])
    assert written.loc[("total", "overall", "overall"), "mean"] == pytest.approx(
        float(draws.mean())
    )
    inland = nqp.nie(fit, "region").sel(mediator="digital", region="inland")
    assert written.loc[("digital", "region", "inland"), "mean"] == pytest.approx(
        float(inland.mean())
    )
    assert set(written["gate"]) == {str(fit.gate)}


@pytest.mark.slow
def test_members_and_their_rows_are_there(fit, folder):
    deviations = pd.read_parquet(folder / "deviations.parquet")
    members = read(folder / "membership.csv")
    assert set(members["member"]) == set(deviations["member"])
    assert len(deviations) == fit.effects["deviation"].size


@pytest.mark.slow
def test_parameters_have_a_column_each(fit, folder):
    frame = pd.read_parquet(folder / "parameters.parquet")
    sigma = fit.posterior["outcome__sigma"]
    np.testing.assert_array_equal(frame["outcome__sigma"], sigma.to_numpy().ravel())
    assert len(frame.columns) == 2 + sum(one[0, 0].size for one in fit.posterior.data_vars.values())
    summaries = read(folder / "summary_parameters.csv").set_index("parameter")
    assert summaries.loc["outcome__sigma", "mean"] == pytest.approx(float(sigma.mean()))
    assert set(summaries.index) == set(frame.columns) - {"chain", "draw"}


@pytest.mark.slow
def test_the_posterior_opens_with_plain_arviz(fit, folder):
    tree = az.from_netcdf(folder / "posterior.nc")
    table = az.summary(tree, var_names=["outcome__sigma", "outcome__rho"], round_to="none")
    assert table.loc["outcome__sigma", "mean"] == pytest.approx(
        float(fit.posterior["outcome__sigma"].mean())
    )
    assert nqp.load(folder / "posterior.nc").digest == fit.digest


@pytest.mark.slow
def test_a_folder_is_written_whole_or_not_at_all(fit, folder, tmp_path, monkeypatch):
    with pytest.raises(StudyError):
        export(fit, folder)
    with pytest.raises(StudyError, match="'fit' is 'fit'"):
        export("fit", tmp_path / "none")  # type: ignore[arg-type]

    def broken(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", broken)
    with pytest.raises(StudyError):
        export(fit, tmp_path / "none")
    assert not list(tmp_path.iterdir())
