"""Effects that vary by unit along a channel, and what leaving their covariance out costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dense_joint import frame_of, panel_of

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError

SAMPLER = nqp.Importance(draws=500, seed=1)
DESIGN = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), nqp.AR1())
MEDIATION = nqp.Mediation(DESIGN, vary_by="unit")


def told(corr: float) -> tuple[nqp.Fit, pd.DataFrame]:
    frame = frame_of(100, 12, seed=2, corr=corr, sigma=0.3)
    return nqp.fit(MEDIATION, panel_of(frame), SAMPLER, progress=False), frame


@pytest.fixture(scope="session")
def together() -> tuple[nqp.Fit, pd.DataFrame]:
    return told(0.7)


def interval(draws: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def treated_rows(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["time"] >= frame["cohort"]]


def product_of_means(fit: nqp.Fit, frame: pd.DataFrame) -> np.ndarray:
    """E[a] E[b] over treated rows, draw by draw: the indirect effect without the covariance."""
    posterior, cells = fit.posterior, fit.effects
    rows = treated_rows(frame).groupby("unit").size()
    share = rows[posterior["member"].to_numpy()].to_numpy() / rows.sum()
    weight = cells["rows"].to_numpy() / cells["rows"].to_numpy().sum()
    a = posterior["digital__cell_effect"].to_numpy() @ weight
    b = posterior["outcome__b"].sel(mediator="digital")
    regions = frame.groupby("unit")["region"].first()[posterior["member"].to_numpy()]
    mean_b = b.sel(outcome__stratum=regions.to_numpy()).to_numpy()
    return (a * ((mean_b + posterior["outcome__b_deviation"].to_numpy()) @ share)).ravel()


@pytest.mark.slow
def test_the_covariance_belongs_to_the_indirect_effect(
    together: tuple[nqp.Fit, pd.DataFrame],
) -> None:
    fit, frame = together
    rows = treated_rows(frame)
    truth = float((rows["a"] * rows["b"]).mean())
    low, high = interval(nqp.nie(fit).to_numpy().ravel())
    assert low < truth < high
    assert not low < rows["a"].mean() * rows["b"].mean() < high
    without = interval(product_of_means(fit, frame))
    assert not without[0] < truth < without[1]
    corr = interval(fit.posterior["outcome__corr_ab"].to_numpy().ravel())
    assert corr[0] > 0.3
    assert corr[0] < 0.7 < corr[1]


@pytest.mark.slow
def test_without_correlation_both_agree() -> None:
    fit, frame = told(0.0)
    rows = treated_rows(frame)
    nie = nqp.nie(fit).to_numpy().ravel()
    low, high = interval(nie)
    assert low < float((rows["a"] * rows["b"]).mean()) < high
    product = product_of_means(fit, frame)
    covariance = float(np.mean((rows["a"] - rows["a"].mean()) * (rows["b"] - rows["b"].mean())))
    assert nie.mean() - product.mean() == pytest.approx(covariance, abs=0.05)
    assert low < product.mean() < high


@pytest.mark.slow
def test_effects_of_units_are_recovered(together: tuple[nqp.Fit, pd.DataFrame]) -> None:
    fit, frame = together
    truth = frame.groupby("unit")[["a", "b"]].first().loc[fit.posterior["member"].to_numpy()]
    a = fit.posterior["digital__deviation"].mean(["chain", "draw"])
    b = fit.posterior["outcome__b_deviation"].mean(["chain", "draw"])
    assert np.corrcoef(a, truth["a"])[0, 1] > 0.8
    assert np.corrcoef(b, truth["b"])[0, 1] > 0.8
    own = treated_rows(frame).groupby("unit")[["a", "b"]].first()
    by_unit = nqp.nie(fit, by="unit").sel(mediator="digital").mean(["chain", "draw"])
    expected = (own["a"] * own["b"]).loc[by_unit["unit"].to_numpy()]
    assert np.corrcoef(by_unit, expected)[0, 1] > 0.8
    for name, values in (("digital__scale_deviation", 0.5), ("outcome__scale_b", 0.5)):
        low, high = interval(fit.posterior[name].to_numpy().ravel())
        assert low < values < high


@pytest.mark.slow
def test_paths_add_up_and_are_means_of_products(together: tuple[nqp.Fit, pd.DataFrame]) -> None:
    fit, frame = together
    effect = fit.effects["effect"]
    parts = effect.sel(path="direct") + effect.sel(path="digital")
    np.testing.assert_allclose(effect.sel(path="total"), parts, rtol=0, atol=1e-12)
    posterior, cell = fit.posterior, fit.effects.isel(cell=3)
    here = treated_rows(frame)
    here = here[
        (here["region"] == str(cell["region"].item()))
        & (here["cohort"] == float(cell["cohort"]))
        & (here["time"] == float(cell["time"]))
    ]
    own = {
        name: posterior[name].sel(member=here["unit"].to_numpy())
        for name in ("digital__deviation", "outcome__b_deviation")
    }
    slope = posterior["outcome__b"].sel(outcome__stratum=str(cell["region"].item()))
    a = posterior["digital__cell_mean"].isel(cell=3) + own["digital__deviation"]
    b = slope.sel(mediator="digital") + own["outcome__b_deviation"]
    np.testing.assert_allclose(
        (a * b).mean("member"), effect.sel(path="digital").isel(cell=3), rtol=0, atol=1e-10
    )


@pytest.mark.slow
def test_members_average_to_cells(together: tuple[nqp.Fit, pd.DataFrame]) -> None:
    fit, frame = together
    rows = treated_rows(frame)
    by_unit = nqp.nie(fit, by="unit").sel(mediator="digital")
    count = rows.groupby("unit").size()[by_unit["unit"].to_numpy()].to_numpy()
    mean = (by_unit * count).sum("unit") / count.sum()
    np.testing.assert_allclose(mean, nqp.nie(fit).sel(mediator="digital"), rtol=0, atol=1e-10)


@pytest.mark.slow
def test_saving_and_loading(together: tuple[nqp.Fit, pd.DataFrame], tmp_path: Path) -> None:
    fit, _ = together
    again = nqp.load(fit.save(tmp_path / "joint.nc"))
    assert again.design == MEDIATION
    assert again.digest == fit.digest
    np.testing.assert_array_equal(
        again.posterior["outcome__corr_ab"], fit.posterior["outcome__corr_ab"]
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"vary_by": "region"},
        {"vary_by": "unit", "interaction": True},
        {"vary_by": "unit", "lag": 1},
        {"vary_by": "unit", "mediators": ["digital", "finance"]},
        {"vary_by": "unit", "design": nqp.StaggeredDiD(nqp.CompletePooling(varying=None))},
    ],
)
def test_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(StudyError, match="vary_by"):
        nqp.Mediation(**arguments)


def test_two_mediators_of_a_panel_and_gradients_are_refused() -> None:
    frame = frame_of(20, 10, seed=3).assign(finance=lambda d: d["x"] + d["digital"])
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="outcome", strata=["region"],
        mediators=["digital", "finance"],
    )  # fmt: skip
    with pytest.raises(StudyError, match="one mediator, and the panel has 2"):
        nqp.fit(MEDIATION, panel, progress=False)
    with pytest.raises(StudyError, match=r"no PyMC model|row by row"):
        nqp.fit(MEDIATION, panel_of(frame), nqp.NUTS(), progress=False)
    with pytest.raises(StudyError, match="one equation at a time"):
        nqp.posterior_mean(MEDIATION, panel_of(frame))


@pytest.mark.slow
def test_a_new_unit_has_both_deviations_with_their_correlation(together) -> None:
    """The mean over draws is that of products: the covariance is in it."""
    fit, _ = together
    effects = nqp.group_time_effects(fit, "population")
    via = nqp.att(effects, path="digital")
    posterior = fit.posterior
    covariance = (
        posterior["digital__scale_deviation"] * posterior["outcome__scale_b"]
        * posterior["outcome__corr_ab"]
    )  # fmt: skip
    sd = float(via.std()) / np.sqrt(via.size)
    stratum = fit.model_frame.table.stratum
    first = posterior["digital__cell_mean"].to_numpy()
    slope = posterior["outcome__b"].isel(mediator=0).to_numpy()[..., stratum]
    rows = fit.model_frame.cells.rows / fit.model_frame.cells.rows.sum()
    plain = float(((first * slope) @ rows).mean())
    assert float(via.mean()) == pytest.approx(plain + float(covariance.mean()), abs=4 * sd)
    assert float(covariance.mean()) > 5 * sd
    np.testing.assert_allclose(
        nqp.total(effects), nqp.nde(effects) + nqp.nie(effects, mediators="digital"), atol=1e-10
    )
    mean = nqp.att(nqp.group_time_effects(fit, "superpopulation"), path="digital")
    np.testing.assert_allclose(mean, (first * slope) @ rows + covariance, atol=1e-10)
