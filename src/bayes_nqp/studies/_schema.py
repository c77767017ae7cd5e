"""What a study's .toml may say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = [
    "Channels",
    "Checks",
    "Data",
    "Index",
    "Report",
    "Settings",
    "Stratify",
    "Zones",
]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


type Names = Annotated[list[str], BeforeValidator(_listed)]
"""One name, or several."""


class _Table(BaseModel):
    """A table of the file: no key but those named, no number taken from text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Stratify(_Table):
    """A stratum from a baseline value, as `Panel.stratify` makes it."""

    column: str
    cuts: str | list[float] = "median"
    thresholds: list[float] | None = None
    at: Any = None
    labels: list[str] | None = None
    name: str | None = None
    missing: Literal["error", "drop", "level"] = "error"


class Zones(_Table):
    """The pilot zones, merged to the rows, as `merge_zones` does it."""

    prefecture: str
    rule: Literal["approval_year", "next_year_after_june"] = "approval_year"
    cohort: str = "cohort"
    below_prefecture: Literal["ignore", "count", "drop"] = "ignore"
    province: str | None = None
    unmatched: Literal["error", "keep", "drop"] = "error"


class Data(_Table):
    """Where the rows are, and which column plays which part."""

    dataset: str | None = None
    file: str | None = None
    simulation: str | None = None
    options: dict[str, Any] = {}
    sheet: str | int | None = None
    header: int = Field(default=1, ge=1)
    encoding: str | None = None
    thousands: str | None = None
    missing: Names = []
    fill_down: Names = []
    unit: str | None = None
    time: str | None = None
    outcome: str | None = None
    cohort: str | None = None
    treated: str | None = None
    never: Any = None
    freq: int | str | None = None
    strata: Names | None = None
    covariates: Names = []
    mediators: Names = []
    moderators: Names = []
    exposures: Names = []
    weights: str | None = None
    zones: Zones | None = None
    derive: dict[str, str] = {}
    stratify: list[Stratify] = []


class Index(_Table):
    """An index made of indicators, as `ProductivityIndex` makes it."""

    name: str = "nqp"
    system: str | None = None
    keep: Names = []
    columns: dict[str, str] = {}
    positive: Names | dict[str, Names] = []
    negative: Names | dict[str, Names] = []
    dimension: list[dict[str, Any]] = []
    weights: str | dict[str, Any] = "Entropy"
    normalise: str | dict[str, Any] = "MinMax"
    hierarchy: Literal["flat", "nested", "equal"] = "flat"
    missing: Literal["error", "drop", "interpolate", "extend"] = "error"
    constant: Literal["error", "zero"] = "error"
    draws: int = Field(default=0, ge=0)
    seed: int | None = None


class Channels(_Table):
    """Through which mediators the policy may work, as `Mediation` takes them."""

    mediators: Names = []
    interaction: bool = False
    lag: int = Field(default=0, ge=0)
    vary_by: Literal["unit"] | None = None
    moderates: Names | None = None


class Report(_Table):
    """What is reported, and how."""

    prob: float = Field(default=0.95, gt=0, lt=1)
    kind: Literal["eti", "hdi"] = "eti"
    by: Names | None = None
    weights: str = "rows"
    outcome: str | None = None
    outcome_unit: str | None = None
    language: Literal["en", "zh"] = "en"


class Checks(_Table):
    """Which checks run, all of them by default; and a table of options for any of them."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    run: Names | None = None

    @property
    def options(self) -> dict[str, Any]:
        """Options by the name of the check."""
        return dict(self.model_extra or {})


class Settings(_Table):
    """A whole study."""

    title: str
    data: Data
    index: Index | None = None
    design: dict[str, Any] = {}
    channels: Channels | None = None
    priors: dict[str, Any] = {}
    sampler: dict[str, Any] = {}
    report: Report = Report()
    checks: Checks = Checks()
