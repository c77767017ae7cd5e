"""Reduction of rows to statistics, against a least-squares package on the same model."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from benchmarks._speed import models, panels
from benchmarks._speed.measure import Line, Settings, best, times

from bayes_nqp.inference.model_frame import make_model_frame, model_frame_of

if TYPE_CHECKING:
    import pandas as pd

SIZES = {"40 thousand": 3_000, "400 thousand": 30_000}


def lines(settings: Settings) -> Iterator[Line]:
    design = models.iid_design()
    _saturated(panels.frame(100))
    model_frame_of(design, panels.panel(panels.frame(100)))
    for name, units in SIZES.items():
        if settings.quick and units > 3_000:
            continue
        settings.say(f"reduction, {name} rows")
        rows = panels.frame(units)
        panel = panels.panel(rows)
        ours = best(lambda p=panel: make_model_frame(design.spec(p)))
        reading = best(lambda r=rows: panels.panel(r))
        theirs = best(lambda r=rows: _saturated(r))
        ratio = theirs.wall / ours.wall
        yield Line(
            f"rows to statistics against pyfixest's saturated model, {name} rows",
            times(ratio),
            "≥ 1×",
            ratio >= 1,
            f"plan {ours} against {theirs}, best of 3; validating the panel takes {reading}",
        )


def _saturated(rows: pd.DataFrame) -> object:
    """Unit and region × time effects, and a dummy for each treated cell."""
    import pyfixest as pf

    event = rows["year"] - rows["cohort"]
    data = rows.assign(
        node=rows["region"].astype(str) + "_" + rows["year"].astype(str),
        cell=np.where(
            event >= 0,
            rows["region"].astype(str) + "_" + rows["cohort"].astype(str) + "_"
            + rows["year"].astype(str),
            "none",
        ),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pf.feols(
            "y ~ i(cell, ref='none') | unit + node", data=data, vcov="iid", copy_data=False,
            store_data=False, lean=True,
        )  # fmt: skip
