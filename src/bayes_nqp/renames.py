"""What earlier versions called otherwise: the new way, in code and in studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["RENAMED", "Rename"]


@dataclass(frozen=True, slots=True)
class Rename:
    """The new way of what a public name was.

    Parameters
    ----------
    code : str
        In Python.
    study : str
        In a study's TOML.
    value : str
        The type that takes the place of a value's, where files hold it.
    fields : frozenset of str
        Its arguments that are still there.
    """

    code: str
    study: str
    value: str
    fields: frozenset[str]


RENAMED: Mapping[str, Rename] = {
    "IMH": Rename(
        code="nqp.Importance(draws=1000, chains=4, seed=1), which needs no tune and no thin",
        study='type = "Importance" without tune and thin, or no [sampler] at all',
        value="Importance",
        fields=frozenset({"draws", "chains", "seed"}),
    )
}
"""By the former name."""
