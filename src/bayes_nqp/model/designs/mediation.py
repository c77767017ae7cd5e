"""Mediation in a staggered design: through which channels a policy works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, fields, replace
from typing import TYPE_CHECKING, Final, Literal, Self

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Natural
from bayes_nqp._core.validation import value
from bayes_nqp.data.spatial_weights import SpatialWeights
from bayes_nqp.model.designs._design import Design, SingleEquation, units_left_out
from bayes_nqp.model.designs._links import check_rows
from bayes_nqp.model.designs._model import ModelSpec
from bayes_nqp.model.designs.staggered_did import StaggeredDiD
from bayes_nqp.model.pooling import PartialPooling
from bayes_nqp.model.predictors import Linked, linked_name
from bayes_nqp.model.specification import (
    SEVERAL,
    ChannelFacts,
    Facts,
    MediatorSpec,
    complete_cases,
)

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


_WITHOUT_GAPS: Final = Message(
    "nqp.StaggeredDiD() for channels; or a mediator as the outcome of the triple difference: "
    "panel.with_outcome('mediator')"
)
_WITHOUT_LAG = (
    "spillovers=nqp.SpatialLag(weights, lag=False), nqp.Rings([100, 200]) or "
    "nqp.ShareTreated(weights), under which outcomes do not feed back"
)
_PATHS = ("a", "b", "direct")


@value("design")
class Mediation(Design):
    """Direct and indirect effects of a policy that is adopted at different times.

    Every mediator has an equation of the same form as the outcome's design, with the same cells,
    time effects and pooling; the outcome's equation adds the mediators, each with a slope that
    varies by stratum::

        M_j = alpha_i + lambda_t + x'gamma + a_j,cell + u_j,i [treated] + error
        y   = alpha_i + lambda_t + x'beta + tau_cell + sum_j b_j,stratum M_j + u_i [treated] + error

    The indirect effect through a mediator is ``a_j,cell b_j,stratum``, and the direct effect is
    ``tau_cell``; their sum is the total effect in every draw. All equations use the observations in
    which every mediator is observed. Effects are causal under sequential ignorability: there is no
    unmeasured cause of both a mediator and the outcome within units over time.
    ``check(fit, "mediation_sensitivity")`` computes how strong such a cause would have to be. With
    several mediators their sum is the joint indirect effect. The indirect effect through a single
    mediator is causal only if mediators do not affect one another.

    Mediation can include spillovers: with ``spillovers`` of the design every equation includes the
    treatment of neighbours, and with `links` the outcome's equation includes the mediators of
    neighbours, ``sum_j c_j W M_j``. Effects are then separated by the treated unit and by the unit
    of the mediator: `nqp.att` with ``path="received"`` is the total spillover effect, and
    `nqp.paths_in_space` decomposes it.

    Parameters
    ----------
    design : StaggeredDiD or ContinuousExposure
        Design of the outcome without mediators, and of every mediator. With a continuous exposure
        all effects are per ``per`` units of it: ``a_j`` is the slope of a mediator, and the direct
        effect that of the outcome, given the mediators; without `interaction` and `lag`.
    mediators : sequence of str, optional
        Names of mediators; all of the panel's by default.
    interaction : bool, default False
        If True, treatment also changes the slopes of mediators.
    lag : int, default 0
        Lag of mediators relative to the outcome, in periods. It orders cause and effect in time,
        and can introduce confounders that treatment has changed meanwhile.
    vary_by : {"unit"}, optional
        If "unit", the effect on the mediator and its slope vary by unit with a correlation. Units
        whose mediator responds more may also gain more from it, and the indirect effect is the mean
        of products, ``E[a] E[b] + cov(a, b)``. Both equations are then sampled jointly, for one
        mediator, without `interaction` and `lag`.
    moderates : sequence of {"a", "b", "direct"}, default ("a", "direct")
        Paths that the design's ``moderator`` shifts: effects on mediators, slopes of mediators in
        the outcome, the direct effect. "b" adds ``m_j,stratum (Z − centre) M_j`` to the outcome's
        equation, and the indirect effect in a cell is the mean over its observations of the product
        of both paths, each at the observation's Z. Z must then be observed in all observations; if
        it varies over time, enter it as a covariate too.
    links : SpatialWeights, optional
        W, by which mediators of neighbours enter the outcome's equation, each with a flat slope
        that all strata share; none by default. Every observation requires those of its neighbours.

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

    design: SingleEquation = field(default_factory=StaggeredDiD)
    mediators: str | Sequence[str] | None = None
    interaction: bool = False
    lag: Natural = 0
    vary_by: Literal["unit"] | None = None
    moderates: str | Sequence[str] = ("a", "direct")
    links: SpatialWeights | None = None

    def __post_init__(self) -> None:
        if not self.design.facts.exact:
            name, value, hint = self.design.facts.inexact
            raise StudyError(
                f"'design.{name}' is {value!r}, which does not compress",
                hint=Message("{} for channels", hint),
            )
        self._check_terms()
        if self.mediators is not None:
            listed: str | Sequence[str] = self.mediators
            names = (listed,) if isinstance(listed, str) else tuple(listed)
            if not names or len(set(names)) < len(names):
                raise StudyError(f"'mediators' is {names!r}", hint="one name or several, each once")
            object.__setattr__(self, "mediators", names)
        if not self.design.facts.adopted:
            self._check_exposure()
        if self.vary_by is not None:
            self._check_vary_by()
        self._check_moderates()
        if self.facts.reach != "none":
            self._check_space()

    def _check_terms(self) -> None:
        terms = self.design.facts.terms
        barred = [term.argument for term in terms if not term.with_channels]
        barred += ["spillovers"] if self.design.facts.spillovers != "none" else []
        for name in barred:
            remedies = {"spillovers": _WITHOUT_LAG, "eligible": _WITHOUT_GAPS}
            alone = Message("{} for channels", Hint(name, () if name in SEVERAL else None))
            raise StudyError(
                Message("mediation cannot be combined with the current 'design.{}'", name),
                hint=remedies.get(name, alone),
            )

    def _check_space(self) -> None:
        """Refuse arguments that cannot be combined with mediators of neighbours.

        Raises
        ------
        StudyError
            If there is such an argument.
        """
        reasons = {
            "lag": (self.lag, Message("units receive in the period in which others are treated")),
            "vary_by": (
                self.vary_by,
                Message("paths a and b that vary by unit have spillovers that differ by unit"),
            ),
            "moderates": (
                "b" in self.moderates and self.design.facts.moderator is not None,
                Message("slopes of linked units' mediators are not moderated"),
            ),
        }
        for name, (stated, reason) in reasons.items():
            if stated:
                raise StudyError(
                    Message(
                        "'{}' cannot be combined with mediators of neighbours: {}", name, reason
                    ),
                    hint=Message("leave out {!r}; or neither 'links' nor 'spillovers'", name),
                )

    def _check_exposure(self) -> None:
        reasons = {
            "interaction": "the slope of a mediator would differ by every dose",
            "lag": "effects are those of this period's exposure",
        }
        for name, reason in reasons.items():
            if getattr(self, name):
                raise StudyError(
                    f"'{name}' cannot be combined with a continuous exposure: {reason}",
                    hint=f"leave out {name!r}; or a StaggeredDiD of a treatment",
                )

    def _check_moderates(self) -> None:
        named: str | Sequence[str] = self.moderates
        paths = (named,) if isinstance(named, str) else tuple(named)
        if not paths or set(paths) - set(_PATHS):
            raise StudyError(
                f"'moderates' is {self.moderates!r}",
                hint="one or several of 'a', 'b' and 'direct'; no moderation is a design "
                "without 'moderator'",
            )
        object.__setattr__(self, "moderates", tuple(path for path in _PATHS if path in paths))
        if self.moderates != ("a", "direct") and self.design.facts.moderator is None:
            raise StudyError(
                f"'moderates' is {self.moderates!r}, but the design has no moderator",
                hint="nqp.Mediation(nqp.StaggeredDiD(moderator='digital_finance'), moderates=...)",
            )
        if "b" in self.moderates and self.lag:
            raise StudyError(
                "'moderates' with 'b' cannot be combined with a lag",
                hint="lag=0, or moderates=('a', 'direct')",
            )

    def _check_vary_by(self) -> None:
        if self.facts.varying != "unit":
            raise StudyError(
                "'vary_by' is 'unit', but the design's effects do not vary by unit",
                hint=Hint("effect", PartialPooling(varying="unit")),
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
        if self.design.facts.moderator is not None:
            raise StudyError(
                "'vary_by' cannot be combined with a moderator", hint="leave one of the two out"
            )

    @property
    def facts(self) -> Facts:
        """Return the capabilities and assumptions of the design."""
        channels = ChannelFacts(
            self.mediators,
            self.lag,
            self.interaction,
            self.vary_by is not None,
            self.moderates,
            self.links,
        )
        return replace(self.design.facts, channels=channels)

    @property
    def outcome_design(self) -> SingleEquation:
        """The design of the outcome without mediators."""
        return self.design

    @property
    def arguments(self) -> frozenset[str]:
        """Names that `variant` takes: its own, and those of the outcome's design."""
        return frozenset(item.name for item in fields(self)) | self.design.arguments

    def variant(self, changes: Mapping[str, object]) -> Self:
        """State the channels with other arguments, or with others of the outcome's design.

        Raises
        ------
        StudyError
            If neither has such an argument.
        """
        names = {item.name for item in fields(self)}
        inner = {name: value for name, value in changes.items() if name not in names}
        outer = {name: value for name, value in changes.items() if name in names}
        if inner:
            outer["design"] = self.design.variant(inner)
        return self.replace(**outer)

    def rows(self, panel: Panel) -> Panel:
        """Keep the rows that all equations use: those in which every mediator is observed.

        Raises
        ------
        PanelError
            If a mediator is missing in every treated row of a cohort.
        """
        return self._complete(panel, self.facts.mediators(panel))[0]

    def _complete(self, panel: Panel, names: Sequence[str]) -> tuple[Panel, Array, tuple[str, ...]]:
        """Return observations with every mediator, and columns of the outcome's equation."""
        panel, values, notes = complete_cases(panel, names, self.lag)
        rows = self.design.rows(panel)
        if rows.n_rows < panel.n_rows:
            notes = (*notes, *units_left_out(panel, rows))
            panel, values, _ = complete_cases(rows, names, self.lag)
        return panel, values, notes

    def spec(self, panel: Panel) -> ModelSpec:
        """Return the model of a panel: the outcome's equation, then one for each mediator.

        Returns
        -------
        ModelSpec
            For the observations that `rows` keeps.

        Raises
        ------
        PanelError
            If a mediator is missing in every treated observation of a cohort.
        StudyError
            If the panel does not have a column that the design names.
        """
        names = self.facts.mediators(panel)
        panel, values, notes = self._complete(panel, names)
        for argument in ("lag", "interaction", "links") if panel.ends else ():
            if getattr(self, argument):
                raise StudyError(
                    Message("'{}' cannot be combined with treatments that end", argument),
                    hint=Message("leave out {!r}", argument),
                )
        model, moderates = self.design.spec(panel), self.moderates
        (outcome,) = model.equations
        slopes = tuple(
            MediatorSpec(name, values[:, k], self.lag, self.interaction, "b" in moderates)
            for k, name in enumerate(names)
        )
        outcome = replace(
            outcome, mediators=slopes, moderated="direct" in moderates,
            columns={**outcome.columns, **self._of_linked(panel, names, values)},
        )  # fmt: skip
        equations = [outcome]
        for name in names:
            plain = replace(self.design.facts.equation(panel, name), moderated="a" in moderates)
            equations.append(self.design.facts.with_terms(plain, model.timing, panel))
        return replace(
            model, facts=self.facts, equations=tuple(equations), notes=(*notes, *model.notes)
        )

    def _of_linked(self, panel: Panel, names: Sequence[str], values: Array) -> dict[str, Array]:
        """Mediators of linked units (row) by the name of their slope.

        Raises
        ------
        PanelError
            If linked units are not seen in a period, or are not among those of the weights.
        """
        if self.links is None:
            return {}
        linked = Linked(self.links.aligned(panel.unit_labels).matrix, panel)
        check_rows(linked, panel, names[0])
        return {linked_name(name): linked(x) for name, x in zip(names, values.T, strict=True)}
