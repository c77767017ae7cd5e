"""The table [data]: keys for the source of the rows and the roles of the columns."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from bayes_nqp.studies._keys import Keys, Names


class Stratify(Keys):
    """A stratum defined by a column's values before treatment."""

    column: str
    """A numeric column."""
    cuts: str | list[float] = "median"
    """Cut points: "median", "terciles", "quartiles", or shares such as [0.2, 0.8]."""
    thresholds: list[float] | None = None
    """Values of the cut points, instead of `cuts`."""
    at: Any = None
    """Period whose value is used; by default the mean before any unit is treated."""
    labels: list[str] | None = None
    """Names of the levels, from low to high."""
    name: str | None = None
    """Name of the stratum; COLUMN_group by default."""
    missing: Literal["error", "drop", "level"] = "error"
    """Treatment of units without a value."""


class Zones(Keys):
    """The 165 cross-border e-commerce pilot zones, merged to prefectures by name or code."""

    prefecture: str
    """Column with names or codes (330100) of prefectures."""
    rule: Literal["approval_year", "next_year_after_june"] = "approval_year"
    """First treated year: year of approval, or the next year if approved after June."""
    cohort: str = "cohort"
    """Name of the new column of first treated years."""
    below_prefecture: Literal["ignore", "count", "drop"] = "ignore"
    """Treatment of the eight zones that cover only part of their prefecture."""
    province: str | None = None
    """Column with the province, if names of prefectures are not unique."""
    unmatched: Literal["error", "keep", "drop"] = "error"
    """Treatment of rows that are not prefectures and would count as never treated."""


class Data(Keys):
    """Source of the rows, and the role of each column."""

    dataset: str | None = None
    """A dataset of the package. Give exactly one of dataset, file, source and simulation."""
    file: str | None = None
    """A .csv, .xlsx, .dta, .sav or .parquet file; relative paths start at the study."""
    source: str | None = None
    """A table that stays in its engine: "firms/*.parquet", "duckdb:FILE#TABLE", "env:NAME"."""
    by: Names = []
    """Additional columns shared by the units of a class, if a source is aggregated."""
    baseline: Names = []
    """Numeric columns in the design's baseline, if a source is aggregated."""
    products: list[tuple[str, str]] = []
    """Pairs of columns (exposure, moderator) that the design multiplies, if aggregated."""
    memory: str | None = None
    """Memory of a source's engine before it writes to the disk, such as "2GB"."""
    shards: int = Field(default=1, ge=1)
    """Number of queries among which the units of a source are divided; each is stored."""
    simulation: str | None = None
    """A function of nqp.simulation; results are compared with its true effects."""
    options: dict[str, Any] = {}
    """Arguments of the simulation; without a seed, a random one is chosen and recorded."""
    encoding: str | None = None
    """Encoding of a text file; by default a byte-order mark, then UTF-8, then GB18030."""
    read: Any = {}
    """Steps of reading cells."""
    unit: str | list[str] | None = None
    """Column of the unit, or several columns that identify it, from wide to narrow."""
    time: str | None = None
    """Column of periods: integers, dates, or text that contains years."""
    outcome: str | None = None
    """Column of the outcome; by default that of [index]."""
    cohort: str | None = None
    """Column of first treated periods, empty if never treated; dates allowed if yearly."""
    treated: str | None = None
    """Instead of cohort: 1 from adoption on and 0 before, or values such as 是 and 否."""
    treatment: str | None = None
    """Instead of cohort: a 0/1 column that may go back to 0, for a policy that ends."""
    exit: str | None = None
    """In addition to cohort: column of the first periods after the policy, empty if none."""
    entry_unknown: Literal["raise", "drop"] = "raise"
    """Handling of units that treatment reports as treated in their first observation."""
    never: Any = None
    """Code or codes of never-treated units in cohort, such as 0."""
    freq: int | str | None = None
    """Distance of two periods: 1, or "Y", "Q", "M" for dates; detected by default."""
    strata: Names | None = None
    """Grouping columns, constant within units, by which effects and contrasts are reported."""
    covariates: Names = []
    """Numeric columns that enter every equation."""
    mediators: Names = []
    """Columns of possible mediators; those of [channels] need not be listed here."""
    moderators: Names = []
    """Columns that moderate the effect; the design's moderator need not be listed here."""
    exposures: Names = []
    """Columns of continuous treatments; the design's exposure need not be listed here."""
    weights: str | None = None
    """Column of positive precision weights, for IID errors only; do not use sizes here."""
    outcome_se: str | None = None
    """Column of known standard errors of the outcome, if it is itself an estimate."""
    exposure: str | None = None
    """Column of the exposure of counts, such as population, for likelihoods with a log link."""
    trials: str | None = None
    """Column of the number of trials of which the outcome counts the successes, for Binomial()."""
    persons: bool = False
    """If true, rows are persons, observed once each, and unit names their clusters."""
    zones: Zones | None = None
    """Merge the pilot zones to the rows."""
    derive: dict[str, str] = {}
    """New columns: name = "expression": + - * / **, log, exp, sqrt, abs, round, year(), col("")."""
    stratify: list[Stratify] = []
    """Strata from numeric columns; list them in strata only if their order matters."""
