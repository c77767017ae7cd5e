"""Units that are summed up: the same answers as of single ones, or none, with the reason.

Nothing here knows which check, estimand, table, plot or section requires single units: each must
give the numbers of the panel of units, or say that it cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import signature
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import xarray as xr
from design_table import DESIGNS
from doors import (
    CHECKS,
    ESTIMANDS,
    HOLDS,
    KINDS,
    PLOTS,
    SECTIONS,
    CheckResult,
    Context,
    Finding,
    asks,
    equation_density,
    meets,
    model_frame_of,
)
from matplotlib import pyplot as plt
from random_panels import random_frame

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError, PanelError
from bayes_nqp._core.i18n import Message

Array = npt.NDArray[np.float64]
S = nqp.Importance(draws=200, chains=2, seed=1)
REFUSED = "single units"
SINGLE = ("correlations", "vif", "bacon")
"""Tables of a panel that need single units; the last one also adoption."""
RESULTS = {
    "check",
    "calibration",
    "love",
    "mediation_sensitivity",
    "trend_sensitivity",
    "shrinkage",
    "spatial_links",
}
"""Plots of what is no fit and no panel."""


def same(a: object, b: object, where: str) -> None:
    """Compare numbers, text, and whatever holds them; what is not known of sums is NaN there."""
    if isinstance(a, xr.Dataset | xr.DataArray):
        assert isinstance(b, type(a))
        a, b = a.to_dict(), b.to_dict()
    if isinstance(a, pd.DataFrame):
        assert isinstance(b, pd.DataFrame)
        a, b = a.to_dict("list"), b.to_dict("list")
    if isinstance(a, Mapping):
        assert isinstance(b, Mapping), where
        assert a.keys() == b.keys() - {"summed"}, where
        for key in a:
            same(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, str | bytes) or a is None:
        assert a == b, where
    elif isinstance(a, np.ndarray | list | tuple):
        x, y = np.asarray(a), np.asarray(b)
        assert x.shape == y.shape, where
        if x.dtype.kind in "iufb":
            size = np.nanmax(np.abs(x), initial=0.0) if x.dtype.kind == "f" else 1.0
            known = ~np.isnan(np.asarray(y, dtype=float))
            least = max(1e-6 * size, 1e-8)
            np.testing.assert_allclose(x[known], y[known], err_msg=where, rtol=1e-5, atol=least)
        else:
            assert x.astype(str).tolist() == y.astype(str).tolist(), where
    elif isinstance(a, int | float | np.generic):
        same(np.array([a]), np.array([b]), where)
    else:
        assert str(a) == str(b), where


def whole(seed: int = 3, **arguments: Any) -> pd.DataFrame:
    frame = random_frame(seed, units=300, periods=7, **arguments)
    generator, n = np.random.default_rng(seed), len(frame)
    treated = frame["time"] >= frame["cohort"]
    frame["z"] = frame.groupby("unit")["w"].transform("first")
    frame["m"] = 5.0 + frame["base"] + 0.5 * treated + generator.normal(size=n)
    frame["q"] = frame["m"] * 0.3 + generator.normal(size=n)
    frame["d"] = np.where(treated, np.abs(generator.normal(1.0, 0.3, n)), 0.0)
    frame["longitude"] = frame["city"].astype("category").cat.codes + 100.0
    frame["latitude"] = 30.0
    frame["y"] += 12.0 + 0.3 * frame["m"]
    return frame.drop(columns=["w"])


ROLES = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "y", "strata": ["region"]}
BY = ["market"]
REFUSE = {
    name
    for name, case in DESIGNS.items()
    if isinstance(case.design, nqp.ContinuousExposure)
    and (case.design.effect.varying or case.design.reference)
}


@pytest.mark.parametrize("name", DESIGNS)
def test_every_design_has_the_same_posterior_or_refuses(name: str) -> None:
    case = DESIGNS[name]
    panel = case.make(5, units=60)
    few = panel.summed_up(by=["city"], baseline=["base"])
    assert (few.n_units, few.n_rows) == (panel.n_units, panel.n_rows)
    model_frame = model_frame_of(case.design, panel)
    if name in REFUSE:
        with pytest.raises(PanelError, match=REFUSED):
            model_frame_of(case.design, few)
        return
    other = model_frame_of(case.design, few)
    for equation, like in zip(model_frame.equations, other.equations, strict=True):
        points = np.random.default_rng(1).normal(-1.0, 0.5, (5, len(equation.problem.space)))
        ours, theirs = (equation_density(x)(points) for x in (equation, like))
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-8)
        assert equation.scale == pytest.approx(like.scale, rel=1e-12)
    same(model_frame.cells.rows, other.cells.rows, "rows")
    same(model_frame.cells.observed, other.cells.observed, "observed")


def test_a_unit_that_counts_for_three_is_three_units() -> None:
    frame = whole()
    frame["n"] = frame["unit"].str[1:].astype(int) % 3 + 1
    each = [frame[frame["n"] > k].assign(unit=frame["unit"] + f"_{k}") for k in range(3)]
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"))
    long = nqp.Panel.from_frame(pd.concat(each), **ROLES)
    short = nqp.Panel.from_frame(frame, **ROLES, counts="n")
    assert (short.n_units, short.n_rows) == (long.n_units, long.n_rows)
    assert len(short.unit_labels) == 300
    a, b = (nqp.att(nqp.fit(design, x, S, progress=False)).to_numpy() for x in (long, short))
    np.testing.assert_allclose(a, b, atol=1e-6 * a.std())


def test_counts_are_positive_and_the_same_in_all_rows_of_a_unit() -> None:
    frame = whole().assign(n=2.0)
    with pytest.raises(PanelError, match="counts='n' varies within"):
        nqp.Panel.from_frame(frame.assign(n=frame["time"] + 1.0), **ROLES, counts="n")
    with pytest.raises(PanelError, match="counts='n' must be positive"):
        nqp.Panel.from_frame(frame.assign(n=0.0), **ROLES, counts="n")
    with pytest.raises(PanelError, match=REFUSED):
        nqp.Panel.from_frame(frame, **ROLES, counts="n").stratify("z")


def test_a_column_that_was_not_kept_is_named() -> None:
    few = nqp.Panel.from_frame(whole(), **ROLES).summed_up()
    with pytest.raises(NQPError, match=r"summed_up\(by=\['city'\]\) keeps it"):
        nqp.fit(nqp.StaggeredDiD(nqp.PartialPooling(varying="city")), few, S, progress=False)


def test_a_product_that_was_not_summed_up_is_named() -> None:
    roles = {**ROLES, "cohort": None}
    panel = nqp.Panel.from_frame(whole(), **roles, exposures=["d"], moderators=["z"])
    design = nqp.ContinuousExposure("d", nqp.PartialPooling(varying=None), moderator="z")
    with pytest.raises(PanelError, match=r"not contain the product of 'd' and 'z'") as caught:
        model_frame_of(design, panel.summed_up())
    assert caught.value.hint == "pass products=[('d', 'z')] when units are aggregated"
    with pytest.raises(NQPError, match="a list of lists of 2 texts"):
        panel.summed_up(products=["dz"])
    with pytest.raises(PanelError, match="not a column"):
        panel.summed_up(products=[("d", "zz")])


type Pair = tuple[nqp.Fit, nqp.Fit]


def pair(design: Any, products: Sequence[tuple[str, str]] = (), **roles: Any) -> Pair:
    columns = [*ROLES.values(), *BY, *roles.values()]
    names = [x for value in columns for x in ([value] if isinstance(value, str) else value or [])]
    panel = nqp.Panel.from_frame(whole()[names], **{**ROLES, **roles})
    few = panel.summed_up(by=BY, products=products)
    a, b = (nqp.fit(design, x, S, progress=False) for x in (panel, few))
    return a, b


PAIRS: dict[str, Callable[[], Pair]] = {
    "adoption": lambda: pair(
        nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"), moderator="z"),
        moderators=["z"],
    ),
    "channels": lambda: pair(
        nqp.Mediation(nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying=None))),
        mediators=["m", "q"],
    ),
    "dose": lambda: pair(
        nqp.ContinuousExposure("d", effect=nqp.PartialPooling(["region"], varying=None)),
        exposures=["d"], cohort=None,
    ),
    "moderated dose": lambda: pair(
        nqp.ContinuousExposure("d", effect=nqp.PartialPooling(["region"], varying=None),
        moderator="q"),
        exposures=["d"], moderators=["q"], cohort=None, products=[("q", "d")],
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=PAIRS)
def fits(request: pytest.FixtureRequest) -> Pair:
    return PAIRS[request.param]()


def asked(fits: Pair, name: str) -> CheckResult | None:
    """Ask of units and of sums; None where it says that it needs units, or does not suit."""
    try:
        ours = nqp.check(fits[0], name, progress=False)
    except NQPError:  # another kind of panel
        return None
    theirs = nqp.check(fits[1], name, progress=False)
    if theirs.verdict == "not applicable":
        if ours.verdict != theirs.verdict:
            assert "single units" in theirs.sentence, (name, theirs.sentence)
        return None
    for part in ("verdict", "figure", "sentence"):
        same(str(getattr(ours, part)), str(getattr(theirs, part)), f"{name}.{part}")
    same(ours.evidence, theirs.evidence, name)
    return ours


@pytest.fixture(scope="module")
def results(fits: Pair) -> list[CheckResult]:
    # Checks of the total effect alone are asked of designs without channels.
    total = fits[0].facts.channels is not None
    names = [name for name, each in CHECKS.items() if not (total and each.of == "total")]
    return [found for name in names if (found := asked(fits, name)) is not None]


def test_every_check_says_the_same_or_that_it_needs_units(results: list[CheckResult]) -> None:
    assert "convergence" in {x.name for x in results}


def test_a_check_that_counts_rows_is_caught() -> None:
    fits = PAIRS["adoption"]()

    @asks("How many rows are there?")
    def rows_counted(fit: nqp.Fit) -> Finding:
        assert fit.panel is not None
        return Finding(HOLDS, Message("{} rows", len(fit.panel.frame)), Message("There are."))

    try:
        with pytest.raises(AssertionError, match="rows_counted"):
            asked(fits, "rows_counted")
    finally:
        del CHECKS["rows_counted"]


def test_every_estimand_is_the_same(fits: Pair) -> None:
    for name, each in ESTIMANDS.items():
        if not each.lack(fits[0]):
            same(*(each(fit).to_numpy() for fit in fits), where=name)


def test_effects_of_single_units_are_refused() -> None:
    fits = PAIRS["adoption"]()
    with pytest.raises(NQPError, match=REFUSED):
        nqp.att(fits[1], "unit")


def test_every_table_is_the_same(fits: Pair) -> None:
    for name, kind in KINDS.items():
        if "checks" in kind.of or name in ("diagnostics", "robustness", "referee", "spatial"):
            continue  # of checks
        if name == "baseline":
            continue  # refits; R² and TWFE need single units
        if name in SINGLE:
            with pytest.raises(NQPError):
                nqp.table(fits[1].panel, name)
            continue
        for subject, sources in (("fit", fits), ("panel", [x.panel for x in fits])):
            if subject in kind.of and all(kind.suits(subject, x) for x in sources):
                tables = [nqp.table(x, name) for x in sources]
                cells = [[[c.values for c in r.cells] for r in x.rows] for x in tables]
                for k, (ours, theirs) in enumerate(zip(*cells, strict=True)):
                    for a, b in zip(ours, theirs, strict=True):
                        for x, y in zip(a, b, strict=True):
                            same(x, y, f"{name} row {k}")


def drawn(figure: Any) -> Iterator[Array | str]:
    for ax in figure.axes:
        yield from (np.asarray(line.get_xydata(), dtype=float) for line in ax.lines)
        for collection in ax.collections:
            yield np.asarray(collection.get_offsets(), dtype=float)
            yield from (np.asarray(path.vertices) for path in collection.get_paths())
        yield from (text.get_text() for text in [*ax.texts, *ax.get_yticklabels()])


def test_every_plot_is_the_same(fits: Pair) -> None:
    mpl.use("agg")
    assert set(PLOTS) >= RESULTS
    for name, plot in PLOTS.items():
        if name in RESULTS or not all(meets(fit, plot.needs) for fit in fits):
            continue
        first = next(iter(signature(plot.draw).parameters))
        figures = []
        for fit in fits:
            try:
                figures.append([*drawn(plot.draw(fit.panel if first == "panel" else fit))])
            except NQPError as error:
                figures.append([error.what])
        plt.close("all")
        if REFUSED in str(figures[1][0]):
            continue
        assert len(figures[0]) == len(figures[1]), name
        for ours, theirs in zip(*figures, strict=True):
            same(ours, theirs, name)


def test_every_section_is_the_same(fits: Pair, results: list[CheckResult]) -> None:
    # Doubted trends would be averaged over designs, which takes longer than all the rest.
    results = [x for x in results if x.name != "pretrends"]
    # These two draw single units.
    plots = tuple(name for name in PLOTS if name not in ("caterpillar", "moderation"))
    contexts = [Context(x, results, by=("region",), outcome="y", plots=plots) for x in fits]
    for name, section in SECTIONS.items():
        if name == "provenance":  # it names the panel, which is another
            continue
        ours, theirs = (
            [str(getattr(block, "text", "")) + str(getattr(block, "items", "")) for block in
             section(context)]
            for context in contexts
        )  # fmt: skip
        assert ours == theirs, name
