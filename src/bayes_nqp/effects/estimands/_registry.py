"""Registry of estimands, which are available by name in studies and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from inspect import signature
from typing import Any, Final

import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import NQPError, StudyError, nearest
from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp._core.plugins import Plugins
from bayes_nqp._core.types import By
from bayes_nqp.effects.estimands._effects_of import effects_of


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """A property of effects that an estimand requires.

    Parameters
    ----------
    met : callable
        Function that returns True if a fit, or a Dataset of group-time effects, has the property.
    reason : Message
        Reason reported if the property is missing.
    """

    met: Callable[[Any], bool]
    reason: Message


@dataclass(frozen=True, slots=True, eq=False)
class Estimand:
    """A registered estimand.

    Parameters
    ----------
    title : Message
        Title in tables.
    compute : callable
        Function from a fit or effects to draws; ``by`` and ``weights`` are passed if it accepts
        them.
    unit : Message
        Unit of its values; empty if it is the unit of the outcome.
    needs : tuple of Offer
        Required properties of the effects.
    """

    name: str
    title: Message
    compute: Callable[..., xr.DataArray]
    unit: Message = NOTHING
    needs: tuple[Offer, ...] = ()

    def lack(self, fit_or_effects: object) -> Message:
        """Return the reason of the first missing requirement; empty if none is missing."""
        return next((x.reason for x in self.needs if not x.met(fit_or_effects)), NOTHING)

    def __call__(
        self, fit_or_effects: object, by: By = None, weights: str = "rows"
    ) -> xr.DataArray:
        """Compute the estimand draw by draw.

        Parameters
        ----------
        by : str, sequence of str or mapping, optional
            Grouping variables, as in `att`, if this estimand has groups.
        weights : str, default "rows"
            See `att`, if this estimand has weights.

        Returns
        -------
        DataArray (chain, draw, ...)
            Draws in the unit of the estimand.

        Raises
        ------
        StudyError
            If a requirement is missing, or the function raises it.
        """
        if lack := self.lack(fit_or_effects):
            raise StudyError(lack, hint="another estimand, or another design")
        taken = signature(self.compute).parameters
        options: dict[str, Any] = {"by": by, "weights": weights}
        return self.compute(fit_or_effects, **{k: x for k, x in options.items() if k in taken})


ESTIMANDS: Final = Plugins[Estimand]("bayes_nqp.effects.estimands")
"""Every estimand by name, in the order of tables."""


def estimand[F: Callable[..., xr.DataArray]](
    title: Message, *, unit: Message = NOTHING, place: float = 1000, needs: tuple[Offer, ...] = ()
) -> Callable[[F], F]:
    """Register a function as an estimand with the name of the function.

    Parameters
    ----------
    title : Message
        Title in tables.
    unit : Message, optional
        Unit of its values, if it is not the unit of the outcome.
    place : float, default 1000
        Position among all estimands, in increasing order.
    needs : tuple of Offer, default ()
        Required properties of the effects.

    Returns
    -------
    callable
        A decorator of a function from a fit or effects, with optional arguments ``by`` and
        ``weights``, to draws (chain, draw, ...). Each draw of the result must depend on the same
        draw only. The function is returned unchanged. An estimand replaces an earlier one of the
        same name and package.
    """

    def decorate(compute: F) -> F:
        name = compute.__name__
        ESTIMANDS.add(name, Estimand(name, title, compute, unit, needs), place, compute)
        return compute

    return decorate


def estimands_named(names: Iterable[str]) -> tuple[Estimand, ...]:
    """Return estimands by their names.

    Raises
    ------
    StudyError
        If a name is unknown.
    """
    names = tuple(names)
    for name in names:
        if name not in ESTIMANDS:
            raise StudyError(
                Message("'{}' contains {!r}, which is not an estimand", "estimands", name),
                hint=nearest(str(name), ESTIMANDS),
            )
    return tuple(ESTIMANDS[name] for name in names)


def computed(
    source: object, names: Iterable[str] | None, by: By, weights: str
) -> Iterator[tuple[Estimand, xr.DataArray | Message]]:
    """Compute estimands of a fit or effects, with a reason for those not available.

    Parameters
    ----------
    names : iterable of str or None
        Names of estimands; None for all available ones.

    Raises
    ------
    StudyError
        If a name is unknown.
    """
    every = ESTIMANDS.values() if names is None else estimands_named(names)
    for each in every:
        lack = each.lack(source)
        if by and "by" not in signature(each.compute).parameters:
            lack = lack or Message(
                "this estimand is not available by group; see the table of the whole sample"
            )
        if lack and names is None:
            continue
        try:
            yield each, lack or each(source, by, weights)
        except NQPError as error:
            yield each, Message("{}", error.what)


def _moderated(fit_or_effects: object) -> bool:
    if isinstance(fit_or_effects, xr.Dataset):
        return v.MODERATION in fit_or_effects
    return getattr(getattr(fit_or_effects, "facts", None), "moderator", None) is not None


EVENT_TIMES: Final[Offer] = Offer(
    lambda x: schema.is_timed(effects_of(x)),
    Message("a continuous exposure has no adoption date, so event time is not defined"),
)
"""A treatment with adoption dates."""

MEDIATORS: Final[Offer] = Offer(
    lambda x: v.INDIRECT in schema.path_roles(effects_of(x)).values(),
    Message("the fitted model has no mediators"),
)
"""Mediators with separate equations."""

MODERATOR: Final[Offer] = Offer(_moderated, Message("the design has no moderator"))
"""A moderator of effects."""

OUTCOMES: Final[Offer] = Offer(
    lambda x: v.OBSERVED in effects_of(x),
    Message("these effects do not contain the observed outcome"),
)
"""The mean observed outcome of every cell."""

OWN_SCALE: Final[Offer] = Offer(
    lambda x: schema.link_of(effects_of(x)) == v.IDENTITY or v.UNTREATED in effects_of(x),
    Message("effects are on the scale of the link function, not of the outcome"),
)
"""Effects in units of the outcome, or the outcome without the policy."""

SPILLOVERS: Final[Offer] = Offer(
    lambda x: v.RECEIVED in effects_of(x)[v.PATH],
    Message("these effects do not include spillovers"),
)
"""A path of spillover effects."""
