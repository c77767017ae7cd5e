"""Registration of methods of matching."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import Plugins
from bayes_nqp._core.validation import door

type Weigh = Callable[..., Array]
"""From a `Pool`, and options by keyword, to weights (item)."""


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """Registered method of matching.

    The function returns weights (item) of a `Pool`: one for treated units that are kept, and zero
    for units that are dropped. Weights of controls sum to the number of treated units kept. The
    label is the name in tables.
    """

    label: Message
    weigh: Weigh


METHODS: Final = Plugins[Method]("bayes_nqp.data.matching", "_method_")
"""Every method by name."""


def matching[F: Callable[..., Any]](label: Message, place: float = 1000) -> Callable[[F], F]:
    """Register a function as a method of matching with the name of the function."""

    def decorate(function: F) -> F:
        weigh = door(function)
        METHODS.add(function.__name__, Method(label, weigh), place, function)
        return weigh

    return decorate
