"""Keys of a study's .toml file.

The text below each key is shown by editors and is part of `docs/study.schema.json`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import ConfigDict, Field

from bayes_nqp._core.i18n import languages
from bayes_nqp.studies._data_keys import Data
from bayes_nqp.studies._keys import Keys, Names, Question, Words
from bayes_nqp.studies._study_table import StudyTable

if TYPE_CHECKING:
    type Language = str
else:
    Language = Literal[languages()]


class Label(Keys):
    """Names of a column and of its values in one language."""

    label: Words | None = None
    """Label of the column."""
    levels: dict[str, Words] = {}
    """Labels of values, by level of a stratum or by unit."""


class IndexKeys(Keys):
    """Outcome as an index of indicators, with its weights and contributions as tables."""

    name: str = "nqp"
    """Name of the new column."""
    positive: Names | dict[str, Names] = []
    """Columns with positive direction (more is better); a table sorts them into dimensions."""
    negative: Names | dict[str, Names] = []
    """Columns with negative direction (less is better)."""
    system: str | None = None
    """Instead of columns: "new_quality_productivity", or a .toml file near the study."""
    dimension: list[dict[str, Any]] = []
    """Instead of columns: the system itself, as tables [[index.dimension]]."""
    keep: Names = []
    """Indicators or dimensions of the system that are used, such as those in the data."""
    columns: dict[str, str] = {}
    """Columns of the data, by the key of the indicator."""
    weights: str | dict[str, Any] = "Entropy"
    """Weighting scheme: its name, or a table with its type and arguments."""
    normalise: str | dict[str, Any] = "MinMax"
    """Normalisation of indicators to a scale from 0 to 1."""
    hierarchy: Literal["flat", "nested", "equal"] = "flat"
    """Weighting of all indicators together, or first within dimensions."""
    missing: Literal["error", "drop", "interpolate", "extend"] = "error"
    """Treatment of rows with a missing indicator."""
    constant: Literal["error", "zero"] = "error"
    """Treatment of an indicator that does not vary."""
    draws: int = Field(default=0, ge=0)
    """Draws of the weights that propagate their uncertainty to the results; 0 for none."""
    seed: int | None = None
    """Random seed of these draws; by default that of the sampler."""


class Channels(Keys):
    """Mediators through which the policy may work; the design becomes a Mediation."""

    mediators: Names = []
    """Columns of mediators; by default all mediators of [data]."""
    interaction: bool = False
    """If true, treatment also changes the effect of mediators on the outcome."""
    lag: int = Field(default=0, ge=0)
    """Periods by which mediators precede the outcome."""
    vary_by: Literal["unit"] | None = None
    """Unit-level correlated variation of paths a and b of the one mediator."""
    moderates: Names | None = None
    """Paths that the design's moderator changes: "a" (to mediators), "b" (slopes), "direct"."""
    links: str | None = None
    """Weights of [space.weights] by which neighbours' mediators enter the outcome equation."""


class Translation(Keys):
    """Texts of the report in a further language; those of the study by default."""

    title: Words = ""
    """Title of the study."""
    question: Question = ""
    """Research question."""
    outcome: Words = ""
    """Name of the outcome."""
    outcome_unit: Words = ""
    """Unit of measurement of the outcome."""


class Paper(Keys):
    """Exhibits of a paper, as the sections of the report in their order."""

    exhibits: Names | None = None
    """Sections of the report in order; by default those of a paper. Their checks are run."""


class Report(Keys):
    """Content, language and formats of the report."""

    prob: float = Field(default=0.95, gt=0, lt=1)
    """Posterior probability of intervals."""
    kind: Literal["eti", "hdi"] = "eti"
    """Equal-tailed or highest-density intervals."""
    by: Names | None = None
    """Groupings of reported effects: strata, "cohort", "time", "stratum"."""
    weights: str = "rows"
    """Weights of cells in averages: "rows", "units" or "equal"."""
    outcome: Words | None = None
    """Name of the outcome in figures."""
    outcome_unit: Words | None = None
    """Unit of measurement of the outcome."""
    outcome_scale: Literal["", "level", "log"] = ""
    """Scale of the outcome; if given, effects are also reported in % of the untreated level."""
    author: Words = ""
    """Author as printed in the report."""
    date: Words = ""
    """Date as printed in the report."""
    language: Language = "en"
    """Language of the figures and the report."""
    formats: Names = []
    """Formats of a report in the folder report/, such as ["html", "docx"]; none by default."""
    question: Question = ""
    """Research question in one or two sentences, for the report."""
    sections: Names | None = None
    """Sections of the report in order; by default all that apply."""
    translations: dict[Language, Translation] = {}
    """Further languages of the report, each in a folder such as report_zh/."""
    estimands: Names = []
    """Estimands with a separate table, such as ["relative_effects", "cumulative"]."""


class Figures(Keys):
    """Figures that are drawn."""

    draw: Names | None = None
    """Names of plots; by default all that apply to the fit; [] for none."""


class Tables(Keys):
    """Tables of the report."""

    show: Names | None = None
    """Kinds of tables; by default all that apply to the fit; [] for none."""


class Baseline(Keys):
    """Table of baseline regressions with controls added step by step, in the report and as .csv."""

    steps: list[Names] | None = None
    """Controls of each column; by default none, then one more in each column, or all at once."""
    coefficients: bool = False
    """If true, the table contains the coefficients of controls."""
    twfe: bool | None = None
    """Two-way fixed effects regression as last column; by default if pyfixest is installed."""
    marks: bool = False
    """If true, estimates have marks of posterior probability, as in journals."""


class Checks(Keys):
    """Checks that run (by default all that apply to the design), and their options."""

    model_config = ConfigDict(
        extra="allow", strict=True, frozen=True, use_attribute_docstrings=True
    )

    run: Names | None = None
    """Names of checks; [] for none."""


class RunKeys(Keys):
    """Computation of refits; the results do not depend on it."""

    workers: int | None = Field(default=None, ge=1)
    """Processes that compute the refits of checks; by default threads of one process."""


class Settings(Keys):
    """A study: data, design, sampler, checks and report."""

    title: Words
    """Title of the study."""
    data: Data
    """Source of the rows, and the role of each column."""
    labels: dict[str, dict[str, Words | Label]] = {}
    """Labels of columns and their values, one table for each language."""
    index: IndexKeys | None = None
    """Outcome as an index of indicators."""
    design: dict[str, Any] = {}
    """The model; by default of type StaggeredDiD."""
    beside: dict[str, dict[str, Any]] = {}
    """Comparison designs by name, without mediators: their differences from [design]."""
    channels: Channels | None = None
    """Mediators through which the policy may work."""
    priors: dict[str, Any] = {}
    """Scales of priors, in multiples of the outcome's within-unit standard deviation."""
    sampler: dict[str, Any] = {}
    """Posterior sampler; chosen automatically by default."""
    report: Report = Report()
    """Content, language and formats of the report."""
    figures: Figures = Figures()
    """Figures that are drawn."""
    tables: Tables = Tables()
    """Tables of the report."""
    baseline: Baseline | None = None
    """Table of baseline regressions."""
    paper: Paper | None = None
    """Exhibits of a paper."""
    checks: Checks = Checks()
    """Checks that run, and their options."""
    run: RunKeys = RunKeys()
    """Computation of refits."""

    @property
    def plugins(self) -> dict[str, StudyTable]:
        """Return the registered tables that the study contains, by name and in order."""
        names = [name for name in type(self).model_fields if name not in Settings.model_fields]
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}
