"""The result of building an index."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
import xarray as xr
from annotated_types import Ge

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.limits import afford
from bayes_nqp._core.templates import facts_html, facts_text
from bayes_nqp._core.types import Seed
from bayes_nqp._core.validation import door
from bayes_nqp.data.index._compute import WeightProblem
from bayes_nqp.data.index._recipe import Recipe, remember
from bayes_nqp.data.reading import counted

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


@door
@dataclass(frozen=True, eq=False, repr=False)
class Index:
    """An index with its weights and the contributions of indicators.

    Result of `ProductivityIndex.build`. Results by row have the order and the index of the original
    frame; rows without a value are NaN.

    Parameters
    ----------
    rows : DataFrame
        The original frame. Do not modify it.
    unit, time : str
        Columns of the unit and the time.
    problem : Problem
        Normalised indicators of the complete rows.
    group_weights : ndarray (group, indicator)
        Weights; one group, or one for each period.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> frame = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1).panel.frame
    >>> frame["patents"], frame["roads"] = frame["outcome"] ** 2, frame["outcome"].abs()
    >>> recipe = nqp.ProductivityIndex(nqp.IndexSystem.of(["patents", "roads"]))
    >>> index = recipe.build(frame, unit="unit", time="time")
    >>> index.weights.columns.tolist()
    ['dimension', 'indicator', 'direction', 'weight', 'contribution']
    """

    recipe: Recipe
    rows: pd.DataFrame
    unit: str
    time: str
    problem: WeightProblem
    group_weights: Array

    @property
    def notes(self) -> tuple[str, ...]:
        """Return the changes made to the data."""
        notes = self.problem.read.notes
        wrong = (self.group_weights < 0).any(axis=0)
        if wrong.any():
            names = [key for key, bad in zip(self.recipe.system.keys, wrong, strict=True) if bad]
            notes += (f"negative weights, against the declared direction: {', '.join(names)}",)
        return notes

    @cached_property
    def values(self) -> pd.Series[Any]:
        """Return the index (row)."""
        return pd.Series(
            self._spread(self._contributions.sum(axis=1)), index=self.rows.index, name="index"
        )

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Return the weights: one row for each indicator, or for each period and indicator.

        Columns: ``dimension``, ``indicator``, ``direction``, ``weight`` and ``contribution``, the
        mean contribution of the indicator as a share of the mean index.
        """
        system, labels = self.recipe.system, self.problem.read.labels
        parts = []
        for number, rows in enumerate(self.problem.groups):
            added = self._contributions[rows].mean(axis=0)
            total = added.sum()
            table = pd.DataFrame(
                [
                    (d.key, part.key, part.direction)
                    for d in system.dimensions
                    for part in d.indicators
                ],
                columns=["dimension", "indicator", "direction"],
            ).assign(
                weight=self.group_weights[number], contribution=added / total if total else np.nan
            )
            if self.recipe.weights.scope == "yearly":
                table.insert(0, "period", str(labels[number]))
            parts.append(table)
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def contributions(self) -> pd.DataFrame:
        """Return contributions of indicators (row, indicator); rows sum to ``values``."""
        return pd.DataFrame(
            self._spread(self._contributions),
            index=self.rows.index,
            columns=list(self.recipe.system.keys),
        )

    @cached_property
    def by_dimension(self) -> pd.DataFrame:
        """Return the contribution of each dimension to the index (row, dimension)."""
        parts = {d.key: [part.key for part in d.indicators] for d in self.recipe.system.dimensions}
        sums = {key: self.contributions[x].sum(axis=1, skipna=False) for key, x in parts.items()}
        return pd.DataFrame(sums, index=self.rows.index)

    @cached_property
    def normalised(self) -> pd.DataFrame:
        """Return the normalised indicators (row, indicator); 1 is best."""
        return pd.DataFrame(
            self._spread(self.problem.z),
            index=self.rows.index,
            columns=list(self.recipe.system.keys),
        )

    @cached_property
    def digest(self) -> str:
        """Return a SHA-256 hash of the recipe, the weights and the values."""
        seal = hashlib.sha256(repr(self.recipe).encode("utf-8"))
        for part in (self.group_weights, self.values.to_numpy()):
            seal.update(np.ascontiguousarray(part, dtype="<f8"))
        return seal.hexdigest()

    def draws(self, n: Annotated[int, Ge(1)] = 20, *, seed: Seed) -> xr.DataArray:
        """Draw the index under weights from resampled units.

        This is a Bayesian bootstrap: units have weights from a flat Dirichlet distribution, which
        enter the scheme as weights of rows. The bounds of the normalisation are fixed, because
        every unit keeps a positive weight. Sampling variation of the extremes is therefore ignored,
        which understates the uncertainty of indicators without natural bounds
        (docs/data.md).

        Returns
        -------
        DataArray (index_draw, row)
            NaN if the index has no value. All draws are equal if weights are not estimated.

        References
        ----------
        Rubin, D. B. (1981). The Bayesian bootstrap. Annals of Statistics 9(1).
        """
        drawn = self.weight_draws(n, seed=seed).to_numpy()
        values = [
            self._spread(self.problem.contributions(self._grouped(weights)).sum(axis=1))
            for weights in drawn
        ]
        return xr.DataArray(
            np.array(values),
            dims=(v.INDEX_DRAW, "row"),
            coords={v.INDEX_DRAW: np.arange(n)},
            attrs={"seed": int(seed)},
            name="index",
        )

    def weight_draws(self, n: Annotated[int, Ge(1)] = 20, *, seed: Seed) -> xr.DataArray:
        """Draw the weights, as in `draws`.

        Returns
        -------
        DataArray (index_draw, indicator)
            With yearly weights (index_draw, period, indicator).
        """
        afford(16.0 * n * len(self.rows), f"'n': {n:,} draws of an index", "fewer of them")
        read = self.problem.read
        members, places = np.unique(read.units, return_inverse=True)
        generator = np.random.default_rng(seed)
        drawn = np.array(
            [
                self.problem.weights(generator.standard_exponential(len(members))[places])
                for _ in range(n)
            ]
        )
        coords = {v.INDEX_DRAW: np.arange(n), "indicator": list(self.recipe.system.keys)}
        if self.recipe.weights.scope == "yearly":
            dims = (v.INDEX_DRAW, "period", "indicator")
            return xr.DataArray(drawn, dims=dims, coords={**coords, "period": read.labels})
        return xr.DataArray(drawn[:, 0], dims=(v.INDEX_DRAW, "indicator"), coords=coords)

    def frame(self, name: str = "nqp") -> pd.DataFrame:
        """Add the index to a copy of the frame, and store the recipe in its attrs.

        Parameters
        ----------
        name : str, default "nqp"
            Name of the new column.

        Raises
        ------
        PanelError
            If the column already exists.
        """
        if name in self.rows.columns:
            raise PanelError(
                Message("name={!r} is already a column of the data", name),
                hint="choose another name, or drop the column",
            )
        return remember(
            self.rows.assign(**{name: self.values}), name, self.recipe, self.unit, self.time
        )

    def panel(self, *, name: str = "nqp", **arguments: Any) -> Panel:
        """Build a panel with the index as outcome.

        Parameters
        ----------
        name : str, default "nqp"
            Name of the outcome.
        **arguments
            Arguments of `Panel.from_frame`, without ``unit``, ``time`` and ``outcome``.

        Returns
        -------
        Panel
            Panel that keeps the indicators and the recipe, which the check "indicators" requires.

        Raises
        ------
        PanelError
            If the data are malformed.
        """
        from bayes_nqp.data.panel import Panel

        return Panel.from_frame(
            self.frame(name), unit=self.unit, time=self.time, outcome=name, **arguments
        )

    @cached_property
    def _contributions(self) -> Array:
        return self.problem.contributions(self.group_weights)

    def _grouped(self, weights: Array) -> Array:
        return weights if weights.ndim > 1 else weights[None]

    def _spread(self, values: Array) -> Array:
        """Expand values of complete rows to all rows, with NaN elsewhere."""
        complete = self.problem.read.used
        out = np.full((len(complete), *values.shape[1:]), np.nan)
        out[complete] = values
        return out

    def __repr__(self) -> str:
        table = self._means.to_string(index=False, float_format="{:.4f}".format)
        lines = [f"  {line}" for line in table.splitlines()]
        return "\n".join([facts_text("<Index>", self._facts()), *lines])

    def _repr_html_(self) -> str:
        table = self._means.to_html(index=False, float_format="{:.4f}".format, border=0)
        return facts_html("Index", self._facts(), table=table)

    @property
    def _means(self) -> pd.DataFrame:
        """Return weights by indicator, averaged over periods if they differ."""
        table, shares = self.weights, ["weight", "contribution"]
        if "period" not in table:
            return table
        order = list(self.recipe.system.keys)
        mean = table.groupby("indicator")[shares].mean().loc[order].reset_index()
        facts = table.drop(columns=["period", *shares]).drop_duplicates("indicator")
        return facts.merge(mean, on="indicator")

    def _facts(self) -> list[tuple[str, str]]:
        recipe, values = self.recipe, self.values.dropna()
        read = self.problem.read
        first, last = read.labels[0], read.labels[-1]
        bounds = recipe.normalise
        scale = f"bounds of {bounds.base}" if bounds.base is not None else f"{bounds.scope} bounds"
        facts = [
            ("index of", recipe.system.name or "indicators"),
            ("rows", f"{len(values):,} of {len(self.rows):,}, {first} to {last}"),
            ("indicators", f"{len(recipe.system.keys)} in "
             f"{counted(len(recipe.system.dimensions), 'dimension')}, {scale}"),
            ("weights", f"{recipe.weights!r}, {recipe.hierarchy}"),
            ("values", f"mean {values.mean():.4g}, sd {values.std():.4g}, "
             f"{values.min():.4g} to {values.max():.4g}"),
        ]  # fmt: skip
        return facts + [("note", note) for note in self.notes]
