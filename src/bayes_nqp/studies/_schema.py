"""What a study's .toml may say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = ["Channels", "Checks", "Data", "Report", "Settings", "Stratify"]


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


class Data(_Table):
    """Where the rows are, and which column plays which part."""

    dataset: str | None = None
    file: str | None = None
    sheet: str | int | None = None
    header: int = Field(default=1, ge=1)
    encoding: str | None = None
    thousands: str | None = None
    missing: Names = []
    fill_down: Names = []
    unit: str
    time: str
    outcome: str
    cohort: str | None = None
    treated: str | None = None
    never: Any = None
    freq: int | str | None = None
    strata: Names = []
    covariates: Names = []
    mediators: Names = []
    moderators: Names = []
    weights: str | None = None
    derive: dict[str, str] = {}
    stratify: list[Stratify] = []


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
    design: dict[str, Any] = {}
    channels: Channels | None = None
    priors: dict[str, Any] = {}
    sampler: dict[str, Any] = {}
    report: Report = Report()
    checks: Checks = Checks()
