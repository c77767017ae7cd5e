"""Variables of a panel that several tables describe."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp.data.panel import Panel

type Variables = list[tuple[str, Array]]

_FEWEST: Final = 3
"""Smallest number of observations of a table of correlations."""


def role_variables(panel: Panel) -> Variables:
    """Return outcome, exposures, mediators, moderators and covariates by name (row)."""
    out = {panel.roles.outcome: panel.outcome}
    for role in ("exposures", "mediators", "moderators", "covariates"):
        columns = getattr(panel, role)
        for k, name in enumerate(getattr(panel.roles, role)):
            out.setdefault(name, columns[:, k])
    return list(out.items())


def labelled_variables(
    panel: Panel, translate: Translator, without: Collection[str] = ()
) -> tuple[Variables, Mask]:
    """Return the same by label, the treatment dummy second, and observations that have all.

    Parameters
    ----------
    without : collection of str, default ()
        Variables that are left out.

    Raises
    ------
    PanelError
        If units are sums of units, or fewer than three observations have all variables.
    """
    panel.need_units(Message("this table"))
    some = [(name, x) for name, x in role_variables(panel) if name not in without]
    first, *others = [(translate.name(name), x) for name, x in some]
    treated = panel.treatment_path[panel.unit_codes, panel.time_codes]
    dummy = [(translate("Treatment"), treated.astype(np.float64))] if treated.any() else []
    variables = [first, *dummy, *others]
    mask = ~np.any([np.isnan(x) for _, x in variables], axis=0)
    if mask.sum() < _FEWEST:
        raise _too_few(variables, int(mask.sum()))
    return [(label, np.asarray(x[mask], np.float64)) for label, x in variables], mask


def _too_few(variables: Sequence[tuple[str, Array]], number: int) -> PanelError:
    label, x = max(variables, key=lambda variable: np.isnan(variable[1]).sum())
    return PanelError(
        f"only {number} observations have all variables of this table",
        where=f"{label!r} is missing in {int(np.isnan(x).sum())} of {x.size} observations",
        hint="a panel without this variable, or with its values filled in",
    )
