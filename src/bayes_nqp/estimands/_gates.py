"""The verdict of the convergence gate, as it travels with draws."""

from __future__ import annotations

import xarray as xr

from bayes_nqp import vocabulary as v


def evidence_of(draws: xr.DataArray | xr.Dataset) -> dict[str, str | float]:
    """Read all that travels with draws of whether they can be used.

    Returns
    -------
    dict of str to str or float
        Scalar coordinates: the gate's verdict and, of resampled proposals, what their weights
        allow.
    """
    return {
        name: draws.coords[name].item()
        for name in v.EVIDENCE
        if name in draws.coords and not draws.coords[name].ndim
    }


def gate_of(draws: xr.DataArray | xr.Dataset) -> str:
    """Read the gate's verdict that draws carry.

    Parameters
    ----------
    draws : DataArray or Dataset
        With or without the scalar coordinate ``gate``.

    Returns
    -------
    str
        "passed", "failed: …", or "unverified" where it is missing.
    """
    if v.GATE not in draws.coords or draws.coords[v.GATE].ndim:
        return v.UNVERIFIED
    return str(draws.coords[v.GATE].item())


def worst_gate(*draws: xr.DataArray | xr.Dataset) -> str:
    """Find the worst verdict among several draws: failed, then unverified, then passed.

    Parameters
    ----------
    *draws : DataArray or Dataset
        Each with or without the scalar coordinate ``gate``.
    """
    gates = [gate_of(part) for part in draws]
    failed = [gate for gate in gates if gate not in (v.PASSED, v.UNVERIFIED)]
    if failed:
        return failed[0]
    return v.UNVERIFIED if v.UNVERIFIED in gates else v.PASSED
