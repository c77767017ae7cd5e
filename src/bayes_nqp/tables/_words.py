"""What several tables say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bayes_nqp.language import Message, Translator, recalled

_PER: Final = (Message("{} within-unit sd ({}) of {}"), Message("{} of {}", context="per"))
"""For how much of an exposure effects are, as files hold it."""


def per_words(attrs: Mapping[Any, Any], translate: Translator) -> str:
    """Say for how much of an exposure its effects are.

    Parameters
    ----------
    attrs : mapping
        Of the waist: ``exposure`` and ``per``.
    """
    per = str(attrs.get("per", ""))
    return translate(recalled(per, _PER)) if per else translate("unit", context="of an exposure")
