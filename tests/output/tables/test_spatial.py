"""The table of spatial models: numbers of the draws, tests of the right column, every format."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError

UNITS, PERIODS = 40, 6
IDS = [f"c{k:02d}" for k in range(UNITS)]


def weights_of(reach: int, label: str) -> nqp.SpatialWeights:
    """The nearest on a circle, on both sides."""
    apart = np.abs(np.subtract.outer(np.arange(UNITS), np.arange(UNITS)))
    near = np.minimum(apart, UNITS - apart)
    links = pd.DataFrame(((near > 0) & (near <= reach)) * 1.0, IDS, IDS)
    return nqp.spatial_weights.matrix(links, label=label)


NEAR, WIDE = weights_of(1, "adjacent"), weights_of(4, "wide")


@pytest.fixture(scope="module")
def fits() -> dict[str, nqp.Fit]:
    """Without weights, and with two matrices; outcomes follow those of the adjacent."""
    generator = np.random.default_rng(3)
    cohort = np.array([2002.0, 2003.0, np.nan])[generator.integers(0, 3, UNITS)]
    time = 2000 + np.arange(PERIODS)
    x = generator.standard_normal((UNITS, PERIODS))
    own = (time >= cohort[:, None]) + 0.5 * x + generator.standard_normal((UNITS, 1))
    own = own + 0.4 * generator.standard_normal(x.shape)
    y = np.linalg.solve(np.eye(UNITS) - 0.4 * NEAR.matrix.toarray(), own)
    turn = 2 * np.pi * np.arange(UNITS) / UNITS
    frame = pd.DataFrame(
        {
            "city": np.repeat(IDS, PERIODS), "year": np.tile(time, UNITS), "y": y.ravel(),
            "x": x.ravel(), "cohort": np.repeat(cohort, PERIODS),
            "longitude": np.repeat(110 + 5 * np.cos(turn), PERIODS),
            "latitude": np.repeat(30 + 5 * np.sin(turn), PERIODS),
        }
    )  # fmt: skip
    panel = nqp.Panel.from_frame(
        frame, unit="city", time="year", cohort="cohort", outcome="y", covariates=["x"]
    )
    terms = {
        "DID": None, "near": nqp.SpatialLag(NEAR), "wide": nqp.SpatialLag(WIDE, durbin=False),
        "errors": nqp.SpatialLag(NEAR, error=True), "rings": nqp.Rings([100]),
        "linked": nqp.SpatialLag(NEAR, lag=False),
    }  # fmt: skip
    effect = nqp.CompletePooling(varying=None)
    return {
        name: nqp.fit(
            nqp.StaggeredDiD(effect, spillovers=term), panel, nqp.Importance(seed=1, draws=200),
            progress=False,
        )
        for name, term in terms.items()
    }  # fmt: skip


def lines(table: nqp.Table) -> dict[str, tuple]:
    return {row.label: row.cells for row in table.rows if not row.heading}


@pytest.mark.slow
def test_numbers_are_those_of_the_draws(fits: dict[str, nqp.Fit]) -> None:
    rows = lines(nqp.table(fits, "spatial", spread="sd"))
    near = fits["near"]
    draws = {
        "ρ": near.posterior["outcome__delta"],
        "Total": nqp.att(near),
        "Direct effect (own treatment)": nqp.att(near, path="direct"),
        "Indirect effect (others' treatment)": nqp.att(near, path="received"),
        "Spillover effect on untreated observations": nqp.spillover_effects(near),
        "x, indirect": nqp.impacts(near).sel(covariate="x", path="indirect"),
        "σ²": near.posterior["outcome__sigma"] ** 2,
    }
    for label, values in draws.items():
        mean, sd = rows[label][1].values
        assert mean == pytest.approx(float(values.mean()))
        assert sd == pytest.approx(float(values.std(ddof=1)))
    assert list(rows)[:6] == ["Treatment", "W × treatment", "x", "W × x", "ρ", "λ"]
    shown = {label: [bool(cell.text) for cell in cells] for label, cells in rows.items()}
    assert shown["ρ"] == [False, True, True, False, False, False]
    assert shown["λ"] == [False, False, False, True, False, False]
    assert shown["W × treatment"] == [False, True, False, False, False, True]
    assert shown["Spillover effect on untreated observations"] == [
        False,
        True,
        True,
        False,
        True,
        True,
    ]
    texts = [cell.text for cell in rows["Spatial model"]]
    assert texts == ["", "SDM", "SAR", "SEM", "exposure", "SLX"]
    weights = [cell.text for cell in rows["Weights"]]
    assert weights == ["", "adjacent", "wide", "adjacent", "", "adjacent"]
    assert [cell.values for cell in rows["N"]] == [(UNITS * PERIODS,)] * 6


def test_coefficients_of_treatment_are_those_of_every_event_time(fits: dict[str, nqp.Fit]) -> None:
    """Level, drift and walk of linked units' treatment, averaged over treated rows by hand."""
    near, rows = fits["near"], lines(nqp.table(fits, "spatial", spread="sd"))
    panel, posterior = near.panel, near.posterior
    assert panel is not None
    start = panel.cohort_codes[panel.unit_codes]
    event = (panel.time_codes - start)[(start >= 0) & (panel.time_codes >= start)]
    walk = posterior["outcome__linked_walk"]
    steps = walk["outcome__linked_walk_label"].to_numpy().astype(int)
    theta = [
        posterior["outcome__linked_level"][..., 0] + e * posterior["outcome__linked_drift"][..., 0]
        + walk[..., steps <= e].sum("outcome__linked_walk_label")
        for e in event
    ]  # fmt: skip
    assert rows["W × treatment"][1].values[0] == pytest.approx(float(np.mean(theta)))


def test_tests_stand_in_the_column_of_their_weights(fits: dict[str, nqp.Fit]) -> None:
    checks = [
        nqp.check(fits["DID"], "spatial_lm", weights=NEAR, progress=False),
        nqp.check(fits["DID"], "moran", weights=WIDE, progress=False),
        nqp.check(fits["near"], "spatial_form", progress=False),
    ]
    table = nqp.table(fits, "spatial", checks=checks)
    rows = lines(table)
    lag = checks[0].evidence.set_index("test").loc["lag"]
    # Under the model that was tested, which is the one without weights.
    assert rows["LM lag (adjacent), whitened"][0].values == (lag["statistic"], lag["p"])
    printed = rows["LM lag (adjacent), as printed"]
    assert printed[0].values == (lag["printed_statistic"], lag["printed_p"])
    first = [True, False, False, False, False, False]
    assert [bool(cell.text) for cell in printed] == first
    assert [cell.text for cell in rows["Controls"]] == ["x"] * 6
    assert [cell.text for cell in rows["Unit effects"]] == ["yes"] * 6
    moran = next(label for label in rows if label.startswith("Moran"))
    assert moran.endswith("(wide)")
    assert [bool(cell.text) for cell in rows[moran]] == first
    assert "refer to the model of the column" in table.note
    # Without its column, they stand under fits of their weights.
    others = {name: fit for name, fit in fits.items() if name != "DID"}
    beside = lines(nqp.table(others, "spatial", checks=checks[:1]))
    beside = beside["LM lag (adjacent), whitened"]
    assert [bool(cell.text) for cell in beside] == [True, False, True, False, True]
    ratio = float(checks[2].evidence["ratio"].sel(errors="whitened", restricted="SAR"))
    assert rows["LR, SDM to SAR"][1].values[0] == ratio
    for form in ("Wald, SDM to SAR", "LR, SDM to SAR", "Wald, SDM to SEM", "LR, SDM to SLX"):
        texts = [bool(cell.text) for cell in rows[form]]
        assert texts == [False, True, False, False, False, False]
    assert "Tests: statistic" in table.note


@pytest.mark.slow
def test_small_variances_keep_digits_that_show_them(fits: dict[str, nqp.Fit]) -> None:
    fit = fits["near"]
    assert fit.panel is not None
    small = fit.panel.with_outcome(fit.panel.outcome / 50)
    refit = nqp.fit(fit.design, small, nqp.Importance(seed=1, draws=200), progress=False)
    cell = lines(nqp.table(refit, "spatial", spread="sd"))["σ²"][0]
    mean, spread = (float(x.strip("()")) for x in cell.text.split("\n"))
    assert mean == pytest.approx(cell.values[0], rel=0.1)
    assert spread == pytest.approx(cell.values[1], rel=0.1)


def test_morans_i_by_period_is_that_of_esda(fits: dict[str, nqp.Fit]) -> None:
    esda = pytest.importorskip("esda")
    fit = fits["DID"]
    result = nqp.check(fit, "moran", weights=NEAR, progress=False)
    made = nqp.table(result, "moran", language="zh")
    assert [row.label for row in made.rows] == [str(2000 + k) for k in range(PERIODS)]
    assert [column.label for column in made.columns][:5] == ["I", "E(I)", "sd(I)", "z", "p"]
    assert fit.panel is not None
    y = fit.panel.frame.pivot(index="city", columns="year", values="y").loc[IDS]
    links = NEAR.to_graph().to_W()
    for row, year in zip(made.rows, y, strict=True):
        peer = esda.Moran(y[year].to_numpy(), links, transformation="r", permutations=0)
        theirs = (peer.I, peer.EI, peer.VI_rand**0.5, peer.z_rand, peer.p_rand)
        assert [cell.values[0] for cell in row.cells[:5]] == pytest.approx(theirs, abs=1e-10)
    assert "adjacent" in made.note
    with pytest.raises(StudyError, match="do not include the check"):
        nqp.table([nqp.check(fit, "identification", progress=False)], "moran")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_format_holds_it(fits: dict[str, nqp.Fit], language: str, tmp_path: Path) -> None:
    headed = {"邻接": fits["near"], "地理": fits["wide"]}
    table = nqp.table(headed, "spatial", spread="sd", language=language)
    mean = table.rows[1].cells[0].text.split("\n")[0]
    for text in (table.to_html(), table.to_latex(), table.to_markdown()):
        assert mean.replace("−", "") in text.replace("−", "")
        assert "邻接" in text
    for suffix, write in (("docx", table.to_docx), ("xlsx", table.to_excel)):
        write(tmp_path / f"table.{suffix}")
        assert (tmp_path / f"table.{suffix}").stat().st_size > 1000
    if language == "zh":
        assert not re.search("[A-Za-z]{5,}", table.note.replace("Conley", ""))


@pytest.mark.slow
def test_what_has_no_weights_is_refused(fits: dict[str, nqp.Fit]) -> None:
    with pytest.raises(StudyError, match="no fit has spillovers"):
        nqp.table({"a": fits["DID"]}, "spatial")
    with pytest.raises(StudyError, match="takes fits with their rows"):
        nqp.table({"a": fits["near"].effects}, "spatial")
    assert nqp.table(fits["near"]).kind == "effects"


def test_what_a_moderator_adds_to_effects_received(
    fits: dict[str, nqp.Fit], tmp_path: Path
) -> None:
    frame = fits["near"].panel.frame
    frame = frame.assign(finance=frame.groupby("city")["x"].transform("first"))
    panel = nqp.Panel.from_frame(
        frame, unit="city", time="year", cohort="cohort", outcome="y", moderators=["finance"]
    )
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), moderator="finance")
    designs = {"alone": design, "near": design.replace(spillovers=nqp.SpatialLag(NEAR))}
    sampler = nqp.Importance(seed=1, draws=200)
    moderated = {name: nqp.fit(x, panel, sampler, progress=False) for name, x in designs.items()}
    table = nqp.table(moderated, "spatial")
    text = table.to_markdown()
    head = "Change with finance one standard deviation higher"
    assert head in text
    rows = [row.label for row in table.rows]
    under = table.rows[rows.index(head) + 1 : rows.index(head) + 4]
    assert [row.label for row in under] == [
        "Direct effect (own treatment)",
        "Indirect effect (others' treatment)",
        "Total",
    ]
    near = 0.5 * nqp.moderated_difference(moderated["near"], path="received")
    assert under[1].cells[1].values[0] == pytest.approx(float(near.mean()))
    beside = {row.label: row.cells for row in nqp.table(moderated, "robustness").rows}
    assert beside["Own"][0].values == ()
    own = nqp.att(moderated["near"]) - nqp.att(moderated["near"], path="received")
    assert beside["Own"][1].values[0] == pytest.approx(float(own.mean()))
    folder = nqp.report(moderated["near"], tmp_path / "r", formats=["html"], checks=[],
                        progress=False)  # fmt: skip
    page = " ".join(re.sub("<[^>]+>", " ", (folder / "report.html").read_text("utf-8")).split())
    size = f"{float(near.mean()):.3f}".replace("-", "−")
    said = (
        "increase of finance by one standard deviation changes the spillover effect of others' "
        f"treatment by {size}"
    )
    assert said in page.replace("&#39;", "'"), "the answer first says so"
    assert "spillovers depend on finance of the sending units" in page
