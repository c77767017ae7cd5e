"""JSON schema of studies for editors, generated from the registered values and their help."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from inspect import cleandoc
from typing import Any

from bayes_nqp._core.plugins import needed
from bayes_nqp._core.types import annotations_of, parts_of
from bayes_nqp._core.validation import door
from bayes_nqp.checks import CHECKS
from bayes_nqp.data.simulation import Spillover
from bayes_nqp.effects.estimands import ESTIMANDS
from bayes_nqp.model.designs import SEVERAL
from bayes_nqp.output.plots import PLOTS
from bayes_nqp.output.reports import SECTIONS, writers
from bayes_nqp.output.tables import KINDS
from bayes_nqp.studies._arguments import Schema, accepted, described, members, schema_of, several
from bayes_nqp.studies._index import normalisations, schemes, systems
from bayes_nqp.studies._plugins import STUDY_TABLES, settings_model, value_keys
from bayes_nqp.studies._simulate import simulations
from bayes_nqp.studies._source import datasets_of

_DRAFT = "http://json-schema.org/draft-07/schema#"


@door
def json_text() -> str:
    """Return the schema of studies as JSON text.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.studies.json_text()[:1]
    '{'
    """
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


@door
def json_schema() -> Schema:
    """Describe every key of a study for editors.

    Returns
    -------
    dict
        JSON schema, draft 7, with which editors (for example with Taplo) complete and check keys.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.studies.json_schema()["type"]
    'object'
    """
    settings = settings_model()
    model = settings.model_json_schema(ref_template="#/definitions/{model}")
    document: Schema = {"$schema": _DRAFT, **model}
    document["definitions"] = definitions = document.pop("$defs")
    for table in (document, *definitions.values()):
        _plain(table)
    for name, field in settings.model_fields.items():
        item = document["properties"][name]
        if "$ref" in item:
            # Editors ignore keys next to a reference.
            item["allOf"] = [{"$ref": item.pop("$ref")}]
        item["description"] = field.description
    _describe_data(definitions)
    for kind in STUDY_TABLES.values():
        kind.refine_schema(definitions[kind.__name__])
    _describe_index(definitions)
    _describe_values(document["properties"], definitions)
    _describe_names(definitions)
    _describe_checks(definitions)
    return document


def _describe_data(definitions: Schema) -> None:
    """Describe the datasets and simulations with their options."""
    data = definitions["Data"]
    data["properties"]["dataset"]["enum"] = datasets_of()
    data["properties"]["simulation"]["enum"] = list(simulations())
    data["oneOf"] = [
        {"required": [name]} for name in ("dataset", "file", "source", "simulation")
    ]  # fmt: skip
    data["allOf"] = [_options_of(name, make, definitions) for name, make in simulations().items()]
    data["anyOf"] = [{"required": ["simulation"]}, {"required": ["unit", "time"]}]


def _describe_index(definitions: Schema) -> None:
    """Describe the systems, weights and normalisations of an index."""
    index = definitions["IndexKeys"]["properties"]
    index["system"] = {
        **index["system"],
        "anyOf": [{"enum": list(systems())}, {"type": "string", "pattern": r"\.toml$"}],
    }
    for key, schemed in (("weights", schemes()), ("normalise", normalisations())):
        index[key] = {**_words(index[key]), **_one_of(schemed, definitions)}


def _describe_values(top: Schema, definitions: Schema) -> None:
    """Describe designs, samplers and priors with their arguments."""
    for key, kinds, usual in (
        ("design", members("design"), "StaggeredDiD"),
        ("sampler", members("sampler"), "Importance"),
    ):
        top[key] = {**_words(top[key]), **_tables(kinds, usual, definitions)}
    top["beside"]["additionalProperties"] = _tables(members("design"), "", definitions, bare=True)
    priors = members("priors")["Priors"]
    top["priors"] = {**_words(top["priors"]), **_table(priors, definitions, tagged=False)}


def _describe_names(definitions: Schema) -> None:
    """List the names of formats, sections, estimands, figures, tables and checks."""
    for table, key, names in (
        ("Report", "formats", writers()),
        ("Report", "sections", SECTIONS),
        ("Report", "estimands", ESTIMANDS),
        ("Figures", "draw", [name for name, plot in PLOTS.items() if plot.sheets]),
        ("Tables", "show", KINDS),
        ("Checks", "run", CHECKS),
    ):
        place = definitions[table]["properties"]
        place[key] = {**_words(place[key]), "anyOf": several({"enum": list(names)})}


def _describe_checks(definitions: Schema) -> None:
    """Describe the options of checks."""
    checks = definitions["Checks"]
    checks["properties"] |= {
        key: {
            "type": "string",
            "description": f"Name in [{place}] that checks use by default.",
        }
        for key, place in value_keys().items()
    }
    for name, check in CHECKS.items():
        options = _check(check.find, definitions)
        checks["properties"][name] = options | {"description": check.question}
    checks["additionalProperties"] = False


def _plain(table: Schema) -> None:
    """Reduce a schema to TOML: no nulls, no titles; a single name is allowed instead of a list."""
    table.pop("title", None)
    for item in table.get("properties", {}).values():
        item.pop("title", None)
        if item.get("default", "") is None or item.get("default") == []:
            item.pop("default")
        kinds = item.get("anyOf", [])
        kinds = [kind for kind in kinds if kind.get("type") != "null"]
        if "$ref" in item and item["$ref"].endswith("/Names"):
            item.pop("$ref")
            kinds = [{"$ref": "#/definitions/Names"}]
        if len(kinds) == 1:
            item.pop("anyOf", None)
            item |= kinds[0]
        elif kinds:
            item["anyOf"] = kinds
    if table.get("type") == "array" and table.get("items") == {"type": "string"}:
        table.pop("type")
        table.pop("items")
        table["anyOf"] = several({"type": "string"})


def _words(item: Schema) -> Schema:
    return {key: item[key] for key in ("description",) if key in item}


def _tables(
    kinds: Mapping[str, type], usual: str, definitions: Schema, *, bare: bool = False
) -> Schema:
    """Return the schemas of tables; the default type may be omitted."""
    options = []
    for name, kind in kinds.items():
        table = _table(kind, definitions, tagged=True)
        if bare:
            table.pop("required", None)
            table["properties"] = {
                key: {**_words(item), "anyOf": [{"const": "none"}, item]}
                for key, item in table["properties"].items()
            }
        elif name != usual:
            table["required"] = ["type", *table.get("required", [])]
        options.append(table)
    return {"type": "object", "anyOf": options}


def _one_of(kinds: Mapping[str, type], definitions: Schema) -> Schema:
    """Return the schema of a value that is given by name or as a table."""
    for name, kind in kinds.items():
        if name not in definitions:
            definitions[name] = {}
            definitions[name] |= _table(kind, definitions, tagged=True)
            definitions[name]["required"] = ["type", *definitions[name].get("required", [])]
    bare = [name for name, kind in kinds.items() if not needed(kind)]
    return {"anyOf": [{"enum": bare}, *({"$ref": f"#/definitions/{name}"} for name in kinds)]}


def _table(kind: type, definitions: Schema, *, tagged: bool) -> Schema:
    """Return the schema of a value's arguments as a table."""
    help_of = described(kind)
    properties: Schema = {"type": {"const": kind.__name__}} if tagged else {}
    defaults = {field.name: field.default for field in fields(kind)}
    for name, annotation in annotations_of(kind).items():
        if name != "priors":
            item = _argument(name, annotation, definitions, defaults[name])
            properties[name] = item | _said(help_of, name)
    table: Schema = {
        "type": "object",
        "description": cleandoc(kind.__doc__ or "").split("\n", 1)[0],
        "properties": properties,
        "additionalProperties": False,
    }
    if names := needed(kind):
        table["required"] = names
    return table


def _argument(name: str, annotation: Any, definitions: Schema, default: object = MISSING) -> Schema:
    """Return the schema of an argument: values by name or as tables, or plain data."""
    if name in SEVERAL:
        terms = members(name)
        return {"type": "array"} | (
            {"items": _one_of(terms, definitions)} if terms else {"maxItems": 0}
        )
    if name in value_keys():
        return {"type": "string"}
    kinds, item = accepted(name, annotation)
    if kinds and not item:
        return _one_of(kinds, definitions)
    if kinds:
        names, *tables = _one_of(kinds, definitions)["anyOf"]
        item = {"anyOf": [item, *([names] if names["enum"] else []), *tables]}
    if isinstance(default, int | float | str | bool):
        item["default"] = default
    elif isinstance(default, tuple):
        item["default"] = list(default)
    return item


def _said(help_of: Mapping[str, str], name: str) -> Schema:
    """Return the description of an argument in a docstring."""
    return {"description": help_of[name]} if help_of.get(name) else {}


def _check(find: Callable[..., object], definitions: Schema) -> Schema:
    """Return the schema of a check's options as a table."""
    help_of = described(find)
    properties = {
        name: _argument(name, annotation, definitions) | _said(help_of, name)
        for name, annotation in list(annotations_of(find).items())[1:]
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _options_of(name: str, make: Callable[..., object], definitions: Schema) -> Schema:
    """Return the schema of a simulation's arguments, applied if that simulation is named."""
    help_of = described(make)
    properties: Schema = {}
    for option, annotation in annotations_of(make).items():
        spilled = any(kind is Spillover for kind, _ in parts_of(annotation))
        item = _table(Spillover, definitions, tagged=False) if spilled else schema_of(annotation)
        properties[option] = item | _said(help_of, option)
    options = {"type": "object", "properties": properties, "additionalProperties": False}
    return {
        "if": {"properties": {"simulation": {"const": name}}, "required": ["simulation"]},
        "then": {"properties": {"options": options}},
    }
