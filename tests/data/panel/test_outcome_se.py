"""Known standard errors of the outcome: validation, refusals, and what they change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError, StudyError

ROLES = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "y"}
S = nqp.Importance(seed=1, draws=400, chains=2)
DESIGN = nqp.StaggeredDiD(nqp.PartialPooling(varying=None))


def noisy(seed: int = 1, units: int = 60, periods: int = 10) -> pd.DataFrame:
    """Return units of which every other is measured with a standard error of three."""
    rng = np.random.default_rng(seed)
    unit, time = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    cohort = np.where(np.arange(units) % 4 < 2, 5.0, np.nan)[unit]
    se = np.where(unit % 2 == 0, 3.0, 0.0)
    y = unit + 1.0 * (time >= cohort) + rng.normal(size=unit.size) * (0.5 + se)
    return pd.DataFrame(
        {
            "unit": unit,
            "time": time,
            "cohort": cohort,
            "y": y,
            "se": se,
            "m": rng.normal(size=unit.size),
        }
    )


@pytest.mark.slow
def test_standard_errors_give_precise_outcomes_their_weight() -> None:
    """The SD falls to that of the half of the units that is measured well."""
    df = noisy()
    known, half, without = (
        nqp.Panel.from_frame(frame, **ROLES, outcome_se=name)
        for frame, name in ((df, "se"), (df[df["se"] == 0.0], None), (df, None))
    )
    spreads = [
        float(nqp.att(nqp.fit(DESIGN, panel, S, progress=False)).std())
        for panel in (known, half, without)
    ]
    assert spreads[0] < 1.1 * spreads[1]
    assert spreads[2] > 2.0 * spreads[1]


@pytest.mark.parametrize(
    ("value", "words"),
    [(-1.0, "zero or positive"), (np.inf, "outcome_se"), (0.0, "zero in all rows")],
)
def test_impossible_standard_errors_are_named(value: float, words: str) -> None:
    df = noisy()
    df["se"] = np.where(df["unit"] == 3, value, 0.0 if value == 0.0 else 1.0)
    with pytest.raises(PanelError, match=words) as caught:
        nqp.Panel.from_frame(df, **ROLES, outcome_se="se")
    assert "outcome_se" in str(caught.value)


def test_a_new_outcome_has_its_own_standard_errors_or_none() -> None:
    panel = nqp.Panel.from_frame(noisy(), **ROLES, outcome_se="se")
    assert panel.with_outcome("m").outcome_se is None
    assert panel.with_outcome(panel.outcome + 1.0).roles.outcome_se is None
    kept = panel.with_outcome(panel.outcome + 1.0, panel.outcome_se)
    np.testing.assert_array_equal(kept.outcome_se, panel.outcome_se)
    later = kept.where(kept.frame["time"] > 1)  # rebuilt from its frame
    np.testing.assert_array_equal(later.outcome_se, later.frame[later.roles.outcome_se])
    assert panel.digest != panel.with_outcome(panel.outcome).digest
    with pytest.raises(PanelError, match="outcome_se must have"):
        panel.with_outcome(panel.outcome, [1.0])


def test_combinations_without_an_exact_density_are_refused() -> None:
    df = noisy()
    panel = nqp.Panel.from_frame(df, **ROLES, outcome_se="se", mediators=["m"])
    links = nqp.spatial_weights.matrix(
        pd.DataFrame(np.ones((60, 60)) - np.eye(60), range(60), range(60))
        .rename(str, axis=0)
        .rename(str, axis=1)
    )
    for design in (
        nqp.Mediation(DESIGN),
        DESIGN.replace(likelihood=nqp.StudentT()),
        DESIGN.replace(spillovers=nqp.SpatialLag(links)),
    ):
        with pytest.raises(StudyError, match="outcome_se"):
            nqp.fit(design, panel, progress=False)
