"""One estimate under many specifications, as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.validation import door
from bayes_nqp.checks import CheckResult
from bayes_nqp.output.tables._summary import summary


@door
def specification_table(
    results: CheckResult | Iterable[CheckResult],
    prob: float = 0.95,
    kind: Literal["eti", "hdi"] = "eti",
) -> pd.DataFrame:
    """Summarise the estimates of checks that compare specifications.

    Parameters
    ----------
    results : CheckResult or iterable of CheckResult
        Results of checks; other kinds of evidence are ignored.
    prob : float, default 0.95
        Posterior probability of the intervals.
    kind : {"eti", "hdi"}, default "eti"
        Equal-tailed or highest density.

    Returns
    -------
    DataFrame
        ``check``, ``change``, ``specification`` and the columns of `summary`. ``same_target`` is
        the estimate of the fit for the same cells. ``counts`` is True if the specification enters
        the verdict of the check, and ``gate`` is the convergence result of each refit.
        Results of the check "referee" have ``conclusion`` in addition:
        "unchanged", "weaker evidence", "changes", "opposite sign" or "not converged".

    Raises
    ------
    StudyError
        If no result compares specifications.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> found = nqp.check(fit, "leave_out", progress=False)
    >>> nqp.specification_table(found).columns[:2].tolist()
    ['check', 'change']
    """
    several = [results] if isinstance(results, CheckResult) else list(results)
    tables = []
    for result in several:
        if result.kind != "specifications" or not isinstance(result.evidence, xr.Dataset):
            continue
        evidence = result.evidence
        places = np.arange(evidence.sizes["specification"])
        draws = evidence["att"].reset_coords(drop=True)
        table = summary(
            draws.assign_coords(specification=places, gate=evidence[v.GATE]), prob, kind
        )
        table["specification"] = evidence["specification"].to_numpy().astype(object)
        table.insert(0, "change", evidence["change"].to_numpy().astype(object))
        table.insert(0, "check", result.name)
        table["same_target"] = evidence["reference"].to_numpy()
        table["counts"] = evidence["counts"].to_numpy()
        if "conclusion" in evidence.coords:
            table["conclusion"] = evidence["conclusion"].to_numpy().astype(object)
        table["gate"] = evidence["gate_of"].to_numpy().astype(object)
        tables.append(table)
    if not tables:
        raise StudyError(
            "no result compares specifications",
            hint="nqp.tables.specification_table(nqp.check(fit, 'specifications'))",
        )
    return pd.concat(tables, ignore_index=True)
