"""An index that was built."""

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
    """An index with its weights and what each indicator adds to it.

    Made by `ProductivityIndex.build`. Everything by row is in the order, and with the index, of
    the frame it was built from; rows without a value hold NaN.

    Parameters
    ----------
    rows : DataFrame
        The frame it was built from. Do not change it.
    unit, time : str
        Columns.
    problem : Problem
        Normalised indicators of the rows that are complete.
    group_weights : ndarray (group, indicator)
        Weights; one group, or one a period.

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
        """What was done to the data on the way."""
        notes = self.problem.read.notes
        wrong = (self.group_weights < 0).any(axis=0)
        if wrong.any():
            names = [key for key, bad in zip(self.recipe.system.keys, wrong, strict=True) if bad]
            notes += (f"negative weights, against the declared direction: {', '.join(names)}",)
        return notes

    @cached_property
    def values(self) -> pd.Series[Any]:
        """The index (row)."""
        return pd.Series(
            self._spread(self._contributions.sum(axis=1)), index=self.rows.index, name="index"
        )

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Weights, one row an indicator; under yearly weights, one a period and indicator.

        ``dimension``, ``indicator``, ``direction``, ``weight`` and ``contribution``, the mean of
        what the indicator adds, as a share of the mean index.
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
        """What each indicator adds to the index (row, indicator); rows sum to ``values``."""
        return pd.DataFrame(
            self._spread(self._contributions),
            index=self.rows.index,
            columns=list(self.recipe.system.keys),
        )

    @cached_property
    def by_dimension(self) -> pd.DataFrame:
        """What each dimension adds to the index (row, dimension)."""
        parts = {d.key: [part.key for part in d.indicators] for d in self.recipe.system.dimensions}
        sums = {key: self.contributions[x].sum(axis=1, skipna=False) for key, x in parts.items()}
        return pd.DataFrame(sums, index=self.rows.index)

    @cached_property
    def normalised(self) -> pd.DataFrame:
        """The normalised indicators (row, indicator); 1 is best."""
        return pd.DataFrame(
            self._spread(self.problem.z),
            index=self.rows.index,
            columns=list(self.recipe.system.keys),
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the recipe, the weights and the values."""
        seal = hashlib.sha256(repr(self.recipe).encode("utf-8"))
        for part in (self.group_weights, self.values.to_numpy()):
            seal.update(np.ascontiguousarray(part, dtype="<f8"))
        return seal.hexdigest()

    def draws(self, n: Annotated[int, Ge(1)] = 20, *, seed: Seed) -> xr.DataArray:
        """Draw the index under weights that other units would have given.

        A Bayesian bootstrap: units get weights from a flat Dirichlet distribution, which enter
        the scheme as row weights. Bounds of the normalisation stay, for every unit keeps a
        positive weight: that extremes too would be others is left out, which understates the
        uncertainty of indicators without natural bounds (docs/data.md).

        Returns
        -------
        DataArray (index_draw, row)
            NaN where the index has no value. All alike where weights are not estimated.

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
            Or (index_draw, period, indicator) under yearly weights.
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
        """Add the index to a copy of the frame, which then remembers how it was made.

        Parameters
        ----------
        name : str, default "nqp"
            Of the new column.

        Raises
        ------
        PanelError
            If there is such a column already.
        """
        if name in self.rows.columns:
            raise PanelError(
                Message("name={!r} is a column of the data already", name),
                hint="another name, or drop it",
            )
        return remember(
            self.rows.assign(**{name: self.values}), name, self.recipe, self.unit, self.time
        )

    def panel(self, *, name: str = "nqp", **arguments: Any) -> Panel:
        """Make a panel whose outcome is the index.

        Parameters
        ----------
        name : str, default "nqp"
            Of the outcome.
        **arguments
            Of `Panel.from_frame`, without ``unit``, ``time`` and ``outcome``.

        Returns
        -------
        Panel
            It keeps the indicators and the recipe, which the check "indicators" asks for.

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
        """From complete rows to all rows, with NaN elsewhere."""
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
        """Weights by indicator; the mean over periods where they differ."""
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
