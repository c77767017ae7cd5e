"""Firms inside cities: near are firms of other cities; exactly the dense model; what is refused."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from same_density import assert_dense
from spatial_places import kilometres
from spilled import EDGES, Spilled, dense

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, PanelError, StudyError
from bayes_nqp.inference.model_frame import model_frame_of

CITIES, PERIODS = 14, 10
IDS = [f"c{k:02d}" for k in range(CITIES)]
HOME = np.repeat(np.arange(CITIES), np.arange(CITIES) % 4 + 1)


def firm_frame() -> pd.DataFrame:
    """Thirty-three firms in fourteen cities along a line, some 90 km apart; every third adopts."""
    rng = np.random.default_rng(2)
    degrees = np.column_stack([104 + 0.95 * np.arange(CITIES), np.full(CITIES, 30.0)])
    cohort = np.where(np.arange(CITIES) % 7 == 2, 4.0 + np.arange(CITIES) // 7, np.nan)
    firm = np.repeat(np.arange(HOME.size), PERIODS)
    time = np.tile(np.arange(PERIODS), HOME.size)
    y = rng.standard_normal(firm.size) + (time >= cohort[HOME[firm]])
    return pd.DataFrame(
        {
            "firm": [f"f{k:02d}" for k in firm], "time": time, "y": y,
            "city": np.array(IDS)[HOME[firm]], "cohort": cohort[HOME[firm]],
            "longitude": degrees[HOME[firm], 0], "latitude": degrees[HOME[firm], 1],
        }
    )  # fmt: skip


def panel_of(frame: pd.DataFrame | None = None) -> nqp.Panel:
    return nqp.Panel.from_frame(
        firm_frame() if frame is None else frame, unit="firm", time="time", cohort="cohort",
        outcome="y",
    )  # fmt: skip


def design_of(spillovers: object, **more: object) -> nqp.StaggeredDiD:
    arguments = {"errors": nqp.AR1(), "time": nqp.TimeEffects(), **more}
    return nqp.StaggeredDiD(nqp.CompletePooling(varying=None), spillovers=spillovers, **arguments)


def ringed(panel: nqp.Panel) -> Spilled:
    """Rings of firms by the distance of their city to others in force, by brute force."""
    frame = panel.frame.drop_duplicates("firm")
    km = kilometres(frame[["longitude", "latitude"]].to_numpy())
    km[HOME[:, None] == HOME] = np.inf
    adoption = frame["cohort"].fillna(99.0).to_numpy(dtype=int)
    time = np.arange(PERIODS)[None]
    near = np.stack(
        [np.where(adoption[None] <= t, km, np.inf).min(axis=1) for t in range(PERIODS)], axis=1
    )
    ring = np.where(near <= EDGES[0], 0, np.where(near <= EDGES[1], 1, -1))
    first = [np.where(near <= edge, time, 99).min(axis=1) for edge in EDGES]
    since = np.where(ring == 0, first[0][:, None], np.where(ring == 1, first[1][:, None], 99))
    simulated = nqp.simulation.Simulated(panel, xr.Dataset(), {})
    return Spilled(simulated, adoption, ring, since, np.zeros(0), np.zeros(0))


def test_rings_of_cities_are_the_dense_model() -> None:
    panel = panel_of()
    design, world = design_of(nqp.Rings(EDGES, city="city")), ringed(panel)
    problem = model_frame_of(design, panel).equations[0].gaussian
    assert_dense(problem, partial(dense, world, design), number=3)


def weights_of_cities() -> nqp.spatial_weights.SpatialWeights:
    cities = firm_frame().groupby(["city", "time"], as_index=False).first()
    panel = nqp.Panel.from_frame(cities, unit="city", time="time", cohort="cohort", outcome="y")
    return nqp.spatial_weights.nearest(panel, k=2)


def test_weights_are_shared_by_the_firms_of_neighbouring_cities() -> None:
    panel, of_cities = panel_of(), weights_of_cities()
    ours = nqp.spatial_weights.nearest(panel, k=2, city="city")
    between = of_cities.matrix.toarray()
    expected = between[HOME][:, HOME] / np.bincount(HOME)[HOME]
    assert ours.matrix.toarray() == pytest.approx(expected)
    assert ours == nqp.spatial_weights.spread(of_cities, panel, city="city")
    for make in (nqp.spatial_weights.band, nqp.spatial_weights.inverse_distance):
        others = make(panel, km=150, city="city").matrix.toarray()
        assert others.sum(axis=1) == pytest.approx(1.0)
        assert not others[HOME[:, None] == HOME].any()
    alike = nqp.spatial_weights.economic(panel, "longitude", city="city").matrix.toarray()
    assert not alike[HOME[:, None] == HOME].any()
    for delta in (-0.4, 0.5):
        firms, cities = (
            np.linalg.slogdet(np.eye(len(w)) - delta * w)[1] for w in (expected, between)
        )
        assert firms == pytest.approx(cities)


@pytest.mark.slow
def test_shares_and_lags_take_them() -> None:
    panel = panel_of()
    weights = nqp.spatial_weights.nearest(panel, k=2, city="city")
    share = nqp.ShareTreated(weights).since(panel)
    assert all(len(np.unique(share[HOME == k], axis=0)) == 1 for k in range(CITIES))
    fit = nqp.fit(
        design_of(nqp.SpatialLag(weights, durbin=False)), panel, nqp.Importance(100, seed=1),
        progress=False,
    )  # fmt: skip
    assert fit.gate.passed


@pytest.mark.parametrize(
    "make",
    [
        lambda panel: nqp.spatial_weights.nearest(panel, k=2),
        lambda panel: nqp.spatial_weights.band(panel, km=150),
        lambda panel: nqp.spatial_weights.inverse_distance(panel, km=150),
        lambda panel: model_frame_of(design_of(nqp.Rings(EDGES)), panel),
        lambda panel: model_frame_of(design_of(nqp.Donut(km=150)), panel),
        lambda panel: model_frame_of(design_of(nqp.ShareTreated(weights_of_cities())), panel),
        lambda panel: model_frame_of(design_of(nqp.SpatialLag(weights_of_cities())), panel),
    ],
)
def test_without_a_city_the_error_names_it(make: object) -> None:
    with pytest.raises(PanelError, match="city='city'"):
        make(panel_of())  # type: ignore[operator]


def test_what_is_wrong_with_cities_is_named() -> None:
    panel = panel_of()
    with pytest.raises(PanelError, match=r"city='town' is not a column(?s:.)*"):
        nqp.spatial_weights.nearest(panel, k=2, city="town")
    moving = firm_frame().assign(city=lambda df: df["city"].where(df["time"] < 5, "c00"))
    with pytest.raises(PanelError, match="city='city' is missing or changes within units"):
        nqp.spatial_weights.nearest(panel_of(moving), k=2, city="city")
    far = firm_frame().assign(longitude=lambda df: df["longitude"] + 0.01 * (df["firm"] == "f02"))
    with pytest.raises(PanelError, match=r"coordinates vary within units(?s:.)*c01"):
        nqp.spatial_weights.nearest(panel_of(far), k=2, city="city")
    with pytest.raises(StudyError, match="'k' is 20"):
        nqp.spatial_weights.nearest(panel, k=20, city="city")


def test_too_many_pairs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from bayes_nqp.data.spatial_weights import _cities

    monkeypatch.setattr(_cities, "MOST_LINKS", 10)
    with pytest.raises(StudyError, match=r"pairs of units would be linked(?s:.)*nqp.Rings"):
        nqp.spatial_weights.nearest(panel_of(), k=2, city="city")


def test_all_exposed_is_refused() -> None:
    with pytest.raises(IdentificationError, match="no untreated unit"):
        model_frame_of(design_of(nqp.Rings([100, 5000], city="city")), panel_of())
