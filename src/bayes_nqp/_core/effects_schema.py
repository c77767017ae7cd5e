"""Schema of group-time effects: a Dataset returned by designs and read by estimands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Protocol

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Words

__all__ = [
    "FitOrEffects",
    "HasEffects",
    "build",
    "effect_unit",
    "factors",
    "is_timed",
    "link_of",
    "merge",
    "path_roles",
    "roles",
    "validate",
]

_CELL_COORDS = (v.TIME, v.ROWS, v.UNITS, v.IDENTIFIED)
_EFFECT_DIMS = (v.CHAIN, v.DRAW, v.PATH, v.CELL)
_MODERATION_DIMS = (*_EFFECT_DIMS, v.POWER)
_DEVIATION_DIMS = (v.CHAIN, v.DRAW, v.PATH, v.MEMBER)
_UNITS: dict[object, Message] = {"log": Message("log points"), "logit": Message("log odds")}
"""Units of effects on the scale of a link; under the identity they are the outcome's."""


class HasEffects(Protocol):
    """Protocol of fits and other objects with group-time effects."""

    @property
    def effects(self) -> xr.Dataset:
        """Return the Dataset of group-time effects."""
        ...


type FitOrEffects = Annotated[HasEffects, Words("a Fit")] | xr.Dataset
"""What estimands, tables and plots take."""


def build(
    effect: npt.NDArray[np.float64],
    *,
    strata: Mapping[str, Sequence[str]],
    cohort: npt.ArrayLike | None = None,
    time: npt.ArrayLike,
    event_time: npt.ArrayLike | None = None,
    rows: npt.ArrayLike,
    units: npt.ArrayLike,
    identified: npt.ArrayLike | None = None,
    observed: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
    deviation: npt.NDArray[np.float64] | None = None,
    unit_effects: Sequence[str] | None = None,
    membership: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike] | None = None,
    paths: Sequence[str] = (v.TOTAL,),
    role: Sequence[str] | None = None,
    labels: Mapping[str, npt.ArrayLike] | None = None,
    gate: str = v.UNVERIFIED,
    importance: Mapping[str, float] | None = None,
    attrs: Mapping[str, str | float] | None = None,
) -> xr.Dataset:
    """Build the Dataset of group-time effects from plain arrays, and validate it.

    Parameters
    ----------
    effect : ndarray (chain, draw, path, cell), outcome units
        Average effect in each cell.
    strata : mapping of str to sequence of str, each of length cell
        Levels of every stratum factor.
    cohort : array (cell), optional
        Labels of the first treated period. None, with ``event_time``, for a continuous exposure.
    time : array (cell)
        Labels of the period.
    event_time : array of int (cell), optional
        Periods since adoption.
    rows, units : array of int (cell)
        Numbers of observations and units in the cell.
    identified : array of bool (cell), optional
        True for identified effects; all by default.
    observed : array (cell), outcome units, optional
        Mean observed outcome of the cell, for relative effects.
    weight : array (cell), optional
        Sum of the estimand weights of the observations.
    deviation : ndarray (chain, draw, path, member), outcome units, optional
        Random effects of the treatment by member.
    unit_effects : sequence of str (member), optional
        Labels of the members.
    membership : tuple of three arrays (membership), optional
        Cell number, member number and observations of each pair of a cell and a member.
    paths : sequence of str, default ("total",)
        Labels of the paths.
    role : sequence of str (cell), optional
        "treated"; "neighbour" for spillover effects on units near treated ones; or "after" for
        effects on units after the end of their treatment. "treated" by default.
    labels : mapping of str to array (cell), optional
        Further coordinates of cells, such as a distance band.
    gate : str, default "unverified"
        Verdict of the convergence diagnostics.
    importance : mapping of str to float, optional
        ``importance_ess`` and ``khat``, for draws from importance resampling.
    attrs : mapping, optional
        Text or numbers that describe the Dataset; ``link`` is the scale of effects on the expected
        outcome: "identity" (default), "log" or "logit".

    Returns
    -------
    Dataset
        Valid Dataset, see `validate`.

    Raises
    ------
    StudyError
        If the parts are inconsistent.
    """
    n_cells = effect.shape[-1]
    cell_coords: dict[str, Any] = {f: (v.CELL, _labels(x)) for f, x in strata.items()}
    identified = np.ones(n_cells, dtype=bool) if identified is None else np.asarray(identified)
    if cohort is not None:
        cell_coords[v.COHORT] = (v.CELL, _labels(cohort))
    cell_coords[v.TIME] = (v.CELL, _labels(time))
    if event_time is not None:
        cell_coords[v.EVENT_TIME] = (v.CELL, np.asarray(event_time, dtype=np.int64))
    cell_coords |= {
        v.ROWS: (v.CELL, np.asarray(rows, dtype=np.int64)),
        v.UNITS: (v.CELL, np.asarray(units, dtype=np.int64)),
        v.IDENTIFIED: (v.CELL, identified.astype(bool)),
        v.ROLE: (v.CELL, _labels([v.TREATED] * n_cells if role is None else list(role))),
        **{name: (v.CELL, _labels(values)) for name, values in (labels or {}).items()},
    }
    data: dict[str, Any] = {v.EFFECT: (_EFFECT_DIMS, effect)}
    if observed is not None:
        data[v.OBSERVED] = (v.CELL, np.asarray(observed, dtype=np.float64))
    if weight is not None:
        cell_coords[v.WEIGHT] = (v.CELL, np.asarray(weight, dtype=np.float64))
    coords: dict[str, Any] = {
        v.CHAIN: np.arange(effect.shape[0]),
        v.DRAW: np.arange(effect.shape[1]),
        v.PATH: _labels(list(paths)),
        v.PATH_ROLE: (v.PATH, _labels([_role_of(path) for path in paths])),
        v.CELL: np.arange(n_cells),
        v.GATE: str(gate),
        **(importance or {}),
        **cell_coords,
    }
    if unit_effects is not None:
        coords[v.MEMBER] = _labels(list(unit_effects))
    if deviation is not None:
        data[v.DEVIATION] = (_DEVIATION_DIMS, deviation)
    if membership is not None:
        names = (v.MEMBERSHIP_CELL, v.MEMBERSHIP_MEMBER, v.MEMBERSHIP_ROWS)
        for name, column in zip(names, membership, strict=True):
            data[name] = (v.MEMBERSHIP, np.asarray(column, dtype=np.int64))
    return validate(xr.Dataset(data, coords=coords, attrs=_attributes(strata, attrs or {})))


def _attributes(strata: Iterable[str], attrs: Mapping[str, str | float]) -> dict[str, str | float]:
    """Return the attrs: factors, the link of effects, and further attrs."""
    facts = {v.LINK: v.IDENTITY, **attrs}
    scale = str(_UNITS.get(facts[v.LINK], v.OUTCOME_UNITS))
    return {"factors": "\x1f".join(strata), v.SCALE: scale, **facts}


def link_of(effects: xr.Dataset | xr.DataArray) -> str:
    """Return the scale of effects on the expected outcome: "identity", "log" or "logit".

    Parameters
    ----------
    effects : Dataset
        Dataset of group-time effects; "identity" in files of earlier versions.
    """
    return str(effects.attrs.get(v.LINK, v.IDENTITY))


def effect_unit(attrs: Mapping[Any, Any]) -> str:
    """Return the unit of effects; empty if the outcome has no unit.

    Parameters
    ----------
    attrs : mapping
        Attrs of effects, of draws or of a summary, with or without ``link`` and ``outcome_unit``.
    """
    link = attrs.get(v.LINK, v.IDENTITY)
    if link == v.IDENTITY:
        return str(attrs.get("outcome_unit", ""))
    return _UNITS.get(link, Message("units that differ between effects"))


def _role_of(path: str) -> str:
    """Return the role of a path by its name: paths of mediators are indirect."""
    named = {v.TOTAL: v.TOTAL, v.DIRECT: v.DIRECT, v.RECEIVED: v.SPILLOVER}
    return named.get(path, v.INDIRECT)


def path_roles(effects: xr.Dataset) -> dict[str, str]:
    """Return the role of each path: total, direct, indirect or spillover.

    Parameters
    ----------
    effects : Dataset
        Dataset of group-time effects; in files of earlier versions, names of paths determine roles.
    """
    names = [str(name) for name in effects[v.PATH].to_numpy()]
    if v.PATH_ROLE not in effects.coords:
        return {name: _role_of(name) for name in names}
    return dict(zip(names, map(str, effects[v.PATH_ROLE].to_numpy()), strict=True))


def roles(effects: xr.Dataset) -> npt.NDArray[np.str_]:
    """Return the role of each cell (cell): "treated", "neighbour" or "after".

    Parameters
    ----------
    effects : Dataset
        Dataset of group-time effects; all "treated" in files of earlier versions.
    """
    if v.ROLE not in effects.coords:
        return np.full(effects.sizes[v.CELL], v.TREATED)
    return np.asarray(effects[v.ROLE].to_numpy(), dtype=str)


def validate(effects: xr.Dataset) -> xr.Dataset:
    """Validate a Dataset of group-time effects, and return it.

    Parameters
    ----------
    effects : Dataset
        Dataset to validate.

    Returns
    -------
    Dataset
        The same Dataset.

    Raises
    ------
    StudyError
        If a variable, dimension or coordinate is missing, or a stratum takes a reserved name.
    """
    if v.EFFECT not in effects or effects[v.EFFECT].dims != _EFFECT_DIMS:
        raise StudyError(
            f"'effects' needs a variable 'effect' with dims {_EFFECT_DIMS}",
            hint="pass a fit, or a Dataset made by nqp.group_time_effects",
        )
    link = link_of(effects)
    if link != v.IDENTITY and link not in _UNITS:
        raise StudyError(f"'link' of effects is {link!r}", hint="'identity', 'log' or 'logit'")
    missing = [name for name in _CELL_COORDS if name not in effects.coords]
    if missing:
        raise StudyError(f"'effects' lacks the cell coordinates {shown(missing)}")
    if (v.COHORT in effects.coords) != (v.EVENT_TIME in effects.coords):
        raise StudyError(
            "'effects' has one of 'cohort' and 'event_time' without the other",
            hint="use both, or neither for a continuous exposure",
        )
    if v.MODERATION in effects and effects[v.MODERATION].dims != _MODERATION_DIMS:
        raise StudyError(f"'moderation' needs dims {_MODERATION_DIMS}")
    reserved = [name for name in factors(effects) if name in v.RESERVED]
    if reserved:
        raise StudyError(
            f"the strata {shown(reserved)} use names that are reserved by the library",
            hint="rename these columns",
        )
    if v.DEVIATION in effects:
        if effects[v.DEVIATION].dims != _DEVIATION_DIMS:
            raise StudyError(f"'deviation' needs dims {_DEVIATION_DIMS}")
        if v.MEMBERSHIP_CELL not in effects:
            raise StudyError("'deviation' needs the membership table")
    if v.MEMBERSHIP_CELL in effects and effects.sizes[v.MEMBERSHIP]:
        if int(effects[v.MEMBERSHIP_CELL].max()) >= effects.sizes[v.CELL]:
            raise StudyError("'membership_cell' contains an index beyond the cells")
        if int(effects[v.MEMBERSHIP_MEMBER].max()) >= effects.sizes[v.MEMBER]:
            raise StudyError("'membership_member' contains an index beyond the members")
    return effects


def factors(effects: xr.Dataset) -> tuple[str, ...]:
    """Return the stratum factors of the cells.

    Parameters
    ----------
    effects : Dataset
        Dataset of group-time effects.
    """
    text = str(effects.attrs.get("factors", ""))
    return tuple(text.split("\x1f")) if text else ()


def is_timed(effects: xr.Dataset) -> bool:
    """Return True if cells have a cohort and an event time; exposures have neither.

    Parameters
    ----------
    effects : Dataset
        Dataset of group-time effects.
    """
    return v.EVENT_TIME in effects.coords


def merge(parts: Sequence[xr.Dataset]) -> xr.Dataset:
    """Join effects of several paths on the same cells.

    Parameters
    ----------
    parts : sequence of Dataset
        Datasets of group-time effects with different paths.

    Returns
    -------
    Dataset
        Dataset with all paths, and the worst verdict of the convergence diagnostics.
    """
    gates = [str(p.coords[v.GATE].item()) for p in parts]
    worst = next((g for g in gates if g not in (v.PASSED, v.UNVERIFIED)), None)
    if worst is None:
        worst = v.UNVERIFIED if v.UNVERIFIED in gates else v.PASSED
    joined = xr.concat(
        [p.drop_vars(list(v.EVIDENCE), errors="ignore") for p in parts],
        dim=v.PATH,
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="exact",
    )
    return validate(joined.assign_coords({v.GATE: worst, **_least(parts)}))


def _least(parts: Sequence[xr.Dataset]) -> dict[str, float]:
    """Return the worst importance-weight diagnostics if all parts have them."""
    worst = {v.IMPORTANCE_ESS: min, v.KHAT: max}
    return {
        name: choose(float(p.coords[name].item()) for p in parts)
        for name, choose in worst.items()
        if all(name in p.coords for p in parts)
    }


def _labels(values: npt.ArrayLike) -> npt.NDArray[Any]:
    """Keep numbers unchanged, and convert other labels to numpy strings."""
    array = np.asarray(values)
    return array if array.dtype.kind in "iuf" else np.asarray([str(x) for x in array], dtype=str)
