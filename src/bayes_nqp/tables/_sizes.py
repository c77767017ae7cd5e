"""How many units are behind an average."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.estimands import before_adoption, text
from bayes_nqp.fitting import Fit


def units_by(source: object, effects: xr.Dataset, name: str | None) -> Mapping[str, int]:
    """Count the treated units behind every group.

    Parameters
    ----------
    source : Fit or Dataset
        A fit with its panel is counted row by row.
    effects : Dataset
        Of the waist.
    name : str or None
        A stratum factor, "cohort", "time" or "event_time"; None for all together, under "".

    Returns
    -------
    mapping of str to int
        By the group's label as text; empty if they cannot be told. Without a panel: the units
        of every stratum and cohort in the period in which most of them were observed.
    """
    cells = _cells(effects)
    if name is not None and name not in cells:
        return {}
    counted = cells[v.IDENTIFIED]
    if name != v.EVENT_TIME:
        counted = counted & ~before_adoption(effects)
    identified = cells[counted]
    panel = source.panel if isinstance(source, Fit) and v.COHORT in effects.coords else None
    if panel is None:
        keys = [key for key in (*schema.factors(effects), v.COHORT) if key in cells]
        groups = [] if name is None or name in keys else [name]
        if not (keys or groups):
            return {"": int(identified[v.UNITS].max())}
        most = identified.groupby([*keys, *groups], as_index=False)[v.UNITS].max()
        return _told(most.groupby(name)[v.UNITS].sum() if name else {"": most[v.UNITS].sum()})
    treated = panel.cohort_codes[panel.unit_codes] >= 0
    rows = pd.DataFrame(
        {
            "unit_code": panel.unit_codes[treated],
            v.COHORT: [text(x) for x in panel.cohort_labels[panel.unit_codes[treated]]],
            v.TIME: [text(x) for x in panel.time_labels[panel.time_codes[treated]]],
        }
    )
    for factor in schema.factors(effects):
        levels = panel.levels[factor][panel.strata_codes[factor]]
        rows[factor] = [text(x) for x in levels[panel.unit_codes[treated]]]
    joined = rows.merge(identified, on=[*schema.factors(effects), v.COHORT, v.TIME])
    if name is None:
        return {"": int(joined["unit_code"].nunique())}
    return _told(joined.groupby(name)["unit_code"].nunique())


def _cells(effects: xr.Dataset) -> pd.DataFrame:
    coordinates = (*schema.factors(effects), v.COHORT, v.TIME, v.EVENT_TIME)
    names = [name for name in coordinates if name in effects.coords]
    frame = pd.DataFrame({name: [text(x) for x in effects[name].to_numpy()] for name in names})
    frame[v.UNITS] = np.asarray(effects[v.UNITS].to_numpy(), dtype=np.int64)
    frame[v.IDENTIFIED] = effects[v.IDENTIFIED].to_numpy().astype(bool)
    return frame


def _told(counts: Mapping[str, int] | pd.Series[int]) -> dict[str, int]:
    pairs: list[tuple[Hashable, int]] = list(counts.items())
    return {str(label): int(count) for label, count in pairs}
