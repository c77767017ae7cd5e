"""The decoder of studies: designs, priors, samplers and options of checks, from their tables."""

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
"""TOML has no null; ``varying = "none"`` stands for it."""
TAG: Final = "type"
PRIORS: Final = "priors"
_WORDS = {
    "integer": Message("a whole number, without quotes"),
    "number": Message("a number, without quotes"),
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
    """Decode a design, its priors and its channels.

    Parameters
    ----------
    design, priors : mapping
        The tables of those names.
    channels : Channels, optional
        The table [channels]; the design becomes a `Mediation` of it.
    links : SpatialWeights, optional
        The weights that [channels] names.

    Raises
    ------
    StudyError
        If a key or a value is not one of the design's.
    """
    if PRIORS in design:
        raise StudyError(
            "'design.priors' is in the wrong place", hint="a table [priors] of its own"
        )
    name, designs = str(design.get(TAG, StaggeredDiD.__name__)), members("design")
    if name not in designs:
        raise StudyError(
            Message("'design.type' is {}, which is no design", brief(name)),
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
            "[design] is a Mediation, and there is a table [channels] too",
            hint="in [design] the design of the outcome alone; [channels] makes it a Mediation",
        )
    settings = channels.model_dump(exclude_unset=True)
    if not channels.mediators:
        settings.pop("mediators", None)
    settings.pop("links", None)
    with stated_in("channels", settings):
        return Mediation(design, links=links, **settings)


def _with_priors(design: Any, priors: Mapping[str, Any]) -> Any:
    """Give a design its priors, or the design of a mediation."""
    if design.facts.channels:
        return design.replace(design=_with_priors(design.design, priors))
    if PRIORS not in {field.name for field in fields(design)}:
        if priors:
            raise StudyError(
                Message("[priors] is given, and {} has none", type(design).__name__),
                hint="omit it",
            )
        return design
    return design.replace(priors=value_of(Priors, priors, PRIORS))


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
    kind, samplers = str(sampler.get(TAG, Importance.__name__)), members("sampler")
    if kind in RENAMED:
        raise StudyError(
            Message("'sampler.type' is {}, which is gone since version 0.2", brief(kind)),
            hint=RENAMED[kind].study,
        )
    if kind not in samplers:
        raise StudyError(
            Message("'sampler.type' is {}, which is no sampler", brief(kind)),
            hint=" or ".join(f'"{name}"' for name in samplers),
        )
    value: Sampler = _made({**sampler, TAG: kind}, "sampler")
    return value


def value_of(kind: type, table: Mapping[str, Any], where: str) -> Any:
    """Decode a table that stands for a registered value without naming its type.

    Parameters
    ----------
    where : str
        The table, for messages.

    Raises
    ------
    StudyError
        If a key or a value is not one of the value's.
    """
    return _made({**table, TAG: kind.__name__}, where)


def member_of(setting: str | Mapping[str, Any], kinds: Mapping[str, type], where: str) -> Any:
    """Decode a value that stands by its name, or as a table with its type and its arguments.

    Parameters
    ----------
    kinds : mapping of str to type
        What it may be.
    where : str
        The key, for messages.

    Raises
    ------
    StudyError
        If a key or a value is not one of the value's.
    """
    table = {TAG: setting} if isinstance(setting, str) else dict(setting)
    if TAG not in table:
        raise StudyError(
            Message("'{}' does not say its type", where),
            hint=f'{{ type = "{next(iter(kinds))}", … }}',
        )
    name = str(table.pop(TAG))
    if name not in kinds:
        raise StudyError(Message("'{}' is {}", where, brief(name)), hint=nearest(name, kinds))
    names = [field.name for field in fields(kinds[name])]
    check_keys(table, names, f"'{where}'", Message("{} takes none", name))
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
    """Decode the options of a check: names and tables that stand for values become values.

    Parameters
    ----------
    options : mapping
        A table such as [checks.mediation_sensitivity].
    call : callable
        The check.
    values : mapping of str to mapping
        That options may name.
    where : str
        The table, for messages.

    Raises
    ------
    StudyError
        If a type or an argument of it is unknown.
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
    """Put values in the place of their names, in the table of a design or of a check.

    Parameters
    ----------
    where : str
        The table, for messages.

    Raises
    ------
    StudyError
        If a name is none of the study's.
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
            Message("'{}.{}' is {}, which is no table of [{}]", where, key, brief(item), place),
            hint=nearest(str(item), values[key])
            if values[key]
            else Message("a table of that name: {}", missing),
        )
    return values[key][item]


def check_keys(
    table: Mapping[str, Any], names: list[str], place: str, otherwise: Message | None = None
) -> None:
    """Refuse unknown keys, with a hint of its own where there are no keys."""
    for key in table:
        if key not in names:
            raise StudyError(
                Message("{} has the unknown key {!r}", place, key),
                hint=nearest(key, names) if names or otherwise is None else otherwise,
            )


def check_kinds(values: Mapping[str, Any], annotations: Mapping[str, Any], where: str) -> None:
    """Refuse plain data of the wrong kind.

    Parameters
    ----------
    values : mapping
        Plain data by key; tables are left to whoever makes values of them.
    annotations : mapping
        From `annotations_of`.
    where : str
        The table, for messages.

    Raises
    ------
    StudyError
        If a value is not of the kind that its annotation says.
    """
    for key, value in values.items():
        schema = schema_of(annotations.get(key, Any))
        if value is not None and not isinstance(value, Mapping) and not _fits(value, schema):
            raise StudyError(
                Message("'{}.{}' is {}", where, key, brief(value)), hint=_worded(schema)
            )


def _fits(value: Any, schema: Schema) -> bool:
    """Return whether plain data are of a kind."""
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
    """Say what would have been right."""
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
    """Take the name of a value for the value, and "none" for no deviations."""
    kind = registered().get(str(table[TAG]))
    takes = {} if kind is None else annotations_of(kind)
    return {
        key: _placed(key, x, *accepted(key, takes[key]), where) if key in takes else x
        for key, x in table.items()
    }


def _placed(key: str, item: Any, kinds: Mapping[str, type], data: Schema, where: str) -> Any:
    """Take what stands in the place of a value for the table of that value."""
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
                Message("'{}' does not say its type", f"{where}.{key}"),
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
    """Refuse unknown keys here, so that the message speaks of the file's tables."""
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
    """Name the table of what is raised within.

    Parameters
    ----------
    where : str
        The table.
    stated : mapping
        Its keys and values.
    named : bool, default False
        Whether errors that name the table already stay as they are.
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
            Message("[{}] has a value of the wrong kind: {}", where, error),
            where=", ".join(f"{k} = {brief(x)}" for k, x in stated.items() if k != TAG),
            hint="numbers stand without quotes, text in quotes",
        ) from error
