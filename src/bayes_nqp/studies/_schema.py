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
    """Of the column itself."""
    levels: dict[str, Words] = {}
    """By level of a stratum, or by unit."""


class IndexKeys(Keys):
    """Outcome as an index of indicators, with its weights and contributions as tables."""

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
    """Mediators through which the policy may work; the design becomes a Mediation."""

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
    links: str | None = None
    """Weights of [space.weights] by which linked units' mediators enter the outcome's equation."""


class Report(Keys):
    """Content, language and formats of the report."""

    prob: float = Field(default=0.95, gt=0, lt=1)
    """Posterior probability of intervals."""
    kind: Literal["eti", "hdi"] = "eti"
    """Equal-tailed intervals, or those of highest density."""
    by: Names | None = None
    """What effects are reported by: strata, "cohort", "time", "stratum"."""
    weights: str = "rows"
    """How cells are averaged: "rows", "units" or "equal"."""
    outcome: Words | None = None
    """What figures call the outcome."""
    outcome_unit: Words | None = None
    """Its unit."""
    outcome_scale: Literal["", "level", "log"] = ""
    """Of the outcome; where said, effects are given in % of the untreated level too."""
    author: Words = ""
    """Who reports, as the report is to say it."""
    date: Words = ""
    """Of the report, as it is to say it."""
    language: Language = "en"
    """Of figures and of the report."""
    formats: Names = []
    """Formats of a report in the folder report/, such as ["html", "docx"]; none by default."""
    question: Question = ""
    """What the study asks, in a sentence or two, for the report."""
    sections: Names | None = None
    """Sections of the report, all that suit by default."""
    estimands: Names = []
    """Names of estimands with a table of their own, such as ["relative_effects", "cumulative"]."""


class Figures(Keys):
    """Figures that are drawn."""

    draw: Names | None = None
    """Names of plots, all that suit the fit by default; [] for none."""


class Tables(Keys):
    """Tables of the report."""

    show: Names | None = None
    """Kinds of tables, all that suit the fit by default; [] for none."""


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
    """Processes that compute the refits of checks; threads of one process by default."""


class Settings(Keys):
    """A study: data, design, sampler, checks and report."""

    title: Words
    """What the study asks."""
    data: Data
    """Where the rows are, and which column plays which part."""
    labels: dict[str, dict[str, Words | Label]] = {}
    """What columns and what stands in them are called, a table for each language."""
    index: IndexKeys | None = None
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
    run: RunKeys = RunKeys()
    """Who computes refits."""

    @property
    def plugins(self) -> dict[str, StudyTable]:
        """Return the registered tables that the study contains, by name and in order."""
        names = [name for name in type(self).model_fields if name not in Settings.model_fields]
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}
