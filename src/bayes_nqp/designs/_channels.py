"""What a design with mediators assumes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bayes_nqp.errors import StudyError, nearest, shown

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What a design with mediators assumes of them.

    Parameters
    ----------
    mediators : tuple of str, optional
        Which of the panel's; all by default.
    lag : int, default 0, periods
        By which mediators come before the outcome.
    interaction : bool, default False
        Whether treatment changes the slopes of mediators.
    joined : bool, default False
        Whether equations are drawn together, since what deviates in one does so in another.
    moderated : tuple of {"a", "b", "direct"}
        Legs that the moderator shifts, where there is one.
    """

    mediators: Sequence[str] | None = None
    lag: int = 0
    interaction: bool = False
    joined: bool = False
    moderated: Sequence[str] = ("a", "direct")

    def names(self, panel: Panel) -> tuple[str, ...]:
        """Mediators of a panel that the design takes.

        Raises
        ------
        StudyError
            If the panel has none, or not those that are named.
        """
        present = panel.roles.mediators
        names = present if self.mediators is None else self.mediators
        if not names:
            raise StudyError(
                "the panel has no mediators", hint="Panel.from_file(..., mediators=['digital'])"
            )
        if self.joined and len(names) > 1:
            raise StudyError(
                f"'vary_by' takes one mediator, and the panel has {len(names)}",
                where=shown(names),
                hint=f"mediators=[{names[0]!r}], and one fit for each of the others",
            )
        for name in names:
            if name not in present:
                raise StudyError(
                    f"'mediators' names {name!r}, which is no mediator of the panel",
                    hint=nearest(name, present) if present else f"Panel(..., mediators=[{name!r}])",
                )
            if name == "outcome":
                raise StudyError(
                    "a mediator is called 'outcome', as the outcome's own equation is",
                    hint="rename the column",
                )
        return tuple(names)
