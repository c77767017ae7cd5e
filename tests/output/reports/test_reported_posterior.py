"""Reports state the model average, whatever a test of pre-trends finds, or why there is none."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from doors import Context, Paragraph, reported_posterior, short_answer

import bayes_nqp as nqp
from bayes_nqp.data.simulation import staggered

SAMPLER = nqp.Importance(draws=250, seed=2)


def fit_of(design: object = None, **how: object) -> nqp.Fit:
    layout = {"units": 60, "periods": 10, "cohorts": (5, 7), "strata": {}, "seed": 1, **how}
    panel = staggered(**layout).panel  # type: ignore[arg-type]
    return nqp.fit(design or nqp.StaggeredDiD(), panel, SAMPLER, progress=False)


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    return fit_of()


def paragraphs(fit: nqp.Fit, verdict: str = "inconclusive") -> list[str]:
    asked = nqp.CheckResult("pretrends", "?", verdict, "", "So it is.")  # type: ignore[arg-type]
    blocks = short_answer(Context(fit, [asked], "en"))  # type: ignore[arg-type]
    return [str(block.text) for block in blocks if isinstance(block, Paragraph)]


@pytest.mark.slow
def test_the_average_comes_first_and_next_to_it_the_fit(fit: nqp.Fit) -> None:
    first, second, *_ = paragraphs(fit)
    average = nqp.model_average(fit)
    for text, source in ((first, average), (second, fit)):
        found = re.search(r"average effect is (\S+) \(95 % interval (\S+) to (\S+)\)", text)
        assert found is not None
        draws = nqp.att(source)
        for said, value in zip(
            found.groups(), (draws.mean(), *np.quantile(draws, [0.025, 0.975])), strict=True
        ):
            assert float(said.replace("−", "-")) == pytest.approx(float(value), abs=6e-4)
    for name, words in (
        ("parallel", "parallel trends"),
        ("differential", "differential trends"),
        ("event", "an event just before adoption"),
    ):
        prior, posterior = average.families.loc[name]
        assert f"{words} {prior:.2f} → {posterior:.2f}" in second


@pytest.mark.slow
@pytest.mark.parametrize("verdict", ["passed", "caution", "failed", "not applicable"])
def test_no_verdict_of_a_pretest_moves_the_numbers(fit: nqp.Fit, verdict: str) -> None:
    """Nor the choice between the two that are stated (Roth 2022)."""
    asked, other = paragraphs(fit, verdict), paragraphs(fit)
    assert asked[0] == other[0]
    rejects = f"Parallel trends are rejected by: {'pre-trends'}."
    assert asked[1].replace(f"{rejects} ", "") == other[1]
    assert (rejects in asked[1]) == (verdict == "failed")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cohorts", "said"),
    [
        ((2,), "over other assumptions is not available: This panel identifies no alternative"),
        ((2, 3), "differential trends 0.50 → not identified"),
    ],
)
def test_families_that_three_periods_do_not_identify_are_said(
    cohorts: tuple[int, ...], said: str
) -> None:
    """An average of parallel trends alone is none; one without a trend says so."""
    fit = fit_of(periods=3, cohorts=cohorts)
    text = " ".join(paragraphs(fit))
    assert said in text
    averaged = reported_posterior(fit).average is not None
    assert averaged == (len(nqp.model_average(fit).designs) > 1)
    assert ("model average over assumptions" in text) == averaged


@pytest.mark.slow
def test_a_fit_without_its_rows_is_reported_as_fitted_with_the_reason(
    fit: nqp.Fit, tmp_path: Path
) -> None:
    bare = nqp.load(fit.save(tmp_path / "fit.nc", rows=False))
    reported = reported_posterior(bare)
    assert reported.average is None
    np.testing.assert_array_equal(nqp.att(reported.effects), nqp.att(fit))
    first, *others = paragraphs(bare)
    assert f"{float(nqp.att(fit).mean()):.3f}" in first
    assert (
        "A model average over other assumptions is not available: This fit was saved" in others[-1]
    )
    assert nqp.table(bare, "effects").to_markdown().count("as fitted") == 0


@pytest.mark.slow
def test_other_assumptions_are_reported_as_they_are(fit: nqp.Fit) -> None:
    drifting = nqp.fit(
        nqp.StaggeredDiD(trends=nqp.DifferentialTrends()), fit.panel, SAMPLER, progress=False
    )
    reported = reported_posterior(drifting)
    assert reported.average is None
    assert not reported.missing
    assert "model average" not in " ".join(paragraphs(drifting))


@pytest.mark.slow
def test_a_repr_computes_no_average(fit: nqp.Fit) -> None:
    fresh = nqp.fit(fit.design, fit.panel, SAMPLER, progress=False)
    assert reported_posterior(fresh, compute=False).average is None
    text = repr(fresh)
    assert f"{float(nqp.att(fresh).mean()):.3f}" in text
    assert reported_posterior(fresh, compute=False).average is None
    average = reported_posterior(fresh).average
    assert average is not None
    assert reported_posterior(fresh, compute=False).average is average
    assert repr(fresh) != text
