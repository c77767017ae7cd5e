"""Maps: where units are drawn, in which colours, and what the maps say of themselves."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba
from matplotlib.text import Text
from pictures import rendered
from scipy.spatial import cKDTree
from spatial_places import frame_of, panel_of, scattered
from spilled import spilled

import bayes_nqp as nqp
from bayes_nqp import plots
from bayes_nqp._core.exceptions import PanelError, StudyError

GREY = to_rgba("#E3E3E3")


@cache
def fitted(varying: str | None = None, *, lag: bool = False) -> nqp.Fit:
    """Zones of a small land whose neighbours receive: by rings, or by a spatial lag."""
    panel = spilled(units=80, periods=8).panel
    near = nqp.SpatialLag(nqp.spatial_weights.nearest(panel, k=4)) if lag else nqp.Rings([100, 200])
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(varying=varying), nqp.IID(), spillovers=near, time=nqp.TimeEffects(),
        unidentified="raise" if lag else "drop",
    )  # fmt: skip
    return nqp.fit(design, panel, nqp.Importance(draws=200, seed=1), progress=False)


def said(figure) -> str:
    return " ".join(t.get_text() for t in figure.findobj(Text) if t.get_visible())


def faces(figure) -> np.ndarray:
    """Colours of all areas or dots, hatches left out."""
    drawn = [c for c in figure.axes[0].collections if isinstance(c, PathCollection)]
    colours = []
    for each in drawn:
        face = each.get_facecolor()
        n = max(len(each.get_paths()), len(each.get_offsets()))
        colours += [face[k % len(face)] for k in range(n)] if len(face) else []
    return np.array(colours)


def test_zones_are_coloured_by_batch() -> None:
    panel = spilled(units=80, periods=8).panel
    figure = plots.zone_map(panel, title="Zones")
    batches, count = np.unique(panel.cohort_codes, return_counts=True)
    colours = faces(figure)
    assert len(colours) == panel.n_units
    assert (colours == GREY).all(axis=1).sum() == count[batches < 0].sum()
    assert len(np.unique(colours, axis=0)) == len(batches)
    legend = [t.get_text() for t in figure.axes[0].get_legend().get_texts()]
    assert f"never treated ({count[0]})" in legend
    assert len(legend) == len(batches)
    assert "Zones (schematic map)" in said(figure)
    assert "not administrative borders" in said(figure)
    assert rendered(figure) > 1000


@pytest.mark.slow
def test_a_schematic_map_says_so_in_chinese() -> None:
    panel = spilled(units=80, periods=8).panel
    for dots in (False, True):
        figure = plots.zone_map(panel, dots=dots, title="各批次", language="zh")
        assert "各批次（示意图）" in said(figure)
        assert rendered(figure) > 1000
    assert "示意图" in said(plots.zone_map(panel, language="zh"))


def test_cells_hold_what_is_nearest_to_their_unit() -> None:
    degrees = scattered(40)
    figure = plots.zone_map(panel_of(degrees))
    paths = [p for c in figure.axes[0].collections for p in c.get_paths()]
    assert len(paths) == 40
    scale = [np.cos(np.radians(0.5 * (degrees[:, 1].min() + degrees[:, 1].max()))), 1.0]
    tree = cKDTree(degrees * scale)
    rng = np.random.default_rng(1)
    points = rng.uniform(degrees.min(axis=0), degrees.max(axis=0), (2000, 2))
    inside = np.stack([path.contains_points(points) for path in paths])
    assert (inside.sum(axis=0) <= 1).all()
    owner = np.array([tree.query(np.mean(p.vertices[:-1], axis=0) * scale)[1] for p in paths])
    near = tree.query(points * scale)[1]
    for path, own in zip(inside, owner, strict=True):
        assert (near[path] == own).all()
    aspect = figure.axes[0].get_aspect()
    assert aspect == pytest.approx(1.0 / scale[0])


def test_units_at_one_place_are_dots() -> None:
    degrees = np.repeat(scattered(6), 2, axis=0)
    assert "Dots" in said(plots.zone_map(panel_of(degrees)))


def test_boundaries_of_the_users_are_matched_by_name(tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    box = pytest.importorskip("shapely").box
    degrees = np.array([[10.5, 50.5], [11.5, 50.5], [12.5, 50.5]])
    panel = panel_of(degrees)
    land = geopandas.GeoDataFrame(
        {"city": ["p002", "p000", "other", "p001"]}, crs=4326,
        geometry=[box(x, 50, x + 1, 51) for x in (12, 10, 13, 11)],
    )  # fmt: skip
    land.to_crs(3857).to_file(tmp_path / "cities.geojson")
    figure = plots.zone_map(panel, str(tmp_path / "cities.geojson"), "city", title="Zones")
    assert "schematic" not in said(figure)
    assert "Zones" in said(figure)
    treated = next(
        c for c in figure.axes[0].collections
        if len(c.get_paths()) == 1 and tuple(c.get_facecolor()[0]) != (1.0, 1.0, 1.0, 1.0)
    )  # fmt: skip
    assert treated.get_paths()[0].vertices.mean(axis=0)[0] == pytest.approx(10.5, abs=0.1)
    assert len(faces(figure)) == 4
    with pytest.raises(StudyError, match="'boundaries' come without 'id'"):
        plots.zone_map(panel, land)
    renamed = land.assign(city=["p002", "p000x", "other", "p001"])
    with pytest.raises(PanelError, match=r"1 of 3 units are not in(?s:.)*did you mean 'p000x'"):
        plots.zone_map(panel, renamed, "city")
    with pytest.raises(PanelError, match="not in degrees and have no coordinate reference system"):
        plots.zone_map(panel, land.to_crs(3857).set_crs(None, allow_override=True), "city")


def test_places_that_are_lacking_are_named() -> None:
    frame = frame_of(scattered(5))
    frame.loc[frame["unit"] == "p003", "longitude"] = np.nan
    panel = nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="y")
    with pytest.raises(PanelError, match=r"1 of 5 units have no coordinates(?s:.)*p003"):
        plots.zone_map(panel)


@pytest.mark.slow
@pytest.mark.parametrize(("varying", "lag"), [(None, False), ("unit", False), ("unit", True)])
def test_effects_are_coloured_about_zero(varying: str | None, lag: bool) -> None:
    fit = fitted(varying, lag=lag)
    received = nqp.spillover_effects(fit, by="unit")
    figure = plots.effect_map(fit, "received", title="x")
    mean = received.mean(["chain", "draw"]).to_numpy()
    bar = figure.axes[1]
    assert bar.get_ylim() == pytest.approx((-np.abs(mean).max(), np.abs(mean).max()))
    colours = faces(figure)
    grey = (colours == GREY).all(axis=1).sum()
    assert grey == fit.panel.n_units - mean.size
    assert (colours[:, 0] > colours[:, 2]).sum() == (mean > 0).sum()
    low, high = np.quantile(received.to_numpy().reshape(-1, mean.size), [0.025, 0.975], axis=0)
    hatched = [c for c in figure.axes[0].collections if c.get_hatch()]
    assert sum(len(c.get_paths()) for c in hatched) == ((low <= 0) & (high >= 0)).sum()
    text = said(figure)
    assert "interval includes zero" in text
    assert "Black points" in text
    assert rendered(figure) > 1000


def test_own_effects_are_those_of_units() -> None:
    fit = fitted("unit")
    own = nqp.att(fit, by="unit", path="direct").mean(["chain", "draw"]).to_numpy()
    figure = plots.effect_map(fit, "direct", dots=True, language="zh")
    assert figure.axes[1].get_ylim()[1] == pytest.approx(np.abs(own).max())
    assert (faces(figure) == GREY).all(axis=1).sum() == fit.panel.n_units - own.size
    assert rendered(figure) > 1000


@pytest.mark.slow
def test_the_world_is_as_it_was() -> None:
    before = dict(mpl.rcParams)
    plots.effect_map(fitted(), "received", onto="treated", language="zh")
    assert dict(mpl.rcParams) == before
    with pytest.raises(StudyError, match="path"):
        plots.effect_map(fitted(), "indirect")


@pytest.mark.slow
def test_runs_draw_maps_where_places_are_known() -> None:
    for fit in (fitted(), fitted("unit", lag=True)):
        stems = {sketch.stem for sketch in plots.sketches(plots.Scene(fit, ()))}
        assert {"zone_map", "effect_map_direct", "effect_map_received"} <= stems
    panel = nqp.simulation.staggered(units=20, periods=6, cohorts=(3,), seed=1).panel
    fit = nqp.fit(
        nqp.StaggeredDiD(nqp.CompletePooling()), panel, nqp.Importance(seed=1), progress=False
    )
    assert not [s for s in plots.sketches(plots.Scene(fit, ())) if "map" in s.stem]


def test_a_map_of_zones_that_nobody_adopts_is_refused() -> None:
    panel = panel_of(scattered(20, 1))
    panel = panel.with_cohorts(np.full(panel.n_units, -1))
    with pytest.raises(PanelError, match="is ever treated"):
        plots.zone_map(panel)
