"""The designs that property tests run through, with the panel that each one needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from random_panels import random_panel

from bayes_nqp import (
    AR1,
    IID,
    AR1PlusNoise,
    ClusterTimeEffects,
    CompletePooling,
    ContinuousExposure,
    DifferentialTrends,
    Heteroskedastic,
    NoPooling,
    Panel,
    PartialPooling,
    StaggeredDiD,
    TimeEffects,
)

BOTH = ("region", "market")


@dataclass(frozen=True)
class Case:
    """A design, and arguments of the panel it is meant for."""

    design: StaggeredDiD | ContinuousExposure
    panel: dict[str, Any] = field(default_factory=dict)

    def make(self, seed: int, **changes: Any) -> Panel:
        """Return a random panel for the design."""
        return random_panel(seed, **{**self.panel, **changes})


def _did(**arguments: Any) -> StaggeredDiD:
    return StaggeredDiD(unidentified="drop", **arguments)


def _dose(**arguments: Any) -> ContinuousExposure:
    return ContinuousExposure("d", unidentified="drop", **arguments)


REGION = {"strata": ("region",)}
TRENDS = {**REGION, "units": 30}
DESIGNS: dict[str, Case] = {
    "partial, units, AR(1)": Case(_did(effect=PartialPooling(BOTH))),
    "partial, units, iid": Case(_did(effect=PartialPooling(["region"]), errors=IID())),
    "partial, none, iid": Case(_did(effect=PartialPooling(varying=None), errors=IID())),
    "trends, units": Case(
        _did(effect=PartialPooling(["region"]), trends=DifferentialTrends()), TRENDS
    ),
    "trends, cities": Case(
        _did(effect=PartialPooling(varying="city"), trends=DifferentialTrends(0.3, 0.4, 0.2, 0.1)),
        TRENDS,
    ),
    "trends, none, iid": Case(
        _did(effect=PartialPooling(varying=None), errors=IID(), trends=DifferentialTrends()), TRENDS
    ),
    "shocks, units": Case(_did(effect=PartialPooling(BOTH), shocks=ClusterTimeEffects("city"))),
    "shocks, cities, common time": Case(
        _did(
            effect=PartialPooling(varying="city"),
            time=TimeEffects(),
            shocks=ClusterTimeEffects("city", 0.3),
        )
    ),
    "shocks that cities cut across": Case(
        _did(
            effect=PartialPooling(varying="city"),
            time=TimeEffects(),
            shocks=ClusterTimeEffects("market"),
        )
    ),
    "shocks that cities cut across, iid": Case(
        _did(
            effect=PartialPooling(varying="city"),
            errors=IID(),
            time=TimeEffects(),
            shocks=ClusterTimeEffects("market"),
        )
    ),
    "lasting shocks, units": Case(
        _did(effect=PartialPooling(BOTH), shocks=ClusterTimeEffects("city", errors=AR1()))
    ),
    "lasting shocks that cities cut across": Case(
        _did(
            effect=PartialPooling(varying="city"),
            time=TimeEffects(),
            shocks=ClusterTimeEffects("market", 0.3, AR1PlusNoise()),
        )
    ),
    "lasting shocks and trends, iid": Case(
        _did(
            effect=PartialPooling(["region"], varying=None),
            errors=IID(),
            trends=DifferentialTrends(),
            shocks=ClusterTimeEffects("city", errors=AR1()),
        ),
        TRENDS,
    ),
    "partial, units, weights": Case(_did(errors=IID()), {"weights": True}),
    "partial, none, weights": Case(
        _did(effect=PartialPooling(BOTH, varying=None), errors=IID()), {"weights": True}
    ),
    "partial, cities, AR(1)": Case(_did(effect=PartialPooling(varying="city"))),
    "partial, cities, iid": Case(_did(effect=PartialPooling(varying="city"), errors=IID())),
    "partial, units, known variances": Case(
        _did(effect=PartialPooling(["region"])), {"outcome_se": True}
    ),
    "partial, none, iid, known variances": Case(
        _did(effect=PartialPooling(BOTH, varying=None), errors=IID()), {"outcome_se": True}
    ),
    "trends, cities, known variances": Case(
        _did(
            effect=PartialPooling(varying="city"),
            errors=AR1PlusNoise(),
            trends=DifferentialTrends(0.3, 0.4, 0.2, 0.1),
        ),
        {**TRENDS, "outcome_se": True},
    ),
    "partial, cities, weights": Case(
        _did(effect=PartialPooling(["region"], varying="city"), errors=IID()), {"weights": True}
    ),
    "partial, units, AR(1) + noise": Case(_did(effect=PartialPooling(BOTH), errors=AR1PlusNoise())),
    "partial, cities, AR(1) + noise": Case(
        _did(effect=PartialPooling(varying="city"), errors=AR1PlusNoise())
    ),
    "unequal, units": Case(
        _did(effect=PartialPooling(["region"]), errors=Heteroskedastic()), TRENDS
    ),
    "partial, many scales": Case(
        _did(effect=PartialPooling(["region"])), {**REGION, "many": True, "units": 30, "periods": 8}
    ),
    "complete, units": Case(_did(effect=CompletePooling()), {"many": True}),
    "complete, none, common time": Case(
        _did(effect=CompletePooling(varying=None), time=TimeEffects(), errors=IID())
    ),
    "separate, units": Case(_did(effect=NoPooling()), REGION),
    "separate, none, iid": Case(_did(effect=NoPooling(varying=None), errors=IID()), REGION),
    "common time": Case(_did(time=TimeEffects())),
    "time by region": Case(_did(time=TimeEffects(["region"]), errors=AR1())),
    "pooled time": Case(_did(time=TimeEffects(["region"], pooled=True))),
    "pooled time, both": Case(_did(time=TimeEffects(BOTH, pooled=True), errors=IID())),
    "never, leads": Case(
        _did(effect=NoPooling(varying=None), controls="never", time=TimeEffects())
    ),
    "never, leads, partial": Case(_did(controls="never", time=TimeEffects()), REGION),
    "anticipation": Case(_did(anticipation=1, time=TimeEffects())),
    "covariates": Case(_did(effect=PartialPooling(["region"])), {"covariates": True}),
    "baseline": Case(_did(baseline=("base",), time=TimeEffects()), {"covariates": True}),
    "exposure, partial, units, AR(1)": Case(_dose(effect=PartialPooling(BOTH))),
    "exposure, partial, none, iid": Case(_dose(effect=PartialPooling(varying=None), errors=IID())),
    "exposure, partial, cities, AR(1)": Case(_dose(effect=PartialPooling(varying="city"))),
    "exposure, partial, units, weights": Case(_dose(errors=IID()), {"weights": True}),
    "exposure, complete, units, noise": Case(
        _dose(effect=CompletePooling(), errors=AR1PlusNoise(), per="sd"), REGION
    ),
    "exposure, separate, units": Case(_dose(effect=NoPooling(), per=2.5), REGION),
    "exposure, separate, none, iid": Case(
        _dose(effect=NoPooling(varying=None), errors=IID()), REGION
    ),
    "exposure, shocks": Case(
        _dose(effect=PartialPooling(["region"]), shocks=ClusterTimeEffects("city"))
    ),
    "exposure, by time": Case(_dose(effect=PartialPooling(["region"]), by_time=True)),
    "exposure, complete, by time": Case(
        _dose(effect=CompletePooling(), by_time=True, reference=2.0)
    ),
    "exposure, covariates, common time": Case(
        _dose(time=TimeEffects()), {"covariates": True, **REGION}
    ),
    "exposure, pooled time": Case(_dose(time=TimeEffects(["region"], pooled=True)), REGION),
    "baseline, iid": Case(_did(baseline=("base",), effect=CompletePooling(), errors=IID()), REGION),
}
"""By name."""
