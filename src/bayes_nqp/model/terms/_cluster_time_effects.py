"""Shocks that units of a cluster share in each period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import Hint, IdentificationError, StudyError
from bayes_nqp._core.i18n import Message, Numeral
from bayes_nqp._core.validation import value
from bayes_nqp.data.panel import unit_column
from bayes_nqp.model.errors import Noise, parameters_of, structures
from bayes_nqp.model.predictors import ProcessPart, TimeEffects
from bayes_nqp.model.priors import StatedScale, plain_scale, scale_prior
from bayes_nqp.model.specification import EquationSpec, Facts, Term, Timing
from bayes_nqp.numerics.parameters import Parameter, Scale, ScalePrior

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.model.priors import Priors


_WORDS: Final = Message(
    "All units of a cluster ({by}) share a shock in each period. Shocks are normal with "
    "mean zero, independent across clusters and periods, and have a separate standard "
    "deviation ({prior}). Intervals of averages over many units of a cluster therefore "
    "allow for their dependence."
)
_LASTING: Final = Message(
    "All units of a cluster ({by}) share a shock in each period. Shocks are normal with "
    "mean zero, independent across clusters, and have a separate standard deviation "
    "({prior}). Shocks persist: within a cluster they have the correlation over time of "
    "{errors}, with separate parameters. Intervals of averages over many units and "
    "periods therefore allow for their dependence."
)


@value("shocks")
class ClusterTimeEffects(Term):
    """Random cluster–time effects: shocks shared by all units of a cluster, such as a province.

    Units of cluster c have ``eta_ct`` in period t in addition to their time effects, independent
    across clusters, ``N(0, sd²)``. The errors of units do not include these shocks: without the
    term, units of a cluster are treated as independent and intervals of averages are too narrow.
    Shocks are independent over periods, or correlated over time if ``errors`` is given.

    Parameters
    ----------
    by : str
        A column that is constant within units: the clusters. A unit without a value in any
        observation is a cluster of one unit, if at most 5 % of units are such.
    scale : float or ScalePrior, default 0.5, multiples of s
        Prior of the standard deviation of shocks; a number is half-normal with that scale.
    errors : Noise, optional
        An error structure whose correlation over time the shocks of a cluster have: ``AR1()`` for
        persistent shocks; independent over periods by default. Its parameters are separate
        (``shocks_rho``), with the priors that the design gives to those of errors.

    Raises
    ------
    StudyError
        If ``by`` is empty, or the scale is not a positive number.

    References
    ----------
    Bertrand, M., Duflo, E. and Mullainathan, S. (2004). How much should we trust
    differences-in-differences estimates? Quarterly Journal of Economics 119(1).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> shocks = nqp.ClusterTimeEffects("province")
    >>> design = nqp.StaggeredDiD(shocks=shocks)
    >>> shocks.scale
    0.5
    >>> nqp.ClusterTimeEffects("province", errors=nqp.AR1())  # persistent shocks
    ClusterTimeEffects(by='province', scale=0.5, errors=AR1())
    """

    by: str
    scale: StatedScale = 0.5
    errors: Noise | None = None

    role = "shocks"

    def __post_init__(self) -> None:
        if not self.by:
            raise StudyError(f"'by' is {self.by!r}", hint="a column, such as by='province'")
        scale = plain_scale(self.scale)
        if not isinstance(scale, ScalePrior):
            scale = float(scale)
            if scale <= 0:
                raise StudyError(
                    f"'scale' is {self.scale!r}", hint="a positive number of s, such as 0.5"
                )
        object.__setattr__(self, "scale", scale)

    @property
    def shared_by(self) -> str:
        """The column of clusters."""
        return self.by

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Describe the clusters, the persistence of shocks, and their prior."""
        prior = scale_prior(self.scale)
        phrase = prior.over(Message("{}s", Numeral(f"{prior.scale:g}")))
        if self.errors is None or not self.errors.correlated:
            return _WORDS.fill(by=self.by, prior=phrase)
        return _LASTING.fill(by=self.by, prior=phrase, errors=self.errors.phrase())

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """The shock of a cluster in a period."""
        meaning = Message("shocks shared by all units of one {}", self.by)
        if self.errors is not None and self.errors.correlated:
            meaning = Message(
                "shocks shared by all units of one {}, with {}", self.by, self.errors.phrase()
            )
        return "η_{ct}", {"η_{ct}": meaning}

    def parameters(self, n_periods: int, priors: Priors) -> tuple[Parameter, ...]:
        """Parameters of the correlation of shocks over time, such as ``shocks_rho``."""
        if self.errors is None:
            return ()
        return tuple(
            replace(
                x, name=f"{self.role}_{x.name}",
                meaning=Message("{} (shocks by {})", x.meaning or repr(x.name), self.by),
            )
            for x in parameters_of(self.errors, n_periods, priors)
        )  # fmt: skip

    def equation(
        self, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
    ) -> EquationSpec:
        """Add the shocks that units of a cluster share, ``eta_c ~ N(0, tau² R)``.

        A unit without a cluster is a cluster of one unit.

        Raises
        ------
        StudyError
            If the panel does not have the column.
        PanelError
            If the column is missing or changes within a unit.
        IdentificationError
            If all units are in one cluster, if each unit is a cluster, or if time effects absorb
            the shocks.
        """
        cluster, labels = unit_column(panel, self.by, "shocks", alone=True)
        if labels.size < 2:
            raise IdentificationError(
                Message("shocks of a single cluster are the time effects of all units"),
                where=str(labels[0]),
                hint="a column with several clusters, or shocks=None",
            )
        self._check_clusters(cluster, facts, panel)
        scale = Scale(self.role, scale_prior(self.scale))
        part = ProcessPart(self.role, cluster, (np.eye(panel.periods),), (scale,))
        errors = self.errors
        if errors is not None and not errors.independent(panel.periods, equation.priors):
            parameters = self.parameters(panel.periods, equation.priors)
            part = replace(part, errors=errors, parameters=parameters)
        return replace(equation, processes=(*equation.processes, part))

    def _check_clusters(self, cluster: Index, facts: Facts, panel: Panel) -> None:
        """Require clusters of several units whose shocks time effects do not absorb."""
        if np.unique(cluster).size == panel.unit_labels.size:
            raise IdentificationError(
                Message(
                    "'shocks' are by {!r}, but each of its {} clusters is a single unit, "
                    "whose errors already include its shocks",
                    self.by,
                    panel.unit_labels.size,
                ),
                hint=_above(),
            )
        levels = [panel.strata_codes[name] for name in facts.time_strata(panel)]
        level = np.stack([*levels, np.zeros_like(cluster)], axis=1)
        pairs = np.unique(np.column_stack([level, cluster]), axis=0)
        pooled = facts.time is not None and facts.time.pooled
        if not pooled and len(pairs) == len(np.unique(level, axis=0)):
            raise IdentificationError(
                Message(
                    "'shocks' are by {!r}, but all units that share time effects belong "
                    "to one cluster, so that time effects absorb the shocks",
                    self.by,
                ),
                hint=Message("{}, or {}", Hint("shocks", None), Hint("time", TimeEffects())),
            )


def _above() -> Message:
    """Name the columns above the unit that the panel has, for use in place of single units."""
    above = Message("shocks by a column above units")
    for errors in structures("AR1PlusNoise"):
        return Message(
            "{} for a transitory and a persistent component; or {}", Hint("errors", errors), above
        )
    return above
