"""A study that was read and found to fit its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_nqp import vocabulary as v
from bayes_nqp.checks import CHECKS, columns_of, suiting
from bayes_nqp.designs import Design
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError, brief, nearest, speaking
from bayes_nqp.intake import advice
from bayes_nqp.language import Message, Translator
from bayes_nqp.panel import Panel
from bayes_nqp.planning import plan_of, support
from bayes_nqp.plots import PLOTS
from bayes_nqp.reports import SECTIONS, writers
from bayes_nqp.sampling import Sampler
from bayes_nqp.studies._data import Prepared, prepared
from bayes_nqp.studies._kinds import annotations_of, check_kinds
from bayes_nqp.studies._parse import key_hint, parse
from bayes_nqp.studies._schema import Settings
from bayes_nqp.studies._source import source_of
from bayes_nqp.studies._toml import read
from bayes_nqp.studies._values import design_of, options_of, sampler_of
from bayes_nqp.studies._words import in_toml
from bayes_nqp.tables import KINDS

__all__ = ["Study", "validate"]

_GROUPS = (v.COHORT, v.TIME, v.STRATUM)
_COLUMN_OPTIONS = {"by", "cluster", "groups", "outcome", "placebo"}
"""Options of checks that name columns."""


@door
@dataclass(frozen=True, eq=False, repr=False)
class Study:
    """A study file, and what it stands for.

    Parameters
    ----------
    path : Path
        The file.
    settings : Settings
        What it says.
    prepared : Prepared
        The panel, and what was made on the way to it.
    sampler : Importance, NUTS or None
        None for the library's own choice.
    notes : tuple of str
        What to know before running it: units under two names, and what the design leaves out of
        the panel, and why.
    """

    path: Path
    settings: Settings
    prepared: Prepared
    design: Design
    sampler: Sampler | None
    notes: tuple[str, ...] = ()

    @property
    def panel(self) -> Panel:
        """The panel."""
        return self.prepared.panel

    @property
    def translate(self) -> Translator:
        """Words of the report's language, and the panel's labels in it."""
        return Translator(self.settings.report.language, self.panel.labels)

    @property
    def source(self) -> Path | None:
        """The file of the data; None for a dataset or simulation of the library."""
        return source_of(self.settings.data, self.path.parent)

    @property
    def factors(self) -> tuple[str, ...]:
        """The strata by which contrasts are reported."""
        return tuple(name for name in self.by if name in self.panel.roles.strata)

    @property
    def by(self) -> tuple[str, ...]:
        """What effects are reported by: the file's ``by``, or all strata and the cohort.

        The period instead of the cohort where exposure is continuous.
        """
        wanted = self.settings.report.by
        if wanted is not None:
            return tuple(wanted)
        return (*self.panel.roles.strata, v.COHORT if self.staggered else v.TIME)

    @property
    def base(self) -> Any:
        """The design of the outcome: without its channels, if it has any."""
        return self.design.outcome_design

    @property
    def staggered(self) -> bool:
        """Whether units adopt something at some time; they do not under continuous exposure."""
        return self.design.facts.adopted

    @property
    def mediators(self) -> tuple[str, ...]:
        """The channels; empty if the study has none."""
        return self.design.facts.mediators(self.panel)

    @property
    def checks(self) -> tuple[str, ...]:
        """The checks that run: those that the file names, or all that suit the design."""
        wanted = self.settings.checks.run
        if wanted is not None:
            return tuple(wanted)
        return tuple(suiting(self.design, self.panel))

    @property
    def check_options(self) -> Mapping[str, Mapping[str, Any]]:
        """Options by the name of the check, as values."""
        options = self.settings.checks.options
        return {name: options_of(some, f"checks.{name}") for name, some in options.items()}

    @cached_property
    def support(self) -> pd.DataFrame:
        """Which cells' effects the data identify, as `nqp.support` lists them."""
        return support(self.base, self.design.rows(self.panel))

    def __repr__(self) -> str:
        identified = self.support["identified"]
        lines = [
            f"<Study {self.settings.title!r}>",
            f"  file    {self.path}",
            f"  design  {self.design!r}",
            f"  cells   {int(identified.sum())} of {len(identified)} identified",
            f"  checks  {', '.join(self.checks) or 'none'}",
            repr(self.panel),
        ]
        return "\n".join(lines)


@door
@speaking("toml")
def validate(path: str | Path) -> Study:
    """Read a study and see whether it can run, without sampling.

    Parameters
    ----------
    path : str or Path
        A .toml file.

    Raises
    ------
    StudyError
        If the file, a key or a value cannot be understood.
    PanelError
        If the data cannot be read or are malformed.
    IdentificationError
        If the data cannot identify what the design asks for.
    """
    path = Path(path)
    settings = parse(read(path), path.name)
    design = design_of(settings.design, settings.priors, settings.channels)
    sampler = sampler_of(settings.sampler)
    _check_checks(settings, design)
    _check_output(settings)
    data_prepared = prepared(settings, path.parent)
    panel = data_prepared.panel
    _check_draws(settings, data_prepared)
    _check_columns(settings, panel)
    with in_toml("design"):
        plan = plan_of(design, panel)
    for name in settings.report.by or ():
        groups = (*panel.roles.strata, *_GROUPS)
        if name == v.COHORT and not design.facts.adopted:
            raise StudyError(
                "'report.by' names 'cohort', and nobody adopts anything under continuous exposure",
                hint='by = ["time"], or strata',
            )
        if name not in groups:
            raise StudyError(
                Message("'report.by' names {!r}, which is no stratum", name),
                hint=nearest(name, groups),
            )
    twice = advice(panel.roles.unit, panel.frame[panel.roles.unit])
    notes = (twice, *plan.notes) if twice else plan.notes
    return Study(path, settings, data_prepared, design, sampler, notes)


_UNKNOWN = {
    "report.formats": Message("'{}' names {!r}, which is no format"),
    "report.sections": Message("'{}' names {!r}, which is no section"),
    "figures.draw": Message("'{}' names {!r}, which is no plot"),
    "tables.show": Message("'{}' names {!r}, which is no kind of table"),
}


def _check_output(settings: Settings) -> None:
    """See that formats, sections, figures and tables are there."""
    for key, names, registry in (
        ("report.formats", settings.report.formats, writers),
        ("report.sections", settings.report.sections, SECTIONS.keys),
        ("figures.draw", settings.figures.draw, PLOTS.keys),
        ("tables.show", settings.tables.show, KINDS.keys),
    ):
        for name in names or ():
            if name not in registry():
                raise StudyError(_UNKNOWN[key].fill(key, name), hint=nearest(name, registry()))


def _check_checks(settings: Settings, design: Design) -> None:
    for name in settings.checks.run or ():
        if name not in CHECKS:
            raise StudyError(
                Message("'checks.run' names {!r}, which is no check", name),
                hint=nearest(name, CHECKS),
            )
        if CHECKS[name].of == "channels" and not design.facts.channels:
            raise StudyError(
                Message(
                    "'checks.run' names {!r}, which is asked of channels, and there are none", name
                ),
                hint='add [channels] with mediators = ["…"], or leave this check out',
            )
    for name, options in settings.checks.options.items():
        if name not in CHECKS:
            raise StudyError(
                Message("[checks] has the unknown key {!r}", name),
                hint=key_hint(name, ["run", *CHECKS], "checks"),
            )
        if not isinstance(options, dict):
            raise StudyError(
                Message("'checks.{}' is {}", name, brief(options)),
                hint=Message("a table of options: [checks.{}]", name),
            )
        options_known = CHECKS[name].options
        for option in options:
            if option not in options_known:
                raise StudyError(
                    Message("'checks.{}.{}' is no option of this check", name, option),
                    hint=nearest(option, options_known) if options_known else "it takes none",
                )
        check_kinds(options, annotations_of(CHECKS[name].find), f"checks.{name}")
        options_of(options, f"checks.{name}")


def _check_draws(settings: Settings, data_prepared: Prepared) -> None:
    """See whether the weights of an index can be drawn, before anything is sampled."""
    draws = settings.index.draws if settings.index is not None else 0
    if not draws or data_prepared.index is None:
        return
    if draws < 2:
        raise StudyError("'index.draws' is 1", hint="0 for none, or 2 and more, such as 20")
    weights = data_prepared.index.recipe.weights
    if not weights.estimated:
        raise StudyError(
            Message(
                "'index.draws' is {}, and no data can change {}", draws, type(weights).__name__
            ),
            hint="draws = 0, or weights that the data give, such as Entropy",
        )


def _check_columns(settings: Settings, panel: Panel) -> None:
    """Find columns that options name, before anything is sampled."""
    for name, options in settings.checks.options.items():
        for option in _COLUMN_OPTIONS & set(options):
            place = f"checks.{name}.{option}"
            for column in columns_of(place, options[option]):
                columns = [*panel.frame.columns, *panel.roles.strata]
                if column not in columns:
                    raise StudyError(
                        Message("'{}' names {!r}, which is no column of the data", place, column),
                        hint=nearest(column, columns),
                    )
