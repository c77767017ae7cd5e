"""Every check by name: each registers itself where it stands."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Final

from bayes_nqp.checks._result import REGISTERED, Check

__all__ = ["CHECKS"]


class _Checks(Mapping[str, Check]):
    """Checks by name, in the order of reports; those of this room are found by its modules."""

    def __getitem__(self, name: str) -> Check:
        _discover()
        return REGISTERED[name]

    def __iter__(self) -> Iterator[str]:
        _discover()
        return iter(sorted(REGISTERED, key=lambda name: (REGISTERED[name].place, name)))

    def __len__(self) -> int:
        _discover()
        return len(REGISTERED)

    def __repr__(self) -> str:
        return repr(dict(self))


CHECKS: Final = _Checks()
"""Every check by name, in the order of reports."""


@cache
def _discover() -> None:
    """Import the modules of this room, so that their checks register."""
    room = __name__.rpartition(".")[0]
    for module in pkgutil.iter_modules(import_module(room).__path__):
        import_module(f"{room}.{module.name}")
