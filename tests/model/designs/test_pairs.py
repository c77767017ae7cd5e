"""Panels of pairs: one end or both in force, shocks of nodes, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from doors import study_design
from marginal import Marginal

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import ArgumentError, IdentificationError, PanelError, StudyError
from bayes_nqp.checks.shared import nesting
from bayes_nqp.data.panel import pairs_of
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.codec import decode, encode
from bayes_nqp.model.terms import NodeTimeEffects
from bayes_nqp.numerics.linear_gaussian import density

ROLES = {"origin": "from", "destination": "to", "time": "year", "outcome": "y"}
DATES = {"A": 2015, "B": 2016, "C": None, "D": None}


def links(*, directed: bool = False) -> pd.DataFrame:
    """All pairs of four nodes from 2013 to 2017."""
    names, rng = list(DATES), np.random.default_rng(1)
    pairs = [(a, b) for a in names for b in names if (a != b if directed else a < b)]
    rows = [(a, b, year) for a, b in pairs for year in range(2013, 2018)]
    frame = pd.DataFrame(rows, columns=["from", "to", "year"])
    return frame.assign(y=rng.normal(size=len(frame)))


def panel_of(frame: pd.DataFrame, **options: object) -> nqp.Panel:
    return nqp.Panel.from_pairs(frame, **{**ROLES, "cohorts": DATES, **options})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def world() -> nqp.simulation.Simulated:
    return nqp.simulation.network(nodes=24, periods=8, cohorts=(4, 6), sigma=0.5, seed=3)


@pytest.fixture(scope="module")
def fit(world: nqp.simulation.Simulated) -> nqp.Fit:
    design = nqp.StaggeredDiD(terms=[nqp.EndpointEffects(), nqp.NodeTimeEffects()])
    return nqp.fit(design, world.panel, nqp.Importance(draws=300, seed=1), progress=False)


def test_a_pair_is_the_same_either_way_round() -> None:
    frame = links()
    turned = frame.rename(columns={"from": "to", "to": "from"})
    mixed = pd.concat([frame[::2], turned[1::2]])
    assert panel_of(mixed).digest == panel_of(frame).digest
    assert panel_of(frame).unit_labels.tolist() == ["A–B", "A–C", "A–D", "B–C", "B–D", "C–D"]
    assert panel_of(links(directed=True), directed=True).n_units == 12


@pytest.mark.parametrize(
    "cohorts",
    [
        pd.Series(DATES, dtype=float),
        pd.DataFrame({"city": [*DATES] * 2, "date": [*pd.Series(DATES, dtype=float)] * 2}),
        {k: x or 2030 for k, x in DATES.items()},
        {k: f"{x}-07-01" if x else None for k, x in DATES.items()},
    ],
)
def test_dates_of_nodes_are_taken_in_many_forms(cohorts: object) -> None:
    pairs = pairs_of(panel_of(links(), cohorts=cohorts))
    assert pairs.nodes.tolist() == [*DATES]
    assert pairs.first.tolist() == [2, 2, 2, 3, 3, 5]
    assert pairs.second.tolist() == [3, 5, 5, 5, 5, 5]


@pytest.mark.parametrize("text", [False, True])
def test_quarters_are_read_back(text: bool) -> None:
    frame = links()
    step = frame["year"] - 2013
    year, quarter = 2013 + step // 4, 1 + step % 4
    periods = pd.PeriodIndex.from_fields(year=year, quarter=quarter, freq="Q")
    frame["year"] = periods.astype(str) if text else periods
    dates = {"A": "2013Q3", "B": "2013Q4", "C": None, "D": None}
    pairs = pairs_of(panel_of(frame, cohorts=dates))
    assert pairs.first.tolist() == [2, 2, 2, 3, 3, 5]


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (lambda x: x.assign(to=x["from"].where(x.index == 7, x["to"])), {}, "to itself"),
        (lambda x: pd.concat([x, x[:1].rename(columns={"from": "to", "to": "from"})]), {},
         "repeat a pair"),
        (lambda x: links(directed=True), {}, "repeat a pair"),
        (lambda x: pd.concat([x, x[:1]]), {"directed": True}, "repeat a pair"),
        (lambda x: x, {"cohorts": {"A": 2015, "B": None, "C": None}}, "no entry for 1 of 4"),
        (lambda x: x, {"cohorts": pd.DataFrame({"n": list("ABCDA"), "g": [2015] * 4 + [2016]})},
         "more than one date"),
        (lambda x: x, {"cohorts": pd.DataFrame({"n": list("ABCD")})}, "1 columns"),
        (lambda x: x, {"cohorts": 2015}, "'cohorts' is 2015"),
        (lambda x: x, {"destination": "from"}, "two roles: 'from' as origin and destination"),
        (lambda x: x.assign(to=x["to"].where(x.index != 3)), {},
         r"missing in 1 row\.(?s:.*)df\.dropna"),
        (lambda x: x.assign(pair=1), {}, "'pair' is reserved"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_pairs_is_refused(change, options, words: str) -> None:
    with pytest.raises((PanelError, ArgumentError), match=words):
        panel_of(change(links()), **options)


def test_terms_say_what_they_lack() -> None:
    plain = nqp.simulation.staggered(units=20, seed=1).panel
    for term in (nqp.EndpointEffects(), nqp.NodeTimeEffects()):
        with pytest.raises(StudyError, match="not pairs"):
            model_frame_of(nqp.StaggeredDiD(terms=[term]), plain)
    single = panel_of(links(), cohorts={**DATES, "B": None})
    with pytest.raises(StudyError, match="nothing to separate"):
        model_frame_of(nqp.StaggeredDiD(terms=[nqp.EndpointEffects()]), single)
    with pytest.raises(IdentificationError, match="too few"):
        model_frame_of(nqp.StaggeredDiD(terms=[nqp.NodeTimeEffects()]), panel_of(links()))
    moved = panel_of(links()).with_cohorts([2, 2, 2, 2, -1, -1])
    with pytest.raises(IdentificationError, match="no longer"):
        model_frame_of(nqp.StaggeredDiD(terms=[nqp.EndpointEffects()]), moved)


@pytest.mark.slow
@pytest.mark.parametrize("directed", [False, True])
def test_flat_effects_are_least_squares_on_dummies_of_pairs_and_periods(directed: bool) -> None:
    made = nqp.simulation.network(nodes=14, periods=6, cohorts=(3, 5), directed=directed, seed=2)
    design = nqp.StaggeredDiD(
        nqp.NoPooling(varying=None), nqp.IID(), terms=[nqp.EndpointEffects(directed=directed)]
    )
    ours = nqp.att(nqp.posterior_mean(design, made.panel), by=["ends", "event_time"]).mean(
        ["chain", "draw"]
    )
    panel, pairs = made.panel, pairs_of(made.panel)
    unit, time = panel.unit_codes, panel.time_codes
    o, d = (x[unit] for x in pairs.adoption)
    first, second, on = np.minimum(o, d), np.maximum(o, d), time >= np.minimum(o, d)
    names = np.where(time >= second, "both", "one")
    if directed:
        names = np.where(time >= second, "both", np.where(o <= d, "origin", "destination"))
    event = time - np.where(time >= second, second, first)
    sides = (o, d) if directed else (first, second)
    keys, cell = np.unique(np.stack([*sides, time], axis=1)[on], axis=0, return_inverse=True)
    columns = np.zeros((unit.size, len(keys)))
    columns[np.flatnonzero(on), cell.ravel()] = 1.0
    dummies = [np.eye(panel.n_units)[unit], np.eye(panel.periods)[time]]
    x = np.column_stack([columns, *dummies])
    effects = np.linalg.lstsq(x, panel.outcome, rcond=None)[0][: len(keys)]
    table = pd.DataFrame({"ends": names[on], "event_time": event[on], "e": effects[cell.ravel()]})
    theirs = table.groupby(["ends", "event_time"])["e"].mean()
    for (end, k), value in theirs.items():
        assert ours.sel(ends=end, event_time=k).item() == pytest.approx(value, abs=1e-8)
    assert ours.notnull().sum().item() == len(theirs)


@pytest.mark.slow
@pytest.mark.parametrize("directed", [False, True])
def test_mean_shocks_of_groups_covary_as_their_nodes_have_it(directed: bool) -> None:
    made = nqp.simulation.network(nodes=16, periods=6, cohorts=(4, 5), directed=directed, seed=4)
    model = nqp.StaggeredDiD(terms=[NodeTimeEffects(directed=directed)]).spec(made.panel)
    pairs, parts = pairs_of(made.panel), model.equations[0].processes
    assert len(parts) == 1 + directed
    for side, part in enumerate(parts):
        groups = int(part.owner.max()) + 1
        share = np.zeros((groups, pairs.nodes.size))
        for p, (a, b) in enumerate(pairs.ends.T):
            for node in ((a, b)[side],) if directed else (a, b):
                share[part.owner[p], node] += 1.0 / (part.owner == part.owner[p]).sum()
        assert part.mixing @ part.mixing.T == pytest.approx(share @ share.T, abs=1e-10)


@pytest.mark.slow
def test_shocks_of_nodes_are_found_in_untreated_rows() -> None:
    made = nqp.simulation.network(nodes=150, cohorts=(5, 9), shock_sd=0.5, shock_rho=0.6, seed=5)
    (part,) = nqp.StaggeredDiD(terms=[NodeTimeEffects()]).spec(made.panel).equations[0].processes
    omega, t = part.loadings[0] @ part.loadings[0].T, np.arange(10)
    true = 0.25 / (1 - 0.36) * 0.6 ** np.abs(np.subtract.outer(t, t))
    off = np.eye(10) - 0.1
    assert np.diag(off @ omega @ off) == pytest.approx(np.diag(off @ true @ off), rel=0.2)
    late = np.array([-0.2] * 5 + [0.0] * 2 + [1 / 3] * 3)  # how long they last, too
    assert late @ omega @ late == pytest.approx(late @ true @ late, rel=0.25)
    none = nqp.simulation.network(nodes=60, shock_sd=0.0, seed=6)
    (part,) = nqp.StaggeredDiD(terms=[NodeTimeEffects()]).spec(none.panel).equations[0].processes
    assert np.diag(off @ part.loadings[0] @ part.loadings[0].T @ off).max() < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("directed", [False, True])
def test_the_row_model_is_the_fast_density(directed: bool) -> None:
    made = nqp.simulation.network(nodes=12, periods=6, cohorts=(4, 5), directed=directed, seed=4)
    terms = [nqp.EndpointEffects(directed=directed), NodeTimeEffects(directed=directed)]
    design = nqp.StaggeredDiD(nqp.CompletePooling(), terms=terms)
    (equation,) = model_frame_of(design, made.panel).equations
    space = equation.gaussian.space
    points = 0.5 * np.random.default_rng(1).standard_normal((2, len(space)))
    names = [f"{equation.name}__{name}" for name in space.names]
    marginal = Marginal(nqp.to_pymc(design, made.panel), names)
    gap = np.array([marginal(point) for point in points]) - density(equation.gaussian, points)
    assert gap == pytest.approx(0.0, abs=1e-6)  # constants of PyMC's densities have eight digits
    assert np.ptp(gap) < 1e-9


@pytest.mark.slow
def test_checks_of_single_units_and_placebos_go_on(fit: nqp.Fit) -> None:
    for name in ("leave_out", "anticipation", "placebo_time"):
        assert nqp.check(fit, name, progress=False).verdict in ("passed", "not applicable")


@pytest.mark.slow
def test_effects_of_one_end_and_of_both_are_found(world, fit: nqp.Fit) -> None:
    draws, true = (nqp.att(x, by="ends") for x in (fit, world.truth))
    z = (draws.mean(["chain", "draw"]) - true.squeeze()) / draws.std(["chain", "draw"])
    assert set(draws["ends"].to_numpy()) == {"one", "both"}
    assert float(abs(z).max()) < 3.0


def test_intervals_are_as_wide_as_shocks_of_nodes_demand(world, fit: nqp.Fit) -> None:
    alone = nqp.fit(
        fit.design.replace(terms=[nqp.EndpointEffects()]), world.panel, nqp.Importance(draws=300,
        seed=1),
        progress=False,
    )  # fmt: skip
    assert float(nqp.att(fit).std()) > 1.3 * float(nqp.att(alone).std())
    result = nqp.check(alone, "dyadic_errors", progress=False)
    assert result.verdict == "caution"
    assert "NodeTimeEffects" in str(result)
    assert nqp.check(fit, "dyadic_errors", progress=False).verdict == "passed"


def test_pairs_without_shocks_are_left_in_peace() -> None:
    made = nqp.simulation.network(nodes=24, periods=8, cohorts=(4, 6), shock_sd=0.0, seed=7)
    design = nqp.StaggeredDiD(terms=[nqp.EndpointEffects()])
    fit = nqp.fit(design, made.panel, nqp.Importance(draws=300, seed=1), progress=False)
    assert nqp.check(fit, "dyadic_errors", progress=False).verdict == "passed"


REGION = {"A": "x", "B": "y", "C": "x", "D": "y"}


@pytest.mark.parametrize("directed", [False, True])
def test_regions_of_both_ends_are_one_column_of_pairs(directed: bool) -> None:
    frame = links(directed=directed)
    frame["region_from"], frame["region_to"] = frame["from"].map(REGION), frame["to"].map(REGION)
    frame["since_from"], frame["since_to"] = (
        frame[x].map(DATES).astype(str) for x in ("from", "to")
    )
    frame["name_from"], frame["name_to"] = frame["from"].str.lower(), frame["to"].str.lower()
    panel = panel_of(frame, directed=directed)
    link = "→" if directed else "–"
    made = [x for x in panel.frame.columns if link in x]
    assert made == [f"region_from{link}region_to"]  # dates and names put nothing more together
    levels = panel.frame.drop_duplicates("pair").set_index("pair")[made[0]]
    assert levels[f"A{link}C"] == f"x{link}x"
    assert levels[f"B{link}C"] == ("y→x" if directed else "x–y")
    assert nesting(panel).keys() & {"region_from", "region_to", made[0]} == (
        {"region_from", "region_to", made[0]} if directed else {made[0]}
    )


def test_a_node_of_no_known_region_leaves_its_pairs_without_one() -> None:
    frame = links()
    frame["region_from"] = frame["from"].map(REGION | {"B": None})
    frame["region_to"] = frame["to"].map(REGION | {"B": None})
    panel = panel_of(frame)
    levels = panel.frame.drop_duplicates("pair").set_index("pair")["region_from–region_to"]
    assert levels.isna().to_numpy().tolist() == ["B" in x for x in levels.index]


def with_shared(
    made: nqp.simulation.Simulated, by: pd.Series[str], sd: float, **columns: pd.Series[str]
) -> nqp.Panel:
    """The panel with levels' shocks that last, and more columns."""
    frame = made.panel.frame
    codes, count = pd.factorize(by)[0], by.nunique()
    paths = sd * np.random.default_rng(1).normal(size=(count, made.panel.periods)).cumsum(axis=1)
    table = frame[["origin", "destination", "time"]].assign(
        outcome=made.panel.outcome + paths[codes, made.panel.time_codes], **columns
    )
    ends = [("origin", "origin_adoption"), ("destination", "destination_adoption")]
    dates = {k: x for node, date in ends for k, x in zip(frame[node], frame[date], strict=True)}
    return nqp.Panel.from_pairs(
        table, origin="origin", destination="destination", time="time", outcome="outcome",
        cohorts=dates, directed="→" in frame["pair"].iloc[0],
    )  # fmt: skip


@pytest.mark.slow
def test_shocks_between_two_regions_are_seen_and_the_design_that_has_them_is_named() -> None:
    made = nqp.simulation.network(nodes=24, periods=7, cohorts=(4,), shock_sd=0.0, seed=2)
    one, other = (made.panel.frame[x].str[-1].replace("0", "9") for x in ("origin", "destination"))
    one, other = (x.astype(int).mod(4).astype(str) for x in (one, other))
    both = pd.Series(np.where(one < other, one + other, other + one), one.index)
    panel = with_shared(made, both, 0.5, region_from=one, region_to=other)
    design = nqp.StaggeredDiD(terms=[nqp.EndpointEffects(), nqp.NodeTimeEffects()])
    fit = nqp.fit(design, panel, nqp.Importance(draws=300, seed=1), progress=False)
    asked = nqp.check(fit, "error_model", progress=False)
    lasting = nqp.ClusterTimeEffects("region_from–region_to", errors=nqp.AR1())
    assert asked.verdict in ("caution", "failed")
    assert "ClusterTimeEffects(by='region_from–region_to', errors=nqp.AR1())" in str(asked)
    named = nqp.fit(
        design.replace(terms=[nqp.EndpointEffects()], shocks=lasting), panel,
        nqp.Importance(draws=300, seed=1), progress=False,
    )  # fmt: skip
    assert nqp.check(named, "error_model", progress=False).verdict == "passed"


@pytest.mark.parametrize(("sd", "verdict"), [(0.0, "passed"), (1.5, "caution")])
def test_links_each_way_are_asked_of_what_they_share(sd: float, verdict: str) -> None:
    made = nqp.simulation.network(
        nodes=16, periods=7, cohorts=(4,), directed=True, shock_sd=0.0, seed=4
    )
    ends = np.sort(made.panel.frame[["origin", "destination"]].to_numpy(dtype=str), axis=1)
    panel = with_shared(made, pd.Series(["–".join(x) for x in ends]), sd)
    design = nqp.StaggeredDiD(terms=[nqp.EndpointEffects(directed=True)])
    fit = nqp.fit(design, panel, nqp.Importance(draws=300, seed=1), progress=False)
    asked = nqp.check(fit, "dyadic_errors", progress=False)
    table = asked.evidence.set_index("by")
    row = table.loc["links each way"]
    assert (row["over_posterior_sd"] > row["limit"]) == (sd > 0)
    assert asked.verdict == verdict
    if sd:
        # As much in common as each has: the sum of two has twice the variance of two alone.
        assert 1.25 < row["over_posterior_sd"] < 1.45
        assert "report the larger standard error" in asked.sentence


@pytest.mark.slow
def test_terms_are_saved_read_and_said(fit: nqp.Fit, tmp_path) -> None:
    again = nqp.load(fit.save(tmp_path / "fit.nc"))
    assert again.design == fit.design
    assert pairs_of(again.panel).second.tolist() == pairs_of(fit.panel).second.tolist()
    assert decode(encode(fit.design)) == fit.design
    stated = study_design({"terms": [{"type": "EndpointEffects"}, {"type": "NodeTimeEffects"}]}, {})
    assert stated.terms == fit.design.terms
    nqp.report(fit, tmp_path / "report", checks=[], formats=["html"], progress=False)
    text = "".join(x.read_text() for x in (tmp_path / "report").rglob("*.html"))
    assert "the adoption of its first end" in text
    assert "All pairs of a node share a shock in each period" in text


@pytest.mark.slow
def test_ends_in_force_have_names_in_other_languages_and_dates_are_no_other_policy() -> None:
    made = nqp.simulation.network(nodes=14, periods=8, cohorts=(4, 6), seed=3)
    table = made.panel.frame[["origin", "destination", "time", "outcome"]]
    table = table.assign(time=table["time"] + 2010)
    dates = nqp.centrality(made.panel, "degree").rows.drop_duplicates("node")
    dates = dict(zip(dates["node"], dates["adoption"] + 2010, strict=True))
    panel = nqp.Panel.from_pairs(
        table, origin="origin", destination="destination", time="time", outcome="outcome",
        cohorts=dates,
    )  # fmt: skip
    design = nqp.StaggeredDiD(terms=[nqp.EndpointEffects()])
    fit = nqp.fit(design, panel, nqp.Importance(draws=200, seed=1), progress=False)
    text = nqp.table(fit, language="zh").to_markdown()
    for word in ("一端", "两端", "受处理的端点"):
        assert word in text
    assert "both" not in text
    assert "both" in nqp.table(fit).to_markdown()
    assert nqp.check(fit, "other_policies", progress=False).verdict == "not applicable"
    named = {"zh": {"pair": {"levels": {"one": "单端"}}}}
    assert panel.with_labels(named).labels.name("one", "zh") == "单端"


@pytest.mark.slow
def test_studies_report_by_ends_in_force() -> None:
    path = Path(__file__).parents[3] / "models" / "city_links.toml"
    study = nqp.studies.validate(path)
    assert study.by == ("ends", "cohort")
    assert study.factors == ("ends",)
    assert nqp.StaggeredDiD(terms=[nqp.NodeTimeEffects()]).facts.moving == ()
