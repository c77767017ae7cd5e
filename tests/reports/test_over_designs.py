"""Reports lead with the average over designs where parallel trends are not earned."""

from __future__ import annotations

import pytest
from doors import Context, Paragraph, short_answer

import bayes_nqp as nqp
from bayes_nqp.simulation import staggered


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    panel = staggered(units=60, periods=10, cohorts=(5, 7), strata={}, seed=1).panel
    sampler = nqp.Importance(draws=250, seed=2)
    return nqp.fit(nqp.StaggeredDiD(), panel, sampler, progress=False)


def paragraphs(fit: nqp.Fit, verdict: str) -> list[str]:
    asked = nqp.CheckResult("pretrends", "?", verdict, "", "So it is.")  # type: ignore[arg-type]
    blocks = short_answer(Context(fit, [asked], "en"))  # type: ignore[arg-type]
    return [str(block.text) for block in blocks if isinstance(block, Paragraph)]


def test_the_average_comes_first_and_tells_its_weights(fit: nqp.Fit) -> None:
    first, *others = paragraphs(fit, "could not tell")
    second = " ".join(others)
    answer = nqp.model_average(fit)
    assert f"{float(nqp.att(answer).mean()):.2f}"[:3] in first
    assert f"parallel trends {answer.weights['parallel trends']:.0%}" in second
    low = float(answer.sensitivity["lower"].iloc[0])
    assert f"{abs(low):.3f}" in second


def test_it_is_silent_where_they_are_earned(fit: nqp.Fit) -> None:
    assert not any("average over designs" in text for text in paragraphs(fit, "holds"))


@pytest.mark.parametrize(
    ("cohorts", "said"),
    [((2,), "no other design can be weighed"), ((2, 3), "drift can be weighed on this panel")],
)
def test_designs_that_three_periods_cannot_tell_are_said(
    cohorts: tuple[int, ...], said: str
) -> None:
    """An average of parallel trends alone is none; one without a drift allows for none."""
    panel = staggered(units=60, periods=3, cohorts=cohorts, strata={}, seed=1).panel
    sampler = nqp.Importance(draws=250, seed=2)
    fit = nqp.fit(nqp.StaggeredDiD(), panel, sampler, progress=False)
    text = " ".join(paragraphs(fit, "could not tell"))
    assert said in text
    assert "log odds" not in text
    assert ("average over designs" in text) == (len(nqp.model_average(fit).designs) > 1)
    assert said not in " ".join(paragraphs(fit, "holds"))
