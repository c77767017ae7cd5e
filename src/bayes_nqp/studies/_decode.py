"""Decoder of studies: designs, priors, samplers and options of checks from their tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from bayes_nqp._core.compat import RENAMED
from bayes_nqp._core.exceptions import StudyError, brief, nearest
from bayes_nqp._core.i18n import Message, either
from bayes_nqp._core.plugins import registered
from bayes_nqp._core.types import annotations_of
from bayes_nqp.model.codec import decode
from bayes_nqp.model.designs import Mediation, StaggeredDiD
from bayes_nqp.model.priors import Priors
from bayes_nqp.numerics.sampling import Importance, Sampler
from bayes_nqp.studies._arguments import Schema, accepted, members, schema_of
from bayes_nqp.studies._plugins import value_example, value_keys
from bayes_nqp.studies._schema import Channels
from bayes_nqp.studies._study_table import Values

if TYPE_CHECKING:
    from bayes_nqp.model.designs import Design

NONE: Final = "none"
"""TOML has no null; ``varying = "none"`` replaces it."""
TAG: Final = "type"
PRIORS: Final = "priors"
_WORDS = {
    "integer": Message("an integer without quotes"),
    "number": Message("a number without quotes"),
    "boolean": Message("true or false"),
    "string": Message("text in quotes"),
    "object": Message("a table"),
}
_NUMBERS = {"integer": (int,), "number": (int, float), "boolean": (bool,)}


def design_of(
    design: Mapping[str, Any],
    priors: Mapping[str, Any],
    channels: Channels | None = None,
    links: Any = None,
) -> Design:
    """Decode a design with its priors and its mediators.

    Parameters
    ----------
    design, priors : mapping
        The tables of these names.
    channels : Channels, optional
        The table [channels]; with it the design becomes a `Mediation`.
    links : SpatialWeights, optional
        The spatial weights that [channels] names.

    Raises
    ------
    StudyError
        If a key or a value does not exist for the design.
    """
    if PRIORS in design:
        raise StudyError(
            "'design.priors' is in the wrong place", hint="write a separate table [priors]"
        )
    name, designs = str(design.get(TAG, StaggeredDiD.__name__)), members("design")
    if name not in designs:
        raise StudyError(
            Message("'design.type' is {}, which is not a type of design", brief(name)),
            hint=nearest(name, designs),
        )
    value: Design = _made({**design, TAG: name}, "design")
    if channels is not None:
        value = _mediated(value, channels, links)
    done: Design = _with_priors(value, priors)
    return done


def _mediated(design: Any, channels: Channels, links: Any) -> Mediation:
    if design.facts.channels:
        raise StudyError(
            "[design] is a Mediation, but the study also has a table [channels]",
            hint="in [design], describe the model of the outcome only; [channels] turns it"
            " into a Mediation",
        )
    settings = channels.model_dump(exclude_unset=True)
    if not channels.mediators:
        settings.pop("mediators", None)
    settings.pop("links", None)
    with stated_in("channels", settings):
        return Mediation(design, links=links, **settings)


def _with_priors(design: Any, priors: Mapping[str, Any]) -> Any:
    """Set the priors of a design, or of the outcome design of a mediation."""
    if design.facts.channels:
        return design.replace(design=_with_priors(design.design, priors))
    if PRIORS not in {field.name for field in fields(design)}:
        if priors:
            raise StudyError(
                Message(
                    "the study has a table [priors], but {} has no priors", type(design).__name__
                ),
                hint="omit it",
            )
        return design
    return design.replace(priors=value_of(Priors, priors, PRIORS))


def sampler_of(sampler: Mapping[str, Any]) -> Sampler | None:
    """Decode a sampler.

    Parameters
    ----------
    sampler : mapping
        The table [sampler]; its default ``type`` is `Importance`.

    Returns
    -------
    Importance, NUTS or None
        None, which selects the default of the package, if the table is empty.

    Raises
    ------
    StudyError
        If a key or a value does not exist for the sampler.
    """
    if not sampler:
        return None
    kind, samplers = str(sampler.get(TAG, Importance.__name__)), members("sampler")
    if kind in RENAMED:
        raise StudyError(
            Message("'sampler.type' is {}, which was removed in version 0.2", brief(kind)),
            hint=RENAMED[kind].study,
        )
    if kind not in samplers:
        raise StudyError(
            Message("'sampler.type' is {}, which is not a sampler", brief(kind)),
            hint=" or ".join(f'"{name}"' for name in samplers),
        )
    value: Sampler = _made({**sampler, TAG: kind}, "sampler")
    return value


def value_of(kind: type, table: Mapping[str, Any], where: str) -> Any:
    """Decode a table of a registered value whose type is known.

    Parameters
    ----------
    where : str
        Name of the table, for messages.

    Raises
    ------
    StudyError
        If a key is unknown, or its value is invalid.
    """
    return _made({**table, TAG: kind.__name__}, where)


def member_of(setting: str | Mapping[str, Any], kinds: Mapping[str, type], where: str) -> Any:
    """Decode a value that is given by name, or as a table with its type and arguments.

    Parameters
    ----------
    kinds : mapping of str to type
        Types that are allowed.
    where : str
        Name of the key, for messages.

    Raises
    ------
    StudyError
        If a key is unknown, or its value is invalid.
    """
    table = {TAG: setting} if isinstance(setting, str) else dict(setting)
    if TAG not in table:
        raise StudyError(
            Message("'{}' has no type", where),
            hint=f'{{ type = "{next(iter(kinds))}", … }}',
        )
    name = str(table.pop(TAG))
    if name not in kinds:
        raise StudyError(Message("'{}' is {}", where, brief(name)), hint=nearest(name, kinds))
    names = [field.name for field in fields(kinds[name])]
    check_keys(table, names, f"'{where}'", Message("{} has no arguments", name))
    check_kinds(table, annotations_of(kinds[name]), where)
    try:
        return kinds[name](**table)
    except StudyError as error:
        raise StudyError(
            Message("'{}': {}", where, error.what), where=error.where, hint=error.hint
        ) from None
    except (TypeError, ValueError) as error:
        raise StudyError(
            Message("'{}': {}", where, str(error)), hint="see docs/studies.md"
        ) from None


def options_of(
    options: Mapping[str, Any], call: Callable[..., object], values: Values, where: str
) -> dict[str, Any]:
    """Decode the options of a check: replace names and tables by the values that they denote.

    Parameters
    ----------
    options : mapping
        Table such as [checks.mediation_sensitivity].
    call : callable
        The check.
    values : mapping of str to mapping
        Values that options may name.
    where : str
        Name of the table, for messages.

    Raises
    ------
    StudyError
        If a type or one of its arguments is unknown.
    """
    types = annotations_of(call)
    check_kinds(options, types, where)
    valued = with_values(options, values, where)
    return {key: _option(key, x, types.get(key, Any), where) for key, x in valued.items()}


def _option(key: str, item: Any, annotation: Any, where: str) -> Any:
    (kinds, data), place = accepted(key, annotation), f"{where}.{key}"
    if kinds:
        item = _placed(key, item, kinds, data, where)
    elif isinstance(item, Mapping) and TAG not in item and all(map(_is_table, item.values())):
        return {name: _option(name, x, Any, place) for name, x in item.items()}
    elif isinstance(item, Mapping):
        item = _placed(key, item, members("design"), {}, where)
    return _decoded(item, place) if isinstance(item, Mapping) else item


def _is_table(item: object) -> bool:
    return isinstance(item, Mapping)


def with_values(table: Mapping[str, Any], values: Values, where: str) -> dict[str, Any]:
    """Replace names by values in the table of a design or of a check.

    Parameters
    ----------
    where : str
        Name of the table, for messages.

    Raises
    ------
    StudyError
        If the study does not define a name.
    """
    return {key: _valued(key, item, values, where) for key, item in table.items()}


def _valued(key: str, item: Any, values: Values, where: str) -> Any:
    if isinstance(item, Mapping):
        return with_values(item, values, f"{where}.{key}")
    if key not in values:
        return item
    if isinstance(item, list):
        return [_valued(key, name, values, where) for name in item]
    if item not in list(values[key]):
        place = value_keys()[key]
        missing = f"[{place}.{item}] {value_example(key)}".rstrip()
        raise StudyError(
            Message(
                "'{}.{}' is {}, but [{}] contains no table of that name",
                where,
                key,
                brief(item),
                place,
            ),
            hint=nearest(str(item), values[key])
            if values[key]
            else Message("add a table of that name: {}", missing),
        )
    return values[key][item]


def check_keys(
    table: Mapping[str, Any], names: list[str], place: str, otherwise: Message | None = None
) -> None:
    """Refuse unknown keys, with a separate hint if the table has no keys."""
    for key in table:
        if key not in names:
            raise StudyError(
                Message("{} has the unknown key {!r}", place, key),
                hint=nearest(key, names) if names or otherwise is None else otherwise,
            )


def check_kinds(values: Mapping[str, Any], annotations: Mapping[str, Any], where: str) -> None:
    """Refuse plain data of the wrong type.

    Parameters
    ----------
    values : mapping
        Plain data by key; tables are ignored here, because they are decoded later.
    annotations : mapping
        Annotations, from `annotations_of`.
    where : str
        Name of the table, for messages.

    Raises
    ------
    StudyError
        If the type of a value differs from its annotation.
    """
    for key, value in values.items():
        schema = schema_of(annotations.get(key, Any))
        if value is not None and not isinstance(value, Mapping) and not _fits(value, schema):
            raise StudyError(
                Message("'{}.{}' is {}", where, key, brief(value)), hint=_worded(schema)
            )


def _fits(value: Any, schema: Schema) -> bool:
    """Return True if plain data match a type."""
    if "anyOf" in schema:
        return any(_fits(value, kind) for kind in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    kind = schema.get("type")
    if kind == "array":
        listed = isinstance(value, list | tuple)
        return listed and all(_fits(item, schema["items"]) for item in value)
    if kind == "string":
        return isinstance(value, str)
    return kind not in _NUMBERS or type(value) in _NUMBERS[kind]


def _worded(schema: Schema) -> Message:
    """Describe the values that a schema accepts."""
    if "anyOf" in schema:
        return either(_worded(kind) for kind in schema["anyOf"])
    if "enum" in schema:
        return either(f'"{value}"' for value in schema["enum"])
    if schema["type"] != "array":
        return _WORDS[schema["type"]]
    if schema["items"]["type"] == "string":
        return Message('a list, such as ["a", "b"]')
    return Message("a list of numbers, such as [1, 2]")


def _made(table: Mapping[str, Any], where: str) -> Any:
    return _decoded(_tagged(table, where), where)


def _tagged(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Convert a value given by name to a tagged table, and "none" to no random effects."""
    kind = registered().get(str(table[TAG]))
    takes = {} if kind is None else annotations_of(kind)
    return {
        key: _placed(key, x, *accepted(key, takes[key]), where) if key in takes else x
        for key, x in table.items()
    }


def _placed(key: str, item: Any, kinds: Mapping[str, type], data: Schema, where: str) -> Any:
    """Accept a table in the place of a value."""
    if kinds and not isinstance(item, Mapping) and not (data and _fits(item, data)):
        if not isinstance(item, str) or item not in kinds:
            closest = nearest(str(item), kinds)
            raise StudyError(
                Message("'{}.{}' is {}", where, key, brief(item)),
                hint=either([_worded(data), closest]) if data else closest,
            )
        return {TAG: kinds[item].__name__}
    if isinstance(item, Mapping) and kinds:
        if TAG not in item:
            example = next((n for n in kinds if n == "PartialPooling"), next(iter(kinds)))
            raise StudyError(
                Message("'{}' has no type", f"{where}.{key}"),
                hint=f'{key} = {{ type = "{example}", … }}',
            )
        if str(item[TAG]) not in kinds:
            raise StudyError(
                Message("'{}.{}' has the type {}", where, key, brief(item[TAG])),
                hint=nearest(str(item[TAG]), kinds),
            )
        return _tagged({**item, TAG: kinds[str(item[TAG])].__name__}, f"{where}.{key}")
    return None if key == "varying" and item == NONE else item


def _decoded(data: Mapping[str, Any], where: str) -> Any:
    _check_table(data, where)
    with stated_in(where, data, named=True):
        return decode(data, where)


def _check_table(data: Mapping[str, Any], where: str) -> None:
    """Refuse unknown keys here, so that the message refers to the tables of the file."""
    kind = registered().get(str(data[TAG]))
    if kind is None:
        return
    names = [f.name for f in fields(kind) if f.name != PRIORS]
    place = f"[{where}]" if "." not in where else f"'{where}'"
    for key, item in data.items():
        check_keys({key: item} if key != TAG else {}, names, place)
        if isinstance(item, Mapping) and TAG in item:
            _check_table(item, f"{where}.{key}")
    check_kinds({k: x for k, x in data.items() if k != TAG}, annotations_of(kind), where)


@contextmanager
def stated_in(where: str, stated: Mapping[str, Any], *, named: bool = False) -> Iterator[None]:
    """Add the name of a table to errors that are raised within.

    Parameters
    ----------
    where : str
        Name of the table.
    stated : mapping
        Keys and values of the table.
    named : bool, default False
        If True, errors that already name the table are left unchanged.
    """
    try:
        yield
    except StudyError as error:
        if named and where in error.what:
            raise
        raise StudyError(
            Message("[{}]: {}", where, error.what), where=error.where, hint=error.hint
        ) from None
    except (TypeError, ValueError) as error:
        raise StudyError(
            Message("[{}] contains a value of the wrong type: {}", where, error),
            where=", ".join(f"{k} = {brief(x)}" for k, x in stated.items() if k != TAG),
            hint="write numbers without quotes and text in quotes",
        ) from error
