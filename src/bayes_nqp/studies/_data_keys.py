"""The table [data]: keys for the source of the rows and the roles of the columns."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from bayes_nqp.studies._keys import Keys, Names


class Stratify(Keys):
    """A stratum defined by a column's values before treatment."""

    column: str
    """A column of numbers."""
    cuts: str | list[float] = "median"
    """Where to cut: "median", "terciles", "quartiles", or shares such as [0.2, 0.8]."""
    thresholds: list[float] | None = None
    """Values at which to cut, instead of `cuts`."""
    at: Any = None
    """The period whose value counts; by default the mean before any unit is treated."""
    labels: list[str] | None = None
    """Names of the levels, from low to high."""
    name: str | None = None
    """Name of the stratum; COLUMN_group by default."""
    missing: Literal["error", "drop", "level"] = "error"
    """What to do with units without a value."""


class Zones(Keys):
    """The 165 cross-border e-commerce pilot zones, merged to prefectures by name or code."""

    prefecture: str
    """Column with names or codes (330100) of prefectures."""
    rule: Literal["approval_year", "next_year_after_june"] = "approval_year"
    """First treated year: that of the approval, or the next one if it came after June."""
    cohort: str = "cohort"
    """What to call the column of first treated years."""
    below_prefecture: Literal["ignore", "count", "drop"] = "ignore"
    """What to do with the eight zones that cover a part of their prefecture."""
    province: str | None = None
    """Column with the province, where names of prefectures are not unique."""
    unmatched: Literal["error", "keep", "drop"] = "error"
    """What to do with rows that are no prefecture: they would pass for never treated."""


class Data(Keys):
    """Source of the rows, and the role of each column."""

    dataset: str | None = None
    """A panel that the library brings. Exactly one of dataset, file, source and simulation."""
    file: str | None = None
    """A .csv, .xlsx, .dta, .sav or .parquet file; a relative path starts at the study."""
    source: str | None = None
    """A table that stays in its engine: "firms/*.parquet", "duckdb:FILE#TABLE", "env:NAME"."""
    by: Names = []
    """Further columns that the units of a class share, where a source is summed up by class."""
    baseline: Names = []
    """Columns of numbers that the design's baseline names, where a source is summed up."""
    products: list[tuple[str, str]] = []
    """Pairs of columns that the design multiplies, exposure and moderator, where it is."""
    memory: str | None = None
    """How much the engine of a source holds before it writes to the disk, such as "2GB"."""
    shards: int = Field(default=1, ge=1)
    """Queries that share the units of a source, each kept until all are there."""
    simulation: str | None = None
    """A function of nqp.simulation, whose truth is then reported beside the results."""
    options: dict[str, Any] = {}
    """Arguments of the simulation; without a seed one is taken at random and written back."""
    encoding: str | None = None
    """Of a text file; by default a byte-order mark, then UTF-8, then GB18030."""
    read: Any = {}
    """Steps by which cells are read."""
    unit: str | list[str] | None = None
    """Column that names the unit, or several that do together, from wide to narrow."""
    time: str | None = None
    """Column of periods: whole numbers, dates, or text that says years."""
    outcome: str | None = None
    """Column of the outcome; that of [index] by default."""
    cohort: str | None = None
    """Column of first treated periods, empty for never; where time is yearly, dates will do."""
    treated: str | None = None
    """Instead of cohort: 1 from adoption on and 0 before, or marks such as 是 and 否."""
    never: Any = None
    """Code, or codes, in cohort that stand for never treated, such as 0."""
    freq: int | str | None = None
    """Distance of two periods: 1, or "Y", "Q", "M" for dates; found in the data by default."""
    strata: Names | None = None
    """Grouping columns, constant within units: effects and contrasts are reported by them."""
    covariates: Names = []
    """Columns of numbers that enter every equation."""
    mediators: Names = []
    """Columns of possible channels; those of [channels] need not be named here."""
    moderators: Names = []
    """Columns that shift the effect; the design's moderator need not be named here."""
    exposures: Names = []
    """Columns of continuous exposures; the design's exposure need not be named here."""
    weights: str | None = None
    """Column of positive precision weights, for errors of type IID alone; leave sizes out."""
    zones: Zones | None = None
    """Merge the pilot zones to the rows."""
    derive: dict[str, str] = {}
    """New columns: name = "expression" of + - * / **, log, exp, sqrt, abs, year(…), col("…")."""
    stratify: list[Stratify] = []
    """Strata made of columns of numbers; name them in strata only if their order matters."""
