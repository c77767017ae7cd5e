"""What files of version 0.1 hold, as this version writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bayes_nqp.renames import RENAMED


def migrated(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put what took its place where a value has the type of an earlier version.

    Parameters
    ----------
    value : mapping
        A value as files hold it, with its "type" and its arguments.

    Returns
    -------
    mapping
        Arguments that are gone are left out: what a sampler did is in its draws.
    """
    rename = RENAMED.get(str(value.get("type")))
    if rename is None:
        return value
    return {"type": rename.value} | {k: x for k, x in value.items() if k in rename.fields}
