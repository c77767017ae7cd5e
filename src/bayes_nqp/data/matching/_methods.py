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

    Parameters
    ----------
    label : Message
        Name of the method in tables.
    weigh : callable
        Function from a `Pool` and options to weights (item): one for treated units that are kept,
        zero for units that are dropped; the weights of controls sum to the number of treated units
        that are kept.
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
