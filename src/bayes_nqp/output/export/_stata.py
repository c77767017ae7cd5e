"""Draws that Stata posts as estimates: a .dta and the command that takes it."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.io import place, write_bytes
from bayes_nqp._core.validation import door
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import By
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.export._quantities import Quantity, quantities

_COMMAND: Final = ("nqp_post.ado", "nqp_post.sthlp")
_LONGEST: Final = 32
"""Letters of a name in Stata."""
_LABEL: Final = 80
"""Letters of a label."""


@door
def export_stata(fit: Fit, folder: str | Path, by: By = None, *, force: bool = False) -> Path:
    """Write average effects for Stata: labelled draws, and a command to post them.

    In Stata, ``cd`` to the folder and ``nqp_post using draws``: ``e(b)`` are posterior means,
    ``e(V)`` the covariance of draws, ``e(N)`` the number of observations; ``esttab`` and
    ``coefplot`` can combine them with other estimates. Their z and P refer to a normal distribution
    with these moments and are not p-values of a test.

    Parameters
    ----------
    folder : str or Path
        Output folder, written completely or not at all:

        - ``draws.dta`` (Stata 14 on): ``chain``, ``draw``, ``rows`` (of the panel) and one variable
          per quantity, outcome units: ``att``; ``tp0``, ``tp1``, … by event time, ``tm1`` before
          adoption; ``region_inland`` of a group; the label describes the variable;
        - ``nqp_post.ado`` and ``nqp_post.sthlp``: the command and its help.
    by : str, sequence of str or mapping, optional
        Groups in addition to the overall average, as in `att`; by default every stratum factor and
        event times.
    force : bool, default False
        If True, rename an existing folder before writing.

    Raises
    ------
    StudyError
        If `fit` is not a fit or has no panel, or the folder exists or cannot be written; as `att`.

    Examples
    --------
    >>> import tempfile
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> with tempfile.TemporaryDirectory() as home:
    ...     sorted(path.name for path in nqp.export_stata(fit, f"{home}/stata").iterdir())
    ['draws.dta', 'nqp_post.ado', 'nqp_post.sthlp']
    """
    effects = group_time_effects(fit)
    every = list(quantities(fit, effects, by))
    if fit.panel is None:
        raise StudyError("this fit keeps no panel, whose rows Stata calls e(N)", hint="nqp.load")
    chains, draws = every[0].draws.shape
    columns = {
        v.CHAIN: np.repeat(np.arange(1, chains + 1), draws),
        v.DRAW: np.tile(np.arange(1, draws + 1), chains),
        v.ROWS: np.full(chains * draws, fit.panel.n_rows),
    }
    labels = {v.CHAIN: "chain", v.DRAW: "draw", v.ROWS: "rows of the panel"}
    for x in every:
        name = _free(_name(x), columns)
        columns[name], labels[name] = x.draws.ravel(), x.label[:_LABEL]
    about = f"posterior draws of effects on {effects.attrs.get('outcome', 'the outcome')}"
    with place(folder, force=force, name="folder") as ready:
        pd.DataFrame(columns).to_stata(
            ready.draft / "draws.dta", write_index=False, version=118, variable_labels=labels,
            data_label=f"{about}; gate {fit.gate}"[:_LABEL],
        )  # fmt: skip
        for name in _COMMAND:
            text = files("bayes_nqp").joinpath("output", "export", "stata", name).read_bytes()
            write_bytes(ready.draft / name, text)
        ready.finish()
    return Path(folder)


def _name(x: Quantity) -> str:
    """A name as Stata takes it: letters, digits and underscores, the first no digit."""
    if x.by == v.EVENT_TIME:
        name = f"t{'m' if x.level.startswith('-') else 'p'}{x.level.lstrip('-')}"
    else:
        name = f"{x.by}_{x.level}" if x.by else "att"
    if x.path != v.TOTAL:
        name = f"{x.path}_{name}"
    name = re.sub(r"\W", "_", name)
    return (name if not name[0].isdigit() else f"_{name}")[:_LONGEST]


def _free(name: str, taken: object) -> str:
    """The name, or with the first number behind it that is free."""
    free, k = name, 2
    while free in taken:  # type: ignore[operator]
        end = f"_{k}"
        free, k = f"{name[: _LONGEST - len(end)]}{end}", k + 1
    return free
