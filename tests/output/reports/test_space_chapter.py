"""The chapter of space: its tables, pictures and section hold the numbers of checks and answers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from doors import local_z
from scipy.sparse import csr_array

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.studies._schema import Report
from bayes_nqp.studies._spillover_table import received_table

SAMPLER = nqp.Importance(seed=1, draws=250)


@pytest.fixture(scope="module")
def panel() -> nqp.Panel:
    """Cities that receive of zones within 100 km, on the coast and inland."""
    near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.5], treated=[0.2])
    return nqp.simulation.cities(
        spillover=near, strata=["region"], mediators=["innovation"], years=(2013, 2018), seed=1
    ).panel


@pytest.fixture(scope="module")
def weights(panel: nqp.Panel) -> nqp.SpatialWeights:
    return nqp.spatial_weights.nearest(panel, k=5)


@pytest.fixture(scope="module")
def fit(panel: nqp.Panel) -> nqp.Fit:
    rings = nqp.Rings([100])
    design = nqp.StaggeredDiD(nqp.CompletePooling(), spillovers=rings, unidentified="drop")
    return nqp.fit(design, panel, SAMPLER, progress=False)


@pytest.fixture(scope="module")
def checks(fit: nqp.Fit, weights: nqp.SpatialWeights) -> list[nqp.CheckResult]:
    asked = {"moran": {"weights": weights}, "spatial_lm": {"weights": weights},
             "spatial_decay": {"km": [50, 100]}}  # fmt: skip
    return [nqp.check(fit, name, progress=False, **options) for name, options in asked.items()]


@pytest.fixture(scope="module")
def answer(panel: nqp.Panel, weights: nqp.SpatialWeights) -> nqp.WeightsPosterior:
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), time=nqp.TimeEffects())
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    every = {"near": weights, "wide": nqp.spatial_weights.nearest(panel, k=15)}
    return nqp.weights_probabilities(fit, every, forms=["SAR", "SLX"])


@pytest.mark.slow
def test_local_z_is_that_of_permutations() -> None:
    """The unit keeps its value, and the others come in any order."""
    rng = np.random.default_rng(3)
    n = 12
    links = (rng.random((n, n)) < 0.4) * rng.random((n, n))
    np.fill_diagonal(links, 0.0)
    links[4] = 0.0
    values = rng.standard_normal(n) ** 3
    z = values - values.mean()
    ours = local_z(values, csr_array(links))
    for i in range(n):
        others = np.delete(np.arange(n), i)
        sums = np.array([links[i, others] @ z[rng.permutation(others)] for _ in range(20_000)])
        if i == 4:
            assert ours[i] == 0.0
            continue
        assert ours[i] == pytest.approx((links[i] @ z - sums.mean()) / sums.std(), abs=0.05)


@pytest.mark.slow
def test_types_are_places_in_morans_plane(checks: list[nqp.CheckResult]) -> None:
    evidence = checks[0].evidence.sel(series="outcome")
    kinds = evidence["lisa"].to_numpy()
    high = evidence["score"].to_numpy() > 0
    near = evidence["neighbours"].to_numpy()
    some = kinds != ""
    assert 0.02 < some.mean() < 0.4
    assert (np.char.startswith(kinds[some], "H") == high[some]).all()
    # Neighbours of far ones are beyond their mean; by chance alone 5 % of units would be so.
    assert ((near[some] > 0) == np.char.endswith(kinds[some], "H")).mean() > 0.98
    assert (np.abs(evidence["local_z"].to_numpy()[some]) > 1.959).all()
    table = nqp.table(checks, "lisa")
    last = table.rows[-1]
    assert last.cells[0].values == (int((kinds[:, -1] == "HH").sum()),)
    assert sum(cell.values[0] for cell in last.cells) == evidence.sizes["place"]


def test_lm_tests_stand_as_printed_and_whitened(checks: list[nqp.CheckResult]) -> None:
    evidence = checks[1].evidence.set_index("test")
    rows = {row.label: row.cells for row in nqp.table(checks, "spatial_lm").rows}
    for name, label in (("lag", "LM lag"), ("robust error", "Robust LM error")):
        shown = [cell.values[0] for cell in rows[label]]
        at = evidence.loc[name]
        assert shown == [at["printed_statistic"], at["printed_p"], at["statistic"], at["p"]]
    assert rows["Weights: 5 nearest"] == ()
    with pytest.raises(StudyError, match="do not include the check"):
        nqp.table(checks[:1], "spatial_lm")


def test_answers_have_tables_and_pictures(
    fit: nqp.Fit, checks: list[nqp.CheckResult], answer: nqp.WeightsPosterior
) -> None:
    table = nqp.table(answer)
    assert table.kind == "weights_probabilities"
    top = answer.table.iloc[0]
    assert table.rows[0].label == top["weights"]
    assert table.rows[0].cells[2].values == (top["probability"],)
    assert table.rows[0].cells[3].values == (top["att"], top["att_sd"])
    assert nqp.table(answer, "effects").kind == "effects"
    assert len(nqp.plots.weights_probabilities(answer).axes[0].patches) == 4
    reach = nqp.decay(fit, km=(50, 100))
    by_answer, by_check = nqp.table(reach), nqp.table(checks, "decay")
    assert by_answer.kind == "decay"
    assert by_answer.rows == by_check.rows
    assert by_answer.rows[0].cells[0].values == pytest.approx((reach.at([0.0])["mean"][0],))
    assert len(nqp.plots.decay(reach).axes) == 2
    assert checks[2].verdict == "reported"
    assert len(nqp.plots.check(checks[2]).axes) == 2


def test_the_check_is_kept(fit: nqp.Fit, checks: list[nqp.CheckResult], tmp_path: Path) -> None:
    """Probabilities of lengths go to a store and back."""
    again = nqp.check(fit, "spatial_decay", km=[50, 100], store=tmp_path, progress=False)
    kept = nqp.check(fit, "spatial_decay", km=[50, 100], store=tmp_path, progress=False)
    assert nqp.table([again], "decay").rows == nqp.table([kept], "decay").rows
    assert nqp.table([kept], "decay").rows == nqp.table(checks, "decay").rows


def test_receivers_by_group(fit: nqp.Fit) -> None:
    table = received_table(fit.effects, Report())
    groups = table[table["by"] == "region"]
    for level in ("coastal", "inland"):
        line = groups[(groups["level"] == level) & (groups["onto"] == "untreated")]
        draws = nqp.spillover_effects(fit, by="region").sel(region=level)
        assert line["mean"].item() == pytest.approx(float(draws.mean()))
    rows = [row.label for row in nqp.table(fit, "spillover_effects").rows]
    assert rows.count("region: coastal") >= 1


@pytest.mark.slow
def test_the_section(fit: nqp.Fit, checks: list[nqp.CheckResult], tmp_path: Path) -> None:
    folder = nqp.report(
        fit, tmp_path / "r", checks=checks, formats=["html", "md"], progress=False
    )  # fmt: skip
    page = (folder / "report.html").read_text(encoding="utf-8")
    section = (
        page[page.index("Moran's I of the outcome is") :]
        if "Moran's" in page
        else page[page.index("Moran&#39;s I of the outcome is") :]
    )
    for text in ("high among high", "Spatial LM tests", "Spillover effect of one treated unit"):
        assert text in section
    assert (folder / "figures" / "lisa_map.png").exists()
    assert "spillover effects on untreated units" in page
    chinese = nqp.report(
        fit, tmp_path / "z", checks=checks, formats=["md"], language="zh", progress=False
    )
    tables = (chinese / "tables.md").read_text(encoding="utf-8")
    assert "LISA" in tables
    named = next(line for line in tables.splitlines() if "HH：高—高" in line)
    assert not re.search(r"\d{6}", named), "units are called by their labels, one or several"
