"""[design], [channels], [priors] and [sampler] to the values they stand for, and back to TOML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from bayes_nqp._core.compat import RENAMED
from bayes_nqp._core.exceptions import StudyError, brief, nearest
from bayes_nqp._core.i18n import Message, either
from bayes_nqp._core.plugins import registered
from bayes_nqp._core.types import annotations_of
from bayes_nqp.model.codec import decode, encode
from bayes_nqp.model.designs import Mediation, StaggeredDiD
from bayes_nqp.model.priors import Priors
from bayes_nqp.numerics.sampling import Importance, Sampler
from bayes_nqp.studies._families import DESIGNS, SAMPLERS, choices, members, plain
from bayes_nqp.studies._kinds import Schema, check_kinds, fits, worded_kind
from bayes_nqp.studies._schema import Channels

if TYPE_CHECKING:
    from bayes_nqp.model.designs import Design


_NONE = "none"
"""TOML has no null; ``varying = "none"`` stands for it."""
_TAG = "type"
_PRIORS = "priors"


def design_of(
    design: Mapping[str, Any],
    priors: Mapping[str, Any],
    channels: Channels | None = None,
    links: Any = None,
) -> Design:
    """Decode a design, its priors and its channels.

    Parameters
    ----------
    design, priors : mapping
        The tables of those names.
    channels : Channels, optional
        The table [channels]; the design becomes a `Mediation` of it.
    links : SpatialWeights, optional
        What the table names.

    Raises
    ------
    StudyError
        If a key or a value is not one of the design's.
    """
    if _PRIORS in design:
        raise StudyError(
            "'design.priors' is in the wrong place", hint="a table [priors] of its own"
        )
    name, choices = str(design.get(_TAG, StaggeredDiD.__name__)), members(DESIGNS)
    if name not in choices:
        raise StudyError(
            Message("'design.type' is {}, which is no design", brief(name)),
            hint=nearest(name, choices),
        )
    value: Design = _decoded(_tagged({**design, _TAG: name}, "design"), "design")
    if channels is not None:
        value = _mediated(value, channels, links)
    done: Design = _with_priors(value, priors)
    return done


def _mediated(design: Any, channels: Channels, links: Any) -> Mediation:
    if design.facts.channels:
        raise StudyError(
            "[design] is a Mediation, and there is a table [channels] too",
            hint="in [design] the design of the outcome alone; [channels] makes it a Mediation",
        )
    settings = channels.model_dump(exclude_unset=True)
    if not channels.mediators:
        settings.pop("mediators", None)
    settings.pop("links", None)
    try:
        return Mediation(design, links=links, **settings)
    except StudyError as error:
        raise StudyError(
            Message("[channels]: {}", error.what), where=error.where, hint=error.hint
        ) from None


def _with_priors(design: Any, priors: Mapping[str, Any]) -> Any:
    """Give a design its priors, or the design of a mediation."""
    if design.facts.channels:
        return design.replace(design=_with_priors(design.design, priors))
    if _PRIORS not in {field.name for field in fields(design)}:
        if priors:
            raise StudyError(
                Message("[priors] is given, and {} has none", type(design).__name__),
                hint="leave it out",
            )
        return design
    return design.replace(priors=value_of(Priors, priors, _PRIORS))


def sampler_of(sampler: Mapping[str, Any]) -> Sampler | None:
    """Decode a sampler.

    Parameters
    ----------
    sampler : mapping
        The table [sampler]; `Importance` unless its ``type`` says otherwise.

    Returns
    -------
    Importance, NUTS or None
        None, for the library's own choice, if the table is empty.

    Raises
    ------
    StudyError
        If a key or a value is not one of the sampler's.
    """
    if not sampler:
        return None
    kind, choices = str(sampler.get(_TAG, Importance.__name__)), members(SAMPLERS)
    if kind in RENAMED:
        raise StudyError(
            Message("'sampler.type' is {}, which is gone since version 0.2", brief(kind)),
            hint=RENAMED[kind].study,
        )
    if kind not in choices:
        raise StudyError(
            Message("'sampler.type' is {}, which is no sampler", brief(kind)),
            hint=" or ".join(f'"{name}"' for name in choices),
        )
    value: Sampler = _decoded({**sampler, _TAG: kind}, "sampler")
    return value


def value_of(kind: type, table: Mapping[str, Any], where: str) -> Any:
    """Decode a table that stands for a registered value without saying its type.

    Parameters
    ----------
    where : str
        The table, for messages.

    Raises
    ------
    StudyError
        If a key or a value is not one of the value's.
    """
    return _decoded(_tagged({**table, _TAG: kind.__name__}, where), where)


def written(value: object) -> dict[str, Any]:
    """Write a value as a TOML table, without nulls."""
    table: dict[str, Any] = _without_null(encode(value))
    return table


def written_design(design: Design) -> dict[str, Any]:
    """Write a design as the tables that `design_of` reads.

    Returns
    -------
    dict
        ``design``, and where they apply ``channels`` and ``priors``.
    """
    facts, table = written(design), written(design.outcome_design)
    priors = table.pop(_PRIORS, None)
    tables = {"design": table}
    if design.facts.channels:
        tables["channels"] = {k: x for k, x in facts.items() if k not in (_TAG, "design")}
    if priors is not None:
        tables[_PRIORS] = {k: x for k, x in priors.items() if k != _TAG}
    return tables


def options_of(
    options: Mapping[str, Any], annotations: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """Decode the options of a check: tables that say their type become values.

    Parameters
    ----------
    options : mapping
        A table such as [checks.mediation_sensitivity].
    annotations : mapping of str to type
        What the check takes.
    where : str
        Its name, for messages.

    Raises
    ------
    StudyError
        If a type or an argument of it is unknown.
    """
    return {key: _option(key, x, annotations.get(key, Any), where) for key, x in options.items()}


def _option(key: str, item: Any, annotation: Any, where: str) -> Any:
    kinds, place = choices(key, annotation), f"{where}.{key}"
    if kinds:
        item = _placed(key, item, kinds, plain(key, annotation), where)
    elif (
        isinstance(item, Mapping)
        and _TAG not in item
        and all(isinstance(x, Mapping) for x in item.values())
    ):
        return {name: _option(name, x, Any, place) for name, x in item.items()}
    elif isinstance(item, Mapping):
        item = _placed(key, item, members(DESIGNS), {}, where)
    return _decoded(item, place) if isinstance(item, Mapping) else item


def _without_null(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {
            key: _NONE if item is None else _without_null(item)
            for key, item in data.items()
            if item is not None or key == "varying"
        }
    return [_without_null(item) for item in data] if isinstance(data, list) else data


def _tagged(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Take the name of a value for the value, and "none" for no deviations."""
    kind = registered().get(str(table[_TAG]))
    takes = {} if kind is None else annotations_of(kind)
    return {
        key: _placed(key, x, choices(key, takes[key]), plain(key, takes[key]), where)
        if key in takes
        else x
        for key, x in table.items()
    }


def _placed(key: str, item: Any, kinds: Mapping[str, type], data: Schema, where: str) -> Any:
    """Take what stands in the place of a value for the table of that value."""
    if kinds and not isinstance(item, Mapping) and not (data and fits(item, data)):
        if not isinstance(item, str) or item not in kinds:
            raise StudyError(
                Message("'{}.{}' is {}", where, key, brief(item)),
                hint=_either(data, nearest(str(item), kinds)),
            )
        return {_TAG: kinds[item].__name__}
    if isinstance(item, Mapping) and kinds:
        if _TAG not in item:
            example = next((n for n in kinds if n == "PartialPooling"), next(iter(kinds)))
            raise StudyError(
                Message("'{}.{}' does not say its type", where, key),
                hint=f'{key} = {{ type = "{example}", … }}',
            )
        if str(item[_TAG]) not in kinds:
            raise StudyError(
                Message("'{}.{}' has the type {}", where, key, brief(item[_TAG])),
                hint=nearest(str(item[_TAG]), kinds),
            )
        return _tagged({**item, _TAG: kinds[str(item[_TAG])].__name__}, f"{where}.{key}")
    return None if key == "varying" and item == _NONE else item


def _either(data: Schema, value: str) -> Message | str:
    """Say which plain data, or else which value, would have been right."""
    return either([worded_kind(data), value]) if data else value


def _decoded(data: Mapping[str, Any], where: str) -> Any:
    _check_keys(data, where)
    try:
        return decode(data, where)
    except StudyError as error:
        if where in error.what:
            raise
        raise StudyError(
            Message("[{}]: {}", where, error.what), where=error.where, hint=error.hint
        ) from None
    except (TypeError, ValueError) as error:
        raise StudyError(
            Message("[{}] has a value of the wrong kind: {}", where, error),
            where=", ".join(f"{k} = {brief(x)}" for k, x in data.items() if k != _TAG),
            hint="numbers stand without quotes, text in quotes",
        ) from error


def _check_keys(data: Mapping[str, Any], where: str) -> None:
    """Refuse unknown keys here, so that the message speaks of the file's tables."""
    kind = registered().get(str(data[_TAG]))
    if kind is None:
        return
    choices = [f.name for f in fields(kind) if f.name != "priors"]
    for key, item in data.items():
        if key != _TAG and key not in choices:
            place = f"[{where}]" if "." not in where else f"'{where}'"
            raise StudyError(
                Message("{} has the unknown key {!r}", place, key), hint=nearest(key, choices)
            )
        if isinstance(item, Mapping) and _TAG in item:
            _check_keys(item, f"{where}.{key}")
    taken = {k: x for k, x in data.items() if k != _TAG}
    check_kinds(taken, annotations_of(kind), where)
