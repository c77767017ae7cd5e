"""One module decodes the values of studies: the others hand tables to it, or describe them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import bayes_nqp as nqp

PACKAGE = Path(nqp.__file__).parent
DECODER = "studies/_decode.py"
SAVED = "inference/fitting/"
"""Saved fits are decoded too, from what `encode` wrote."""
OF_SCHEMAS = {
    "_arguments.py",
    "_json_schema.py",
    "_parse.py",
    "_space_weights.py",
    "_table_space.py",
}
"""Files in which "type" is a key of JSON schema, or of pydantic's errors."""


def imported(tree: ast.Module, module: str) -> set[str]:
    """Names that a file imports from a module."""
    return {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == module
        for alias in node.names
    }


def files(*words: str) -> dict[str, ast.Module]:
    """Files of the package in which one of the words occurs."""
    texts = {x.relative_to(PACKAGE).as_posix(): x.read_text("utf-8") for x in PACKAGE.rglob("*.py")}
    return {
        name: ast.parse(text) for name, text in texts.items() if any(word in text for word in words)
    }


def test_values_of_studies_are_decoded_in_one_module() -> None:
    decoding = {
        name
        for name, tree in files("model.codec").items()
        if "decode" in imported(tree, "bayes_nqp.model.codec")
    }
    assert {name for name in decoding if not name.startswith(SAVED)} == {DECODER}
    assert set(files("TypeAdapter", ".model_validate(")) == {"studies/_parse.py"}


@pytest.mark.slow
def test_the_type_of_a_table_is_read_in_one_module() -> None:
    studies = {name: tree for name, tree in files('"type"').items() if "studies/" in name}
    reading = {
        name
        for name, tree in studies.items()
        if name.rpartition("/")[2] not in OF_SCHEMAS
        and any(isinstance(x, ast.Constant) and x.value == "type" for x in ast.walk(tree))
    }
    assert reading == {DECODER}
    tags = files("studies._decode")
    writing = {
        name for name, x in tags.items() if "TAG" in imported(x, "bayes_nqp.studies._decode")
    }
    assert writing == {"studies/_record.py"}
