"""What a study's .toml may say.

The text below each key is what editors show and `docs/study.schema.json` holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import ConfigDict, Field, create_model

from bayes_nqp.language import languages
from bayes_nqp.studies._study_table import STUDY_TABLES, Keys, Names, StudyTable, value_keys

__all__ = [
    "Channels",
    "Checks",
    "Data",
    "Figures",
    "Index",
    "Label",
    "Report",
    "Settings",
    "Stratify",
    "Tables",
    "Zones",
    "settings_model",
]

if TYPE_CHECKING:
    type Language = str
else:
    Language = Literal[languages()]


class Stratify(Keys):
    """A stratum made of a column's values before treatment."""

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
    """Where the rows are, and which column plays which part."""

    dataset: str | None = None
    """A panel that the library brings. Exactly one of dataset, file and simulation."""
    file: str | None = None
    """A .csv, .xlsx, .dta or .parquet file; a relative path starts at the study."""
    simulation: str | None = None
    """A function of nqp.simulation, whose truth is then reported beside the results."""
    options: dict[str, Any] = {}
    """Arguments of the simulation; without a seed one is taken at random and written back."""
    sheet: str | int | None = None
    """Sheet of a workbook, by name or number from 0; the first by default."""
    header: int = Field(default=1, ge=1)
    """Row of a workbook with the column names, as Excel numbers it."""
    encoding: str | None = None
    """Of a text file; by default a byte-order mark, then UTF-8, then GB18030."""
    thousands: str | None = None
    """Mark between thousands in numbers that are stored as text, such as ","."""
    missing: Names = []
    """Texts that stand for a missing number, such as "—"."""
    fill_down: Names = []
    """Columns with merged cells; all but unit, time and strata are filled within a unit."""
    unit: str | None = None
    """Column that names the unit."""
    time: str | None = None
    """Column of periods: whole numbers, dates, or text that says years."""
    outcome: str | None = None
    """Column of the outcome; that of [index] by default."""
    cohort: str | None = None
    """Column of first treated periods, empty for never; where time is yearly, dates will do."""
    treated: str | None = None
    """Instead of cohort: a column of 0 and 1 that is 1 from adoption on."""
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
    """Column of positive row weights."""
    zones: Zones | None = None
    """Merge the pilot zones to the rows."""
    derive: dict[str, str] = {}
    """New columns: name = "expression" of + - * / **, log, exp, sqrt, abs, year(…), col("…")."""
    stratify: list[Stratify] = []
    """Strata made of columns of numbers; name them in strata only if their order matters."""


class Label(Keys):
    """What a column, and what stands in it, is called in one language."""

    label: str | None = None
    """Of the column itself."""
    levels: dict[str, str] = {}
    """By level of a stratum, or by unit."""


class Index(Keys):
    """An outcome made of indicators, with its weights and contributions as tables."""

    name: str = "nqp"
    """Name of the new column."""
    positive: Names | dict[str, Names] = []
    """Columns of which more is better; a table sorts them into dimensions."""
    negative: Names | dict[str, Names] = []
    """Columns of which less is better."""
    system: str | None = None
    """Instead of columns: "new_quality_productivity", or a .toml file beside the study."""
    dimension: list[dict[str, Any]] = []
    """Instead of columns: the system itself, as [[index.dimension]]."""
    keep: Names = []
    """Indicators or dimensions of the system to keep, such as those that the data have."""
    columns: dict[str, str] = {}
    """Columns of the data, by the key of the indicator."""
    weights: str | dict[str, Any] = "Entropy"
    """Weighting scheme: its name, or a table with its type and arguments."""
    normalise: str | dict[str, Any] = "MinMax"
    """How indicators are put on a scale from 0 to 1."""
    hierarchy: Literal["flat", "nested", "equal"] = "flat"
    """Whether indicators are weighed all together, or first within dimensions."""
    missing: Literal["error", "drop", "interpolate", "extend"] = "error"
    """What to do with rows that lack an indicator."""
    constant: Literal["error", "zero"] = "error"
    """What to do with an indicator that does not vary."""
    draws: int = Field(default=0, ge=0)
    """Draws of the weights whose uncertainty enters the results; 0 for none."""
    seed: int | None = None
    """Of these draws; that of the sampler by default."""


class Channels(Keys):
    """Mediators through which the policy may work: the design becomes a Mediation."""

    mediators: Names = []
    """Columns; all mediators of [data] by default."""
    interaction: bool = False
    """Whether treatment also changes what mediators do to the outcome."""
    lag: int = Field(default=0, ge=0)
    """Periods by which mediators come before the outcome."""
    vary_by: Literal["unit"] | None = None
    """Whether both legs of the one mediator vary by unit, with a correlation."""
    moderates: Names | None = None
    """What the design's moderator shifts: "a" (effects on mediators), "b" (slopes), "direct"."""


class Report(Keys):
    """What is reported, and how."""

    prob: float = Field(default=0.95, gt=0, lt=1)
    """Posterior probability of intervals."""
    kind: Literal["eti", "hdi"] = "eti"
    """Equal-tailed intervals, or those of highest density."""
    by: Names | None = None
    """What effects are reported by: strata, "cohort", "time", "stratum"."""
    weights: str = "rows"
    """How cells are averaged: "rows", "units" or "equal"."""
    outcome: str | None = None
    """What figures call the outcome."""
    outcome_unit: str | None = None
    """Its unit."""
    language: Language = "en"
    """Of figures and of the report."""
    formats: Names = []
    """Formats of a report in the folder report/, such as ["html", "docx"]; none by default."""
    question: str = ""
    """What the study asks, in a sentence or two, for the report."""
    sections: Names | None = None
    """Sections of the report, all that suit by default."""


class Figures(Keys):
    """Which figures are drawn."""

    draw: Names | None = None
    """Names of plots, all that suit the fit by default; [] for none."""


class Tables(Keys):
    """Which tables the report shows."""

    show: Names | None = None
    """Kinds of tables, all that suit the fit by default; [] for none."""


class Checks(Keys):
    """Which checks run, all that suit the design by default; and options for any of them."""

    model_config = ConfigDict(
        extra="allow", strict=True, frozen=True, use_attribute_docstrings=True
    )

    run: Names | None = None
    """Names of checks; [] for none."""

    @property
    def usual(self) -> dict[str, Any]:
        """Names of values by which checks go that have no other option, by the option."""
        extra = self.model_extra or {}
        return {key: extra[key] for key in value_keys() if key in extra}

    @property
    def options(self) -> dict[str, Any]:
        """Options by the name of the check."""
        return {key: x for key, x in (self.model_extra or {}).items() if key not in value_keys()}


class Settings(Keys):
    """A study: data, design, sampler, checks and report."""

    title: str
    """What the study asks."""
    data: Data
    """Where the rows are, and which column plays which part."""
    labels: dict[str, dict[str, str | Label]] = {}
    """What columns and what stands in them are called, a table for each language."""
    index: Index | None = None
    """An outcome made of indicators."""
    design: dict[str, Any] = {}
    """The model; StaggeredDiD unless its type says otherwise."""
    beside: dict[str, dict[str, Any]] = {}
    """Further designs of the outcome by a name, without channels: what they change of [design]."""
    channels: Channels | None = None
    """Mediators through which the policy may work."""
    priors: dict[str, Any] = {}
    """Scales of priors, in multiples of the outcome's within-unit standard deviation."""
    sampler: dict[str, Any] = {}
    """How posteriors are sampled; the library's own choice by default."""
    report: Report = Report()
    """What is reported, and how."""
    figures: Figures = Figures()
    """Which figures are drawn."""
    tables: Tables = Tables()
    """Which tables the report shows."""
    checks: Checks = Checks()
    """Which checks run, and their options."""

    @property
    def plugins(self) -> dict[str, StudyTable]:
        """The tables that other files bring, where the study has them, by name and in order."""
        stated = {name: getattr(self, name, None) for name in STUDY_TABLES}
        return {name: table for name, table in stated.items() if table is not None}


def settings_model() -> type[Settings]:
    """Give the schema with every table that is registered."""
    fields: dict[str, Any] = {
        name: (kind | None, Field(None, description=(kind.__doc__ or "").partition("\n")[0]))
        for name, kind in STUDY_TABLES.items()
    }
    return create_model(Settings.__name__, __base__=Settings, __doc__=Settings.__doc__, **fields)
