"""Registration of functions as pages of the studio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import Plugins

if TYPE_CHECKING:
    from bayes_nqp.studio._view import View

type Body = Callable[[], Any]
"""Returns the tags of the page, after every change of the study or the language."""
type Make = Callable[[View], Body]
"""Called once per browser: connects the inputs to actions, and returns the body."""


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Page of the studio.

    Parameters
    ----------
    title : Message
        Title in the list of pages.
    """

    name: str
    title: Message
    make: Make


PAGES: Final = Plugins[Page]("bayes_nqp.studio.pages")
"""All pages by name, in order."""


def page(title: Message, *, place: float = 1000) -> Callable[[Make], Make]:
    """Register a function as a page with the function's name.

    Parameters
    ----------
    title : Message
        Title in the list of pages.
    place : float, default 1000
        Position in the list, in ascending order.

    Returns
    -------
    callable
        Decorator of a function from a `View` to the body.
    """

    def decorate(make: Make) -> Make:
        PAGES.add(make.__name__, Page(make.__name__, title, make), place, make)
        return make

    return decorate
