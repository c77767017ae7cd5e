"""Whether channels survive unmeasured common causes of mediators and the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._needs import ADOPTION, CHANNELS, ROWS
from bayes_nqp.checks._refit import cautious, channels, panel_of
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, NOT_APPLICABLE, Finding, Verdict, asks
from bayes_nqp.checks.confounding import (
    CONFOUNDED,
    NormalRho,
    RhoPrior,
    Study,
    axis_of,
    curves,
    study_of,
)
from bayes_nqp.estimands import ALL, text
from bayes_nqp.language import NOTHING, Message, joined, listed, separated

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

_ENOUGH, _LITTLE = 0.2, 0.1
"""Crossing from which an indirect effect holds, and below which it fails."""


@dataclass(frozen=True, slots=True, eq=False)
class _Quantity:
    """An indirect effect of one group, as one mediator is confounded.

    ``kind`` is "overall" or "level", or "joint" for all mediators together.
    """

    mediator: str
    label: str
    kind: str
    curve: xr.Dataset

    @property
    def crossing(self) -> float:
        """Missing where no correlation would do."""
        return float(self.curve["crossing"].sel(path="indirect"))

    @property
    def size(self) -> float:
        found = abs(self.crossing)
        return found if np.isfinite(found) else 1.0

    @property
    def clear(self) -> bool:
        """Whether the interval without confounding excludes zero."""
        low, high = (
            float(self.curve[f"original_{end}"].sel(path="indirect")) for end in ("lower", "upper")
        )
        return not low <= 0 <= high

    @property
    def called(self) -> Message:
        if self.kind == "joint":
            return Message("all mediators (if {} is confounded)", self.mediator)
        if self.label:
            return Message("{} in {}", self.mediator, self.label)
        return Message("{}", self.mediator)


@asks(
    "How strong would unmeasured confounding have to be to undo the channels?",
    "confounding of channels",
    of="channels",
    place=200,
    needs=(CHANNELS, ADOPTION, ROWS),
)
def confounding(
    fit: Fit, *, rho: Sequence[float] | None = None, prior: RhoPrior | None = None
) -> Finding:
    """Find the correlation of innovations that would undo each indirect effect.

    Sequential ignorability takes this correlation, of one mediator and the outcome given the
    other mediators, to be zero. Judged are the indirect effect via each mediator, and via all
    of them together, where the interval without confounding excludes zero. The verdict is that
    of the weakest: it holds if its effect crosses zero at .2 or more in absolute value, fails
    below .1, and is in doubt between the two. A level of a stratum factor whose effect crosses
    below .1 lowers "holds" to "in doubt". At a crossing of ρ a common cause explains shares of
    both innovations' variances whose product is ρ²: at .2, a fifth of each. Not applicable if no
    interval excludes zero.

    Parameters
    ----------
    rho : sequence of float, optional
        Correlations of the curves; from −.6 to .6 by default.
    prior : NormalRho or UniformRho, optional
        Of the correlation, for the posterior that evidence holds; NormalRho(0.2) by default.
    """
    axis, design = axis_of(rho), channels(fit)
    study = study_of(fit)
    found = _quantities(study, design.facts.strata(panel_of(fit)), axis, prior or NormalRho())
    judged = [one for one in found if one.kind != "level" and one.clear]
    weak = [one for one in found if one.kind == "level" and one.clear and one.size < _LITTLE]
    verdict = _verdict(judged, weak)
    sentence = _sentence(judged, weak)
    if verdict != NOT_APPLICABLE:
        verdict, sentence = cautious(verdict, sentence, study.fit)
    return Finding(verdict, _figure(found), sentence, _evidence(found), "confounding")


def _quantities(
    study: Study, factors: tuple[str, ...], axis: xr.DataArray, prior: RhoPrior
) -> list[_Quantity]:
    whole = curves(study, study.groups(None, "rows", None), axis, prior)
    found = [_one(whole, name, name, "", "overall") for name in study.names]
    if len(study.names) > 1:
        found += [_one(whole, name, ALL, "", "joint") for name in study.names]
    for factor in factors:
        parts = curves(study, study.groups({"level": factor}, "rows", None), axis, prior)
        for level in parts["level"].to_numpy() if parts.sizes["level"] > 1 else ():
            part = parts.sel(level=level, drop=True)
            found += [_one(part, name, name, text(level), "level") for name in study.names]
    return found


def _one(whole: xr.Dataset, mediator: str, path: str, label: str, kind: str) -> _Quantity:
    curve = whole.sel({CONFOUNDED: mediator, v.PATH: [path, v.DIRECT]}, drop=True)
    curve = curve.drop_vars(CONFOUNDED, errors="ignore")
    return _Quantity(mediator, label, kind, curve.assign_coords({v.PATH: ["indirect", v.DIRECT]}))


def _verdict(judged: list[_Quantity], weak: list[_Quantity]) -> Verdict:
    if not judged:
        return NOT_APPLICABLE
    least = min(one.size for one in judged)
    if least < _LITTLE:
        return FAILS
    return DOUBT if least < _ENOUGH or weak else HOLDS


def _sentence(judged: list[_Quantity], weak: list[_Quantity]) -> Message:
    if not judged:
        return Message(
            "No indirect effect has an interval that excludes zero: none could be undone."
        )
    parts = [_crosses(one) for one in judged if one.kind == "overall"]
    joint = min((one for one in judged if one.kind == "joint"), key=_size, default=None)
    if joint is not None:
        parts.append(_crosses(joint))
    whole = Message(
        "Indirect effects would vanish at correlations of innovations of: {}; the weakest needs a "
        "common cause of {:.0f} % of what is left of both the mediator's and the outcome's "
        "variance.",
        listed(parts, 6),
        100 * min(judged, key=_size).size,
    )
    low = Message("Below {:g}: {}.", _LITTLE, listed([x.called for x in weak], 4))
    return joined([whole, low] if weak else [whole])


def _crosses(one: _Quantity) -> Message:
    return Message("{} at {}", one.called, _at(one))


def _size(one: _Quantity) -> float:
    return one.size


def _at(one: _Quantity) -> Message:
    if np.isfinite(one.crossing):
        return Message("ρ = {:+.2f}", one.crossing)
    return Message("none")


def _figure(found: list[_Quantity]) -> Message:
    parts = [
        Message("{}: {}", one.called, _at(one), context="crossing")
        for one in found
        if one.kind != "joint" and one.clear
    ]
    return Message("crossing {}", separated(parts)) if parts else NOTHING


def _evidence(found: list[_Quantity]) -> xr.Dataset:
    together = xr.concat(
        [one.curve for one in found],
        dim="quantity",
        data_vars="all",
        coords="minimal",
        compat="override",
        join="exact",
        combine_attrs="override",
    )
    coords = {
        name: ("quantity", np.asarray([getattr(one, name) for one in found], dtype=str))
        for name in ("mediator", "label", "kind")
    }
    return together.assign_coords(coords)
