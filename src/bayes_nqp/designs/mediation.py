"""Mediation in a staggered design: through which channels a policy works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from bayes_nqp.designs._columns import within
from bayes_nqp.designs._complete_cases import complete_cases
from bayes_nqp.designs._equation import Ground, equation_of
from bayes_nqp.designs._facts import ChannelFacts, Facts
from bayes_nqp.designs._moderation import moderated_slope
from bayes_nqp.designs._moved import Moved
from bayes_nqp.designs._plan import Equation, Plan
from bayes_nqp.designs._single import replaced
from bayes_nqp.designs.continuous_exposure import ContinuousExposure
from bayes_nqp.designs.staggered_did import StaggeredDiD
from bayes_nqp.doors import door
from bayes_nqp.errors import IdentificationError, StudyError
from bayes_nqp.language import Message
from bayes_nqp.registry import register
from bayes_nqp.terms import Slope

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel

__all__ = ["Mediation"]

Array = npt.NDArray[np.float64]

_LEGS = ("a", "b", "direct")


@register("design")
@door
@dataclass(frozen=True, slots=True)
class Mediation(Moved):
    """Direct and indirect effects of a policy that reaches units at different times.

    Every mediator has an equation like the outcome's own design, with the same cells, time
    effects and pooling; the outcome's equation adds the mediators, each with a slope that
    varies by stratum::

        M_j = alpha_i + lambda_t + x'gamma + a_j,cell + u_j,i [treated] + error
        y   = alpha_i + lambda_t + x'beta + tau_cell + sum_j b_j,stratum M_j + u_i [treated] + error

    The indirect effect via a mediator is ``a_j,cell b_j,stratum`` and the direct effect
    ``tau_cell``; they add up to the total effect, draw by draw. All equations use the rows in
    which every mediator is observed. They are causal under sequential ignorability: no
    unmeasured cause of both a mediator and the outcome within units over time; `check` asks
    how strong one would have to be. With several mediators their sum is the joint indirect
    effect; a single one is "entering the outcome last through this mediator", and causal by
    itself only if mediators do not affect one another.

    Parameters
    ----------
    design : StaggeredDiD or ContinuousExposure
        Of the outcome without mediators, and of every mediator. With a continuous exposure all
        effects are per ``per`` units of it: ``a_j`` is the slope of a mediator, and the direct
        effect that of the outcome, mediators held fixed; without `interaction`, `lag` and
        `vary_by`.
    mediators : sequence of str, optional
        Which of the panel's; all by default.
    interaction : bool, default False
        Whether treatment also changes the slopes of mediators.
    lag : int, default 0
        Periods by which mediators come before the outcome. It orders cause and effect in time,
        and can bring in confounders that treatment has moved meanwhile.
    vary_by : {"unit"}, optional
        Whether the effect on the mediator and its slope vary by unit, with a correlation: then
        units whose mediator responds more may also gain more from it, and the indirect effect
        is the mean of their products, ``E[a] E[b] + cov(a, b)``. Both equations are then sampled
        jointly, for one mediator, without `interaction` and `lag`.
    moderates : sequence of {"a", "b", "direct"}, default ("a", "direct")
        What the design's ``moderator`` shifts, where it has one: effects on mediators, slopes
        of mediators in the outcome, the direct effect. "b" adds ``m_j,stratum (Z − centre) M_j``
        to the outcome's equation, and the indirect effect in a cell is the mean over its rows
        of the product of both legs, each at the row's own Z. Z must then be there in all rows;
        if it varies over time, enter it as a covariate too.

    Raises
    ------
    StudyError
        If an argument is not one of those above.

    References
    ----------
    Imai, K., Keele, L. and Yamamoto, T. (2010). Identification, inference and sensitivity
    analysis for causal mediation effects. Statistical Science 25(1). VanderWeele, T. (2015).
    Explanation in Causal Inference. Oxford University Press. Edwards, J. and Lambert, L. (2007).
    Methods for integrating moderation and mediation. Psychological Methods 12(1).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.Mediation(nqp.StaggeredDiD(), ["digital"]).mediators
    ('digital',)
    """

    design: StaggeredDiD | ContinuousExposure = field(default_factory=StaggeredDiD)
    mediators: tuple[str, ...] | None = None
    interaction: bool = False
    lag: int = 0
    vary_by: Literal["unit"] | None = None
    moderates: tuple[str, ...] = ("a", "direct")

    def __post_init__(self) -> None:
        if not isinstance(self.design, StaggeredDiD | ContinuousExposure):
            raise StudyError(
                f"'design' is {self.design!r}", hint="nqp.Mediation(nqp.StaggeredDiD(...))"
            )
        if not self.design.facts.compresses:
            raise StudyError(
                f"'design.likelihood' is {self.design.facts.likelihood!r}, which does not compress",
                hint="nqp.Gaussian() for channels",
            )
        if self.mediators is not None:
            given: str | Sequence[str] = self.mediators
            names = (given,) if isinstance(given, str) else tuple(given)
            if not names or len(set(names)) < len(names):
                raise StudyError(f"'mediators' is {names!r}", hint="one name or several, each once")
            object.__setattr__(self, "mediators", names)
        if type(self.interaction) is not bool:
            raise StudyError(f"'interaction' is {self.interaction!r}", hint="True or False")
        if type(self.lag) is not int or self.lag < 0:
            raise StudyError(f"'lag' is {self.lag!r}", hint="a whole number of periods, 0 or more")
        if isinstance(self.design, ContinuousExposure):
            self._check_exposure()
        if self.vary_by is not None:
            self._check_vary_by()
        self._check_moderates()

    def _check_exposure(self) -> None:
        reasons = {
            "interaction": "the slope of a mediator would differ by every dose",
            "lag": "effects are those of this period's exposure",
            "vary_by": "both legs' deviations are joined for a treatment alone",
        }
        for name, reason in reasons.items():
            if getattr(self, name):
                raise StudyError(
                    f"'{name}' does not go with a continuous exposure: {reason}",
                    hint=f"leave out {name!r}; or a StaggeredDiD of a treatment",
                )

    def _check_moderates(self) -> None:
        given: str | Sequence[str] = self.moderates
        paths = (given,) if isinstance(given, str) else tuple(given)
        if not paths or set(paths) - set(_LEGS):
            raise StudyError(
                f"'moderates' is {self.moderates!r}",
                hint="one or several of 'a', 'b' and 'direct'; no moderation is a design "
                "without 'moderator'",
            )
        object.__setattr__(self, "moderates", tuple(one for one in _LEGS if one in paths))
        if self.moderates != ("a", "direct") and self.design.moderator is None:
            raise StudyError(
                f"'moderates' is {self.moderates!r}, but the design has no moderator",
                hint="nqp.Mediation(nqp.StaggeredDiD(moderator='digital_finance'), moderates=...)",
            )
        if "b" in self.moderates and self.lag:
            raise StudyError(
                "'moderates' with 'b' does not go with a lag",
                hint="lag=0, or moderates=('a', 'direct')",
            )

    def _check_vary_by(self) -> None:
        if self.vary_by != "unit":
            raise StudyError(f"'vary_by' is {self.vary_by!r}", hint="'unit', or None")
        if self.facts.varying != "unit":
            raise StudyError(
                "'vary_by' is 'unit', but the design's effects do not vary by unit",
                hint="nqp.StaggeredDiD(nqp.Partial(..., varying='unit'))",
            )
        if self.mediators is not None and len(self.mediators) > 1:
            raise StudyError(
                f"'vary_by' takes one mediator, and 'mediators' has {len(self.mediators)}",
                hint="one fit for each mediator",
            )
        if self.interaction or self.lag:
            raise StudyError(
                "'vary_by' goes with neither 'interaction' nor 'lag'",
                hint="leave them out, or vary_by=None",
            )
        if self.design.moderator is not None:
            raise StudyError(
                "'vary_by' does not go with a moderator", hint="leave one of the two out"
            )

    @property
    def facts(self) -> Facts:
        """What the design can do and what it assumes."""
        channels = ChannelFacts(
            self.mediators, self.lag, self.interaction, self.vary_by is not None, self.moderates
        )
        return replace(self.design.facts, channels=channels)

    @property
    def outcome_design(self) -> StaggeredDiD | ContinuousExposure:
        """The design of the outcome without mediators."""
        return self.design

    def variant(self, changes: Mapping[str, object]) -> Mediation:
        """State the channels with other arguments, or with others of the outcome's design.

        Raises
        ------
        StudyError
            If neither has such an argument.
        """
        names = {item.name for item in fields(self)}
        inner = {name: value for name, value in changes.items() if name not in names}
        own = {name: value for name, value in changes.items() if name in names}
        if inner:
            own["design"] = self.design.variant(inner)
        return replaced(self, own)

    def replace(self, **changes: object) -> Mediation:
        """Return the same design with other arguments.

        Parameters
        ----------
        **changes
            Arguments of the design.
        """
        return replaced(self, changes)

    def rows(self, panel: Panel) -> Panel:
        """Keep the rows that all equations use: those in which every mediator is observed.

        Raises
        ------
        PanelError
            If a mediator is missing in every treated row of a cohort.
        """
        return complete_cases(panel, self.facts.mediators(panel), self.lag)[0]

    def plan(self, panel: Panel, *, scale: float | None = None) -> Plan:
        """State the model of a panel: the outcome's equation, then one for each mediator.

        Parameters
        ----------
        scale : float, optional, outcome units
            ``s`` of the outcome, held at this value.

        Returns
        -------
        Plan
            Of the rows that `rows` keeps.

        Raises
        ------
        IdentificationError
            If the panel cannot identify what the design asks for.
        """
        names = self.facts.mediators(panel)
        panel, values, notes = complete_cases(panel, names, self.lag)
        ground = self.design.ground(panel)
        slopes = [
            one for k, name in enumerate(names) for one in self._slopes(ground, name, values[:, k])
        ]
        if ground.moderator is not None and "b" in self.moderates:
            slopes += [
                moderated_slope(
                    ground.moderator, name, values[:, k], panel, ground.frame, ground.kept
                )
                for k, name in enumerate(names)
            ]
        outcome = equation_of(
            self.design, panel, ground, "outcome", panel.outcome, scale=scale, slopes=slopes,
            moderated="direct" in self.moderates,
        )  # fmt: skip
        mediators = [self._mediator(panel, ground, name) for name in names]
        info = replace(ground.info, mediators=_levels(ground, names, values))
        ground = replace(ground, info=info, notes=(*notes, *ground.notes))
        return ground.plan((outcome, *mediators))

    def _mediator(self, panel: Panel, ground: Ground, name: str) -> Equation:
        column = panel.mediators[:, panel.roles.mediators.index(name)]
        try:
            return equation_of(
                self.design, panel, ground, name, column, moderated="a" in self.moderates
            )
        except IdentificationError as error:
            raise IdentificationError(
                Message(
                    "the mediator {!r} cannot be explained by this design: {}", name, error.what
                ),
                where=error.where,
                hint=f"{error.hint}; a mediator must vary over time within untreated units, and "
                "not be the treatment itself",
            ) from None

    def _slopes(self, ground: Ground, name: str, values: Array) -> list[tuple[Slope, Array]]:
        """The column of a mediator, and that of its interaction with treatment."""
        unit, kept = ground.frame.unit, ground.kept
        column, size = within(unit[kept], values[kept], ground.frame.n_units)
        full = np.zeros(values.size)
        full[kept] = column
        found = [(Slope(name, "b", size, lag=self.lag), full)]
        if self.interaction:
            centre = float(values[kept].mean())
            product = (values - centre) * ground.frame.treated / size
            found.append((Slope(name, "d", size, centre, self.lag), product))
        return found


def _levels(ground: Ground, names: Sequence[str], values: Array) -> dict[str, Array]:
    """Mean of every mediator in the rows of each cell."""
    rows = np.flatnonzero(ground.cell_of_row >= 0)
    cell = ground.cell_of_row[rows]
    count = np.maximum(np.bincount(cell, minlength=ground.table.size), 1)
    return {
        name: np.bincount(cell, values[rows, k], minlength=ground.table.size) / count
        for k, name in enumerate(names)
    }
