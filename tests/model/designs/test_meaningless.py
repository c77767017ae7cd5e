"""Arguments that are of the right kind and cannot mean anything: refused by their names."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp import spatial_weights
from bayes_nqp._core.exceptions import (
    IdentificationError,
    NQPError,
    PanelError,
    StudyError,
    speaking,
)
from bayes_nqp._core.hints import Dialect
from bayes_nqp.inference.model_frame import model_frame_of

PERIODS, COHORTS = 10, (4.0, 6.0, np.nan, np.nan)
POOLED = nqp.CompletePooling(varying=None)


def rows(units: int = 24) -> pd.DataFrame:
    """Units of two regions, observed in ten periods, a quarter treated from 4 and one from 6."""
    rng = np.random.default_rng(3)
    unit, time = np.repeat(np.arange(units), PERIODS), np.tile(np.arange(1, PERIODS + 1), units)
    return pd.DataFrame(
        {
            "unit": np.char.add("u", unit.astype(str)),
            "time": time,
            "cohort": np.array(COHORTS)[unit % 4],
            "region": np.where(unit // 4 % 2, "coast", "inland"),
            "alone": np.char.add("only ", unit.astype(str)),
            "pair": np.char.add("p", (unit // 2).astype(str)),
            "same": "all",
            "y": rng.normal(size=unit.size),
            "x": rng.normal(size=unit.size),
            "shared": rng.normal(size=PERIODS)[time - 1],
            "gdp": 7.0,
            "size": rng.uniform(5.0, 500.0, units)[unit],
            "lon": rng.uniform(103.0, 119.0, units)[unit],
            "lat": rng.uniform(23.0, 37.0, units)[unit],
        }
    )


def panel(**roles: object) -> nqp.Panel:
    arguments = {"cohort": "cohort", "strata": ["region"], **roles}
    return nqp.Panel.from_frame(rows(), unit="unit", time="time", outcome="y", **arguments)


def design(**changes: object) -> nqp.StaggeredDiD:
    return nqp.StaggeredDiD(**{"effect": POOLED, **changes})


def lagged(periods: int) -> nqp.Mediation:
    return nqp.Mediation(design(), ["x"], lag=periods)


def weights(value: float = 0.0) -> pd.DataFrame:
    labels = panel().unit_labels
    return pd.DataFrame(value * (1.0 - np.eye(labels.size)), labels, labels)


CASES: dict[str, tuple[Callable[[], object], type[NQPError], str]] = {
    "anticipation beyond the panel": (
        lambda: model_frame_of(design(anticipation=100), panel()),
        IdentificationError, r"'anticipation' is 100.*Try: anticipation=2",
    ),
    "anticipation beyond the first rows": (
        lambda: model_frame_of(design(anticipation=9), panel()),
        IdentificationError, r"'anticipation' is 9.*Try: anticipation=2",
    ),
    "anticipation as long as the time before": (
        lambda: model_frame_of(design(anticipation=3), panel()),
        IdentificationError, r"'anticipation' is 3.*Try: anticipation=2",
    ),
    "anticipation that leaves nothing to keep": (
        lambda: model_frame_of(design(anticipation=9, unidentified="drop"), panel()),
        IdentificationError, r"'anticipation' is 9.*Try: anticipation=2",
    ),
    "a lag beyond the panel": (
        lambda: model_frame_of(lagged(9), panel(mediators=["x"])),
        StudyError, r"'lag' is 9.*4, 6.*Try: lag=2",
    ),
    "a lag as long as the time before": (
        lambda: model_frame_of(lagged(3), panel(mediators=["x"])),
        IdentificationError, r"'lag' is 3.*Try: lag=2",
    ),
    "shocks by unit": (
        lambda: model_frame_of(design(shocks=nqp.ClusterTimeEffects("unit")), panel()),
        IdentificationError, r"'shocks' are by 'unit', but each of its 24 clusters is a single",
    ),
    "shocks by another name of units": (
        lambda: model_frame_of(design(shocks=nqp.ClusterTimeEffects("alone")), panel()),
        IdentificationError, r"'shocks' are by 'alone'.*Try: errors=nqp.AR1PlusNoise\(\)",
    ),
    "shocks of an exposure by unit": (
        lambda: model_frame_of(
            nqp.ContinuousExposure("x", POOLED, shocks=nqp.ClusterTimeEffects("alone")),
            panel(exposures=["x"]),
        ),
        IdentificationError, "'shocks' are by 'alone'",
    ),
    "shocks of all": (
        lambda: model_frame_of(design(shocks=nqp.ClusterTimeEffects("same")), panel()),
        IdentificationError, "single cluster",
    ),
    "shocks that are time effects": (
        lambda: model_frame_of(nqp.StaggeredDiD(shocks=nqp.ClusterTimeEffects("region")), panel()),
        IdentificationError, r"'shocks' are by 'region'.*time effects.*Try: shocks=None",
    ),
    "deviations of all": (
        lambda: model_frame_of(nqp.StaggeredDiD(nqp.PartialPooling(varying="same")), panel()),
        StudyError, r"'varying' is 'same'.*same value for all units.*varying=None",
    ),
    "an exposure that all share": (
        lambda: model_frame_of(nqp.ContinuousExposure("shared", POOLED),
        panel(exposures=["shared"])),
        IdentificationError, r"exposure 'shared'.*unit and time effects explain all",
    ),
    "a baseline twice": (
        lambda: design(baseline=["size", "size"]), StudyError, "'baseline' contains 'size' twice",
    ),
    "a covariate twice": (
        lambda: design(covariates=["x", "x"]), StudyError, "'covariates' contains 'x' twice",
    ),
    "a factor of time effects twice": (
        lambda: nqp.TimeEffects(["region", "region"]), StudyError, "'by' contains 'region' twice",
    ),
    "strata twice": (
        lambda: nqp.PartialPooling(["region", "region"]), StudyError,
        "'strata' contains 'region' twice",
    ),
    "weights by a constant": (
        lambda: spatial_weights.economic(panel(), "gdp"),
        PanelError, r"column='gdp' is the same for all units.*before the first adoption",
    ),
    "weights of nobody": (
        lambda: spatial_weights.matrix(weights()), StudyError, "units is linked to another",
    ),
    "a band that nobody is in": (
        lambda: spatial_weights.band(panel(), km=0.001, longitude="lon", latitude="lat"),
        StudyError, "units is linked to another",
    ),
    "weights of nobody in the panel's part": (
        lambda: spatial_weights.matrix(weights(1.0)).aligned(["u1"]),
        StudyError, "units is linked to another",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_by_its_name(case: str) -> None:
    call, kind, words = CASES[case]
    with pytest.raises(kind, match=r"(?s)" + words):
        call()


def test_less_of_it_goes() -> None:
    """What hints propose is taken."""
    assert model_frame_of(design(anticipation=2), panel()).kept.all()
    assert model_frame_of(lagged(2), panel(mediators=["x"])).kept.all()
    assert model_frame_of(design(shocks=nqp.ClusterTimeEffects("pair")), panel()).kept.all()
    pooled = nqp.StaggeredDiD(
        time=nqp.TimeEffects(["region"], pooled=True), shocks=nqp.ClusterTimeEffects("region")
    )
    assert model_frame_of(pooled, panel()).kept.all()


@pytest.mark.parametrize(
    ("errors", "dialect", "other"),
    [
        (nqp.AR1(), "python", "errors=nqp.IID()"),
        (nqp.AR1PlusNoise(), "python", "errors=nqp.IID()"),
        (nqp.AR1(), "toml", '[design] errors = { type = "IID" }'),
    ],
)
def test_weights_are_first_left_out(errors: object, dialect: Dialect, other: str) -> None:
    """Independent errors take weights, and their intervals are too short where errors last."""
    with (
        speaking(dialect),
        pytest.raises(StudyError, match=r"'weights'.*'errors' is AR1") as refused,
    ):
        model_frame_of(design(errors=errors), panel(weights="size"))
    hint = str(refused.value.hint)
    assert hint.startswith("leave 'weights' out of the panel")
    assert "too narrow" in hint[hint.index(other) :]
