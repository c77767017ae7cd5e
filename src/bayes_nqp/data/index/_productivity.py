"""How an index is made from indicators."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.data.index._compute import WeightProblem, normalised
from bayes_nqp.data.index._index import Index
from bayes_nqp.data.index._read import read
from bayes_nqp.data.index._recipe import Recipe
from bayes_nqp.data.index._schemes import FixedWeights

if TYPE_CHECKING:
    import pandas as pd


@value("index")
class ProductivityIndex(Recipe):
    """How an index is made from indicators: a system, weights, and a scale.

    Parameters
    ----------
    system : IndexSystem
        Dimensions and their indicators; ``nqp.index.new_quality_productivity()`` is one.
    weights : weighting scheme
        `Entropy` (default), `EqualWeights`, `Critic`, `PrincipalComponent`, `EntropyTopsis` or
        `FixedWeights`.
    normalise : MinMax
        Bounds from all rows (default), within each period, or from a base period.
    hierarchy : {"flat", "nested", "equal"}, default "flat"
        "flat": all indicators are weighed together. "nested": first within each dimension, then
        the scores of the dimensions by the same scheme. "equal": within each dimension, and
        dimensions alike.
    missing : {"error", "drop", "interpolate", "extend"}, default "error"
        Rows that lack an indicator: refused; left without a value; filled linearly between two
        known values of the unit; or filled, and the first and last value carried outwards.
    constant : {"error", "zero"}, default "error"
        An indicator that does not vary: refused; or without weight.

    Raises
    ------
    StudyError
        If an argument is not one of these.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_nqp as nqp
    >>> df = pd.DataFrame(
    ...     {
    ...         "city": ["A", "A", "B", "B"],
    ...         "year": [2014, 2015, 2014, 2015],
    ...         "patents": [1.0, 3.0, 2.0, 8.0],
    ...         "energy": [9.0, 7.0, 6.0, 5.0],
    ...     }
    ... )
    >>> recipe = nqp.ProductivityIndex(nqp.IndexSystem.of("patents", negative="energy"))
    >>> index = recipe.build(df, unit="city", time="year")
    >>> index.values.round(3).tolist()
    [0.0, 0.362, 0.36, 1.0]
    """

    def replace(self, **changes: object) -> ProductivityIndex:
        """Return the same recipe with other arguments.

        Parameters
        ----------
        **changes
            Arguments of the recipe.
        """
        arguments = list(self.__dataclass_fields__)
        for name in changes:
            if name not in arguments:
                raise StudyError(
                    Message("ProductivityIndex has no argument {!r}", name),
                    hint=nearest(name, arguments),
                )
        return replace(self, **changes)  # type: ignore[arg-type]

    def without(self, *keys: str) -> ProductivityIndex:
        """Leave out indicators; fixed weights of the others keep their proportions.

        Parameters
        ----------
        *keys : str
            Indicators or dimensions.
        """
        system, weights = self.system.without(*keys), self.weights
        if isinstance(weights, FixedWeights):
            weights = FixedWeights([pair for pair in weights.weights if pair[0] in system.keys])
        return replace(self, system=system, weights=weights)

    def build(self, frame: pd.DataFrame, *, unit: str, time: str) -> Index:
        """Compute the index of a frame.

        Parameters
        ----------
        frame : DataFrame
            One row per unit and period; never changed.
        unit, time : str
            Columns that name them.

        Returns
        -------
        Index
            Its ``values`` have the frame's index.

        Raises
        ------
        PanelError
            If an indicator is missing, constant, text, or no column; it names columns and rows.
        StudyError
            If fixed weights do not fit the system.
        """
        indicators_read = read(frame, self.system.indicators, unit, time, self.missing)
        z = normalised(indicators_read, self.normalise, self.constant)
        problem = WeightProblem(self.system, self.weights, self.hierarchy, indicators_read, z)
        return Index(self, frame, unit, time, problem, problem.weights())


def built_by_period(recipe: ProductivityIndex) -> bool:
    """Tell whether the bounds or the weights of an index are those of each period."""
    return "yearly" in (recipe.normalise.scope, getattr(recipe.weights, "scope", "pooled"))
