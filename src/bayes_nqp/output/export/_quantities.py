"""The numbers of a fit that other programs print: average effects, overall and by group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.effects.estimands import By, att, names_of, text
from bayes_nqp.inference.fitting import Fit


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """Posterior draws of one quantity.

    Parameters
    ----------
    path : str
        Path: "total", or a path of a `Mediation`.
    by, level : str
        Factor and level; empty for the overall average.
    draws : array (chain, draw), outcome units
        Draws of the average over its cells.
    """

    path: str
    by: str
    level: str
    draws: Array

    @property
    def label(self) -> str:
        """Path, group and level, such as ``att, direct[region=inland]``."""
        path = "" if self.path == v.TOTAL else f", {self.path}"
        group = f"[{self.by}={self.level}]" if self.by else ""
        return f"att{path}{group}"


def quantities(fit: Fit, effects: xr.Dataset, by: By) -> Iterator[Quantity]:
    """Yield average effects of every path, overall and by group.

    Parameters
    ----------
    effects : Dataset
        Dataset of group-time effects.
    by : str, sequence of str, mapping, or None
        As in `att`, one after another; None for every stratum factor and event times.

    Raises
    ------
    StudyError
        If `fit` is not a fit; otherwise as `att`.
    """
    if not isinstance(fit, Fit):
        raise StudyError(f"'fit' is a {type(fit).__name__}", hint="nqp.fit(design, panel)")
    usual = [*schema.factors(effects), *({v.EVENT_TIME} & set(map(str, effects.coords)))]
    wanted = names_of(usual if by is None else by)
    for path in map(str, effects[v.PATH].to_numpy()):
        yield Quantity(path, "", "", att(effects, path=path).to_numpy())
        for new, old in wanted.items():
            groups = att(effects, {new: old}, path=path).transpose(*v.SAMPLE_DIMS, new)
            for k, level in enumerate(groups[new].to_numpy()):
                yield Quantity(path, new, text(level), groups.to_numpy()[..., k])
