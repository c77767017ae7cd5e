"""Check that the contents of a file have the structure of a fit."""

from __future__ import annotations

import math
from collections.abc import Mapping

import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError, shown
from bayes_nqp.inference.fitting._fit import Fit

_GROUPS = ("posterior", "sample_stats", "effects")


def checked(fit: Fit, *, unsealed: bool) -> Fit:
    """Check that the parts of a fit have the expected types and are consistent.

    Parameters
    ----------
    unsealed : bool
        True for a file without a digest, which may have been edited.

    Returns
    -------
    Fit
        The same.

    Raises
    ------
    StudyError
        If a part is missing, has another type, or contradicts another part.
    """
    for name, value, method in (("design", fit.design, "spec"), ("sampler", fit.sampler, "seeded")):
        if not callable(getattr(value, method, None)):
            raise StudyError(f"its {name} is a {type(value).__name__}")
    _check_facts(fit.record)
    if not all(isinstance(note, str) for note in (*fit.notes, *fit.gate.failures)):
        raise StudyError("its notes are no texts")
    _check_groups(fit.groups)
    for effects_dataset in (fit.effects, fit.leads):
        if effects_dataset is not None:
            gate = str(schema.validate(effects_dataset).coords[v.GATE].item())
            if unsealed and gate != str(fit.gate):
                raise StudyError(
                    "the convergence diagnostics in its head differ from those of its effects"
                )
    return fit


def _check_facts(facts: Mapping[str, object]) -> None:
    for name in ("panel_digest", "outcome"):
        if not isinstance(facts.get(name), str):
            raise StudyError(f"its facts lack {name!r}")
    scale = facts.get("scale")
    if not isinstance(scale, float | int) or not (math.isfinite(scale) and scale > 0):
        raise StudyError(f"its scale is {scale!r}")


def _check_groups(groups: Mapping[str, xr.Dataset]) -> None:
    missing = [name for name in _GROUPS if name not in groups]
    if missing:
        raise StudyError(f"it has no {shown(missing)}")
    sizes = set()
    for name, group in groups.items():
        if not all(group.sizes.get(dim) for dim in v.SAMPLE_DIMS):
            raise StudyError(f"its {name} have no draws")
        sizes.add(tuple(group.sizes[dim] for dim in v.SAMPLE_DIMS))
        texts = [str(k) for k, x in group.data_vars.items() if x.dtype.kind not in "biuf"]
        if texts and name != "sample_stats":
            raise StudyError(f"{shown(texts)} of its {name} are not numbers")
    if len(sizes) > 1:
        raise StudyError("its groups differ in draws")
