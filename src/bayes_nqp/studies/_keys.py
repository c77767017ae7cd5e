"""What keys of every table of a study have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

__all__ = ["Keys", "Names"]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


type Names = Annotated[list[str], BeforeValidator(_listed)]
"""One name, or several."""


class Keys(BaseModel):
    """Keys of a table: none but those named, no number taken from text."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )
