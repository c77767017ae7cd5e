"""Common base of the keys of all tables of a study."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from bayes_nqp._core.texts import LONGEST_NAME, LONGEST_TEXT, cleaned

Words = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(cleaned)]
"""A title, label or unit of measurement: displayed, and never looked up."""
Question = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(cleaned)]
"""Sentences that are displayed."""


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


type Names = Annotated[list[str], BeforeValidator(_listed)]
"""One name, or a list of names."""


class Keys(BaseModel):
    """Keys of a table; unknown keys are refused, and text is not converted to numbers."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )
