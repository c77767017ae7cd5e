"""Recipe of an index: indicators, normalisation and weights."""

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
    """Recipe of an index: a system of indicators, a weighting scheme, and a normalisation.

    Parameters
    ----------
    system : IndexSystem
        Dimensions and their indicators, such as ``nqp.index.new_quality_productivity()``.
    weights : weighting scheme
        `Entropy` (default), `EqualWeights`, `Critic`, `PrincipalComponent`, `EntropyTopsis` or
        `FixedWeights`.
    normalise : MinMax
        Bounds from all rows (default), within each period, or from a base period.
    hierarchy : {"flat", "nested", "equal"}, default "flat"
        "flat": the scheme weights all indicators jointly. "nested": the scheme weights indicators
        within each dimension, then the scores of dimensions. "equal": the scheme weights indicators
        within each dimension, with equal weights of dimensions.
    missing : {"error", "drop", "interpolate", "extend"}, default "error"
        Treatment of rows with a missing indicator: raise an error; no value of the index; linear
        interpolation between two values of the unit; or interpolation and extension of the first
        and last value.
    constant : {"error", "zero"}, default "error"
        Treatment of a constant indicator: raise an error; or weight zero.

    Raises
    ------
    StudyError
        If an argument has another value.

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
        """Return the same recipe with changed arguments.

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
        """Remove indicators; fixed weights of the others keep their proportions.

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
            One row per unit and period; not modified.
        unit, time : str
            Columns of the unit and the period.

        Returns
        -------
        Index
            Index; its ``values`` have the row labels of the frame.

        Raises
        ------
        PanelError
            If an indicator is missing, constant, text, or not a column; the message names columns
            and rows.
        StudyError
            If fixed weights do not match the system.
        """
        indicators_read = read(frame, self.system.indicators, unit, time, self.missing)
        z = normalised(indicators_read, self.normalise, self.constant)
        problem = WeightProblem(self.system, self.weights, self.hierarchy, indicators_read, z)
        return Index(self, frame, unit, time, problem, problem.weights())


def built_by_period(recipe: ProductivityIndex) -> bool:
    """Return True if the bounds or the weights of an index differ by period."""
    return "yearly" in (recipe.normalise.scope, getattr(recipe.weights, "scope", "pooled"))
