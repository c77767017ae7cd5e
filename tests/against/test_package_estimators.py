"""Estimators of other packages beside the packages called directly, and the Bacon decomposition."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from against import cases, peers
from against.peers import Roles

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NotApplicable, PanelError, StudyError
from bayes_nqp.robustness import AVERAGE, ESTIMATORS, EventCurve, Sample, goodman_bacon

dd = pytest.importorskip("diff_diff")
pf = pytest.importorskip("pyfixest")

CONTROLS = ("unemployrt", "poverty")
PACKAGED = (
    "callaway_santanna_dr", "extended_twfe", "dechaisemartin_dhaultfoeuille", "stacked",
    "local_projections", "synthetic_did", "twfe",
)  # fmt: skip
type Curve = dict[int, tuple[float, float]]


def ours(name: str, df: pd.DataFrame, roles: Roles, ahead: int = 0, **columns: Any) -> EventCurve:
    panel = cases.panel_of(df, roles, **columns)
    return ESTIMATORS[name].estimate(Sample.of(panel, ahead, panel.roles.covariates))


def curve(found: EventCurve) -> Curve:
    pairs = zip(found.mean.tolist(), found.sd.tolist(), strict=True)
    return dict(zip(found.event_time.tolist(), pairs, strict=True))


def same(ours: EventCurve, theirs: Curve, error: float = 1e-8) -> None:
    """Compare every estimate of the package that has a standard error."""
    mine = curve(ours)
    theirs = {e: x for e, x in theirs.items() if np.isfinite(x).all() and x[1] > 0}
    assert set(mine) == set(theirs)
    for e, pair in theirs.items():
        assert mine[e] == pytest.approx(pair, abs=error), e


@cache
def castle(*, gaps: bool = False) -> pd.DataFrame:
    df = cases.castle_frame().sort_values(["state", "year"]).reset_index(drop=True)
    df = cases.thinned(df) if gaps else df
    # Whole numbers, which both packages take as labels of units.
    df["code"] = df["state"].astype("category").cat.codes
    return df.assign(d=((df["cohort"] > 0) & (df["year"] >= df["cohort"])).astype(float))


CASTLE = Roles("code", "year", "cohort", "l_homicide")
STAGGERED = dict(CASTLE.diff_diff)
BINARY = {"outcome": "l_homicide", "unit": "code", "time": "year", "treatment": "d"}


def _two_way(df: pd.DataFrame, controls: tuple[str, ...] = (), **options: Any) -> Curve:
    formula = " + ".join(["d", *controls])
    with peers.quiet():
        model = pf.feols(
            f"l_homicide ~ {formula} | code + year", df, vcov={"CRV1": "code"}, fixef_tol=1e-12,
            fixef_maxiter=1_000_000, **options,
        )  # fmt: skip
        return {AVERAGE: (float(model.coef()["d"]), float(model.se()["d"]))}


def _doubly_robust(df: pd.DataFrame) -> Curve:
    with peers.quiet():
        found = dd.CallawaySantAnna(base_period="universal").fit(
            df, **STAGGERED, covariates=[*CONTROLS]
        )
    study = found.aggregate("event_study")
    pairs = zip(study.att, study.se, strict=True)
    out = dict(zip(study.event_time.tolist(), pairs, strict=True))
    return out | {AVERAGE: (found.overall_att, found.overall_se)}


def _extended(df: pd.DataFrame, controls: list[str] | None = None, **options: Any) -> Curve:
    with peers.quiet():
        found = dd.WooldridgeDiD(**options).fit(df, **STAGGERED, xtvar=controls)
        found = found.aggregate("event_study")
    out = {int(e): (x["att"], x["se"]) for e, x in found.event_study_effects.items()}
    return out | {AVERAGE: (found.overall_att, found.overall_se)}


def _stacked(df: pd.DataFrame) -> Curve:
    with peers.quiet():
        # Half of the 21 states have three periods after adoption or more; 2006 has six before.
        found = dd.StackedDiD(kappa_pre=5, kappa_post=3).fit(df, **STAGGERED)
    out = {int(e): (x["effect"], x["se"]) for e, x in found.event_study_effects.items()}
    return out | {AVERAGE: (found.overall_att, found.overall_se)}


def _projected(df: pd.DataFrame, controls: list[str] | None = None) -> Curve:
    with peers.quiet():
        found = dd.LPDiD(pre_window=5, post_window=4, reweight=True).fit(
            df, **BINARY, covariates=controls, post_pooled=(0, 3)
        )
    table = found.event_study
    pairs = zip(table["coefficient"], table["se"], strict=True)
    return dict(zip(table["horizon"], pairs, strict=True)) | {AVERAGE: (found.att, found.se)}


DIRECT: dict[str, Callable[[], tuple[EventCurve, Curve]]] = {
    "TWFE": lambda: (ours("twfe", castle(), CASTLE), _two_way(castle())),
    "TWFE, gaps, covariates and weights": lambda: (
        ours("twfe", castle(gaps=True), CASTLE, covariates=CONTROLS, weights="popwt"),
        _two_way(castle(gaps=True), CONTROLS, weights="popwt"),
    ),
    "doubly robust": lambda: (
        ours("callaway_santanna_dr", castle(), CASTLE, covariates=CONTROLS),
        _doubly_robust(castle()),
    ),
    "extended TWFE, gaps": lambda: (
        ours("extended_twfe", castle(gaps=True), CASTLE),
        _extended(castle(gaps=True)),
    ),
    "extended TWFE, covariates": lambda: (
        ours("extended_twfe", castle(), CASTLE, covariates=CONTROLS),
        _extended(castle(), [*CONTROLS]),
    ),
    "extended TWFE, anticipation": lambda: (
        ours("extended_twfe", castle(), CASTLE, ahead=1),
        _extended(castle(), anticipation=1),
    ),
    "stacked": lambda: (ours("stacked", castle(), CASTLE), _stacked(castle())),
    "stacked, gaps": lambda: (
        ours("stacked", castle(gaps=True), CASTLE),
        _stacked(castle(gaps=True)),
    ),
    "local projections, gaps": lambda: (
        ours("local_projections", castle(gaps=True), CASTLE),
        _projected(castle(gaps=True)),
    ),
    "local projections, covariates": lambda: (
        ours("local_projections", castle(), CASTLE, covariates=CONTROLS),
        _projected(castle(), [*CONTROLS]),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", DIRECT)
def test_estimates_are_those_of_the_package(case: str) -> None:
    mine, theirs = DIRECT[case]()
    assert AVERAGE in curve(mine)
    same(mine, theirs)


def test_the_two_way_coefficient_is_that_of_least_squares() -> None:
    df = castle(gaps=True)
    dummies = [pd.get_dummies(df[name], dtype=float).to_numpy() for name in ("code", "year")]
    x = np.column_stack([df["d"], *dummies])
    direct = np.linalg.lstsq(x, df["l_homicide"].to_numpy(), rcond=1e-12)[0][0]
    assert ours("twfe", df, CASTLE).mean[-1] == pytest.approx(direct, abs=1e-8)


def test_effects_of_switchers_are_those_of_the_package_and_the_average_has_a_safe_error() -> None:
    mine = curve(ours("dechaisemartin_dhaultfoeuille", castle(), CASTLE))
    with peers.quiet():
        found = dd.ChaisemartinDHaultfoeuille().fit(castle(), **BINARY, L_max=5)
    effects = {k - 1: (x["effect"], x["se"]) for k, x in found.event_study_effects.items()}
    leads = {k - 1: (x["effect"], x["se"]) for k, x in found.placebo_event_study.items()}
    for e, pair in (effects | leads).items():
        assert mine[e] == pytest.approx(pair, abs=1e-8)
    # Binary treatment that stays: the average weights event times by their treated units.
    sizes = np.array([21, 20, 18, 14, 1]) / 74
    mean, sd = (np.array([effects[e][k] for e in range(5)]) for k in (0, 1))
    assert mine[AVERAGE][0] == pytest.approx(sizes @ mean) == pytest.approx(found.overall_att)
    assert mine[AVERAGE][1] == pytest.approx(sizes @ sd)
    # The package's error is that of independent effects; resampled states are more variable.
    assert found.overall_se == pytest.approx(np.sqrt((sizes**2) @ sd**2))
    assert mine[AVERAGE][1] > found.overall_se


def test_synthetic_did_of_one_cohort_is_that_of_the_package() -> None:
    df = castle()
    df = df[df["cohort"].isin((0, 2007))].assign(ever=lambda x: (x["cohort"] > 0).astype(int))
    with peers.quiet():
        found = dd.SyntheticDiD(variance_method="jackknife", seed=0).fit(
            df, "l_homicide", "ever", "code", "year", post_periods=[2007, 2008, 2009, 2010]
        )
    same(ours("synthetic_did", df, CASTLE), {AVERAGE: (found.att, found.se)}, 1e-10)


@pytest.mark.slow
def test_synthetic_did_of_several_cohorts_leaves_out_each_unit() -> None:
    df = castle().query("cohort in (0, 2008, 2010)")
    units = df["code"].unique()
    weights: dict[int, tuple[dict[Any, float], dict[Any, float]]] = {}
    for g in (2008, 2010):  # four states, and one
        part = df[df["cohort"].isin((0, g))].assign(ever=lambda x: (x["cohort"] > 0).astype(int))
        with peers.quiet():
            found = dd.SyntheticDiD(seed=0).fit(
                part, "l_homicide", "ever", "code", "year", post_periods=[*range(g, 2011)]
            )
        weights[g] = found.unit_weights, found.time_weights

    def average(rows: pd.DataFrame) -> float:
        effects, sizes = [], []
        for g, (w, last) in weights.items():
            part = rows[rows["cohort"].isin((0, g))]
            y = part.pivot(index="code", columns="year", values="l_homicide")
            own = part.groupby("code")["cohort"].first() == g
            if not own.any():
                continue
            z = y[[*range(g, 2011)]].mean(axis=1) - y[[*last]] @ pd.Series(last)
            w_left = pd.Series(w)[y.index[~own]]
            effects.append(z[own].mean() - np.average(z[~own], weights=w_left))
            sizes.append(own.sum() * (2011 - g))
        return float(np.average(effects, weights=sizes))

    without = np.array([average(df[df["code"] != i]) for i in units])
    sd = np.sqrt((len(units) - 1) / len(units) * ((without - without.mean()) ** 2).sum())
    same(ours("synthetic_did", df, CASTLE), {AVERAGE: (average(df), sd)})


def test_baseline_variables_adjust_as_in_r(shared_data: Path) -> None:
    panel = cases.panel_of(cases.mpdta_frame(shared_data), cases.MPDTA)
    found = ESTIMATORS["callaway_santanna_dr"].estimate(Sample.of(panel, baseline=["lpop"]))
    # R's regression adjustment for lpop; doubly robust estimates differ in the third digit.
    table = cases.r_table(shared_data, "aggte", "mpdta_nev_reg_cov").set_index("type")
    assert found.mean[-1] == pytest.approx(table.loc["simple", "overall_att"], abs=5e-4)
    assert [str(note) for note in found.notes] == ["covariates: lpop"]


# The Goodman-Bacon decomposition.


def equation_10(panel: nqp.Panel) -> dict[tuple[int, int], float]:
    """Weights by Goodman-Bacon (2021), equations 7 to 10, from shares of units and of periods."""
    groups = np.unique(panel.cohort_codes)
    n = {g: (panel.cohort_codes == g).mean() for g in groups}
    d = {g: 0.0 if g < 0 else 1 - g / panel.periods for g in groups}
    out: dict[tuple[int, int], float] = {}
    for k in groups[groups >= 0]:
        if -1 in n:
            out[k, -1] = n[k] * n[-1] * d[k] * (1 - d[k])
        for later in groups[groups > k]:
            pair = n[k] * n[later]
            out[k, later] = pair * (d[k] - d[later]) * (1 - d[k])
            out[later, k] = pair * d[later] * (d[k] - d[later])
    return {pair: x / sum(out.values()) for pair, x in out.items()}


@pytest.mark.slow
@pytest.mark.parametrize("data", ["castle", "mpdta"])
def test_comparisons_and_weights_give_the_two_way_coefficient(
    data: str, request: pytest.FixtureRequest
) -> None:
    df, roles = castle(), CASTLE
    if data == "mpdta":
        df, roles = cases.mpdta_frame(request.getfixturevalue("shared_data")), cases.MPDTA
    panel = cases.panel_of(df, roles)
    found = goodman_bacon(panel)
    coefficient = ours("twfe", df, roles).mean[-1]
    assert found.weight @ found.estimate == pytest.approx(coefficient, abs=1e-8)
    assert found.coefficient == pytest.approx(coefficient, abs=1e-8)
    pairs = list(zip(found.treated.tolist(), found.control.tolist(), strict=True))
    assert dict(zip(pairs, found.weight, strict=True)) == pytest.approx(
        equation_10(panel), abs=1e-12
    )
    y = np.full((panel.unit_labels.size, panel.periods), np.nan)
    y[panel.unit_codes, panel.time_codes] = panel.outcome
    for (g, c), estimate in zip(pairs, found.estimate, strict=True):
        # Periods in which the control does not change its status.
        used = slice(0, c) if c > g else slice(max(c, 0), None)
        post = np.arange(panel.periods)[used] >= g
        paths = [y[panel.cohort_codes == x][:, used].mean(axis=0) for x in (g, c)]
        changes = [path[post].mean() - path[~post].mean() for path in paths]
        assert estimate == pytest.approx(changes[0] - changes[1], abs=1e-10)


def test_the_decomposition_is_the_published_one() -> None:
    # R's bacondecomp dates laws by the year in which they take effect.
    df = castle()
    df = df.assign(cohort=(df["cohort"] - 1).clip(lower=0))
    found = goodman_bacon(cases.panel_of(df, CASTLE))
    assert found.coefficient == pytest.approx(0.0818116169306475, abs=1e-12)
    printed = {
        "earlier_vs_later": (0.05976, -0.00554),
        "later_vs_earlier": (0.03190, 0.07032),
        "treated_vs_never": (0.90834, 0.08796),
    }
    for name, pair in printed.items():
        assert found.of(name)[1:] == pytest.approx(pair, abs=5e-6)


def test_the_table_and_the_plot_show_every_comparison() -> None:
    panel = nqp.datasets.castle_doctrine()
    numbers = nqp.table(panel, "bacon").numbers
    total = numbers[numbers["label"] == "TWFE coefficient"].iloc[0]
    each = numbers[numbers["label"].str.contains(" vs ")]
    assert len(each) == 25
    assert (each["Weight"] * each["Estimate"]).sum() == pytest.approx(total["Estimate"], abs=1e-12)
    assert "2.4 %" in nqp.table(panel, "bacon").note
    points = [line for line in nqp.plots.bacon(panel).axes[0].lines if line.get_gid() == "points"]
    assert sum(len(line.get_xdata()) for line in points) == 25
    assert nqp.table(panel, "bacon", language="zh").title == "Goodman-Bacon 分解（培根分解）"


def test_units_treated_throughout_are_left_out_and_counted() -> None:
    df = castle()
    df = df.assign(cohort=df["cohort"].mask(df["code"] == 0, 2000))
    table = nqp.table(cases.panel_of(df, CASTLE), "bacon")
    assert "1 unit is left out because it is treated in all periods." in table.note


def test_units_with_gaps_are_left_out_and_counted() -> None:
    panel = nqp.datasets.castle_doctrine()
    some = np.ones(len(panel.frame), dtype=bool)
    some[[3, 80, 200]] = False
    gaps, complete = panel.where(some), np.isin(panel.unit_codes, panel.unit_codes[~some])
    table = nqp.table(gaps, "bacon")
    assert "3 units are left out because they are not observed in all periods." in table.note
    balanced = nqp.table(panel.where(~complete), "bacon")
    assert table.to_frame().equals(balanced.to_frame())
    figure = nqp.plots.bacon(gaps)
    assert any("3 units are left out" in text.get_text() for text in figure.texts)


def test_a_panel_of_gaps_is_refused_with_code_that_balances_it() -> None:
    panel = cases.panel_of(castle(gaps=True), CASTLE)
    counts = np.bincount(panel.unit_codes)
    first = panel.frame.groupby(panel.roles.unit).cumcount() == 0
    rank = panel.unit_codes % 3 > 0
    panel = panel.where(~(rank & first & (counts[panel.unit_codes] == counts.max())))
    with pytest.raises(PanelError, match="every unit in every period") as refused:
        nqp.table(panel, "bacon")
    code = str(refused.value.hint).partition(", or")[0]
    balanced = eval(code, {"panel": panel})
    assert 0 < balanced.unit_labels.size < panel.unit_labels.size
    assert goodman_bacon(balanced).weight.sum() == pytest.approx(1)


def test_a_panel_without_adoption_has_no_decomposition() -> None:
    never = castle().query("cohort == 0")
    with pytest.raises(PanelError, match="treated units"):
        goodman_bacon(cases.panel_of(never, CASTLE))


# What does not apply, and packages that are missing.


@pytest.mark.parametrize("name", PACKAGED)
def test_without_the_package_a_sentence_names_the_extra(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "diff_diff", None)
    monkeypatch.setitem(sys.modules, "pyfixest", None)
    with pytest.raises(NotApplicable, match=r"pip install 'bayes-nqp\[estimators\]'"):
        ours(name, castle(), CASTLE, covariates=CONTROLS)
    with pytest.raises(StudyError, match=r"bayes-nqp\[estimators\]"):
        nqp.table(cases.panel_of(castle(), CASTLE), "bacon")


REFUSED = {
    "callaway_santanna_dr": ({}, {}, "neither covariates"),
    "synthetic_did": ({"gaps": True}, {}, "every unit in every period"),
    "stacked": ({}, {"ahead": 1}, "anticipation"),
    "local_projections": ({}, {"ahead": 1}, "anticipation"),
    "dechaisemartin_dhaultfoeuille": ({}, {"ahead": 1}, "anticipation"),
    "twfe": ({}, {"ahead": 1}, "anticipation"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_estimator_that_does_not_apply_says_why(name: str) -> None:
    data, options, why = REFUSED[name]
    with pytest.raises(NotApplicable, match=why):
        ours(name, castle(**data), CASTLE, **options)


def test_without_never_treated_units_others_are_controls() -> None:
    df = castle().query("cohort > 0")
    for name in ("callaway_santanna_dr", "synthetic_did"):
        with pytest.raises(NotApplicable, match="never-treated"):
            ours(name, df, CASTLE, covariates=CONTROLS)
    found = curve(ours("stacked", df, CASTLE))
    assert max(set(found) - {AVERAGE}) == 2
    assert AVERAGE in curve(ours("local_projections", df, CASTLE))
    assert AVERAGE in curve(ours("extended_twfe", df, CASTLE))


def test_a_period_without_observations_is_refused_where_packages_count_periods() -> None:
    df = castle().query("year != 2004")
    for name in ("stacked", "local_projections", "dechaisemartin_dhaultfoeuille"):
        with pytest.raises(NotApplicable, match="no observations"):
            ours(name, df, CASTLE)


def test_estimates_do_not_depend_on_how_periods_are_written() -> None:
    df = castle()
    text = df.assign(year=df["year"].astype(str) + "Q1", cohort=df["cohort"].astype(str) + "Q1")
    wide = df.assign(year=2 * df["year"], cohort=2 * df["cohort"])
    one = curve(ours("stacked", df, CASTLE))
    panels = [
        nqp.Panel.from_frame(
            text,
            unit="code",
            time="year",
            cohort="cohort",
            outcome="l_homicide",
            never="0Q1",
            freq="Y",
        ),
        cases.panel_of(wide, CASTLE, freq=2),
    ]
    for panel in panels:
        found = curve(ESTIMATORS["stacked"].estimate(Sample.of(panel)))
        assert found.keys() == one.keys()
        assert np.array([*found.values()]) == pytest.approx(np.array([*one.values()]), abs=1e-10)


@pytest.mark.slow
def test_warnings_of_a_package_are_notes_of_its_row() -> None:
    panel = cases.panel_of(castle(), CASTLE, covariates=CONTROLS)
    sampler = nqp.Importance(draws=100, chains=2, seed=1)
    design = nqp.StaggeredDiD(nqp.CompletePooling(), covariates=CONTROLS)
    fit = nqp.fit(design, panel, sampler, progress=False)
    table = nqp.estimators_table(fit, ["callaway_santanna_dr", "twfe", "imputation"])
    notes = table.groupby("estimator")["note"].first()
    robust = notes["Callaway–Sant'Anna (doubly robust)"]
    assert robust.startswith("covariates: unemployrt, poverty; diff-diff warns: ")
    assert notes["TWFE"] == "covariates: unemployrt, poverty"
    assert notes["Borusyak–Jaravel–Spiess"] == ""
    figure = nqp.plots.estimators(fit, estimators=["twfe"], language="zh")
    assert any("控制变量" in text.get_text() for text in figure.texts)
