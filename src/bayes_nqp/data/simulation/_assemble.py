"""Convert simulated outcomes to a table, a panel and its truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.labels import ATTR
from bayes_nqp.data.index import IndexSystem, ProductivityIndex
from bayes_nqp.data.simulation._indicators import indexed, indicators_of
from bayes_nqp.data.simulation._mediated_truth import truth_of
from bayes_nqp.data.simulation._policy import Happened, Policy
from bayes_nqp.data.simulation._truth import Simulated
from bayes_nqp.data.simulation._words import Language, columns_of, labelled, say


@dataclass(frozen=True, eq=False)
class Written:
    """Names and layout of the table of a simulation.

    Parameters
    ----------
    base : DataFrame
        Columns of the table other than covariates, mediators and indicators, with their final
        names.
    unit : str
        Column of the unit.
    strata : tuple of str
        Columns of the panel's strata.
    code, period : ndarray of int (row)
        Unit; period, from 0.
    shape : tuple of int
        Units, periods.
    exposure : str, optional
        Column of a continuous exposure, which replaces cohorts.
    """

    base: pd.DataFrame
    unit: str
    strata: tuple[str, ...]
    code: Index
    period: Index
    shape: tuple[int, int]
    system: IndexSystem
    language: Language
    exposure: str | None = None


def assembled(
    written: Written,
    happened: Happened,
    policy: Policy,
    controls: Iterable[str],
    seed: int,
    parameters: Mapping[str, object],
) -> Simulated:
    """Simulate indicators, build the index, and express the truth in index points.

    Parameters
    ----------
    controls : iterable of str
        Names of the covariates.
    """
    language = written.language
    system = columns_of(written.system, language)
    covariates = [say(name, language) for name in controls]
    mediators = tuple(say(name, language) for name in policy.mediators)
    measured = indicators_of(
        system, happened.productivity, written.code, written.period, written.shape, policy.rho,
        policy.noise, seed,
    )  # fmt: skip
    parts = [
        written.base,
        pd.DataFrame(happened.covariates.T, columns=covariates),
        pd.DataFrame(happened.facts.mediators().T, columns=list(mediators)),
        measured.frame,
    ]
    _check_columns([name for part in parts for name in part.columns])
    frame = pd.concat(parts, axis=1)
    time, name = say("year", language), say("nqp", language)
    recipe = ProductivityIndex(system)
    index, gain = indexed(recipe, frame, written.unit, time, measured.moved)
    policy_column = (
        {"cohort": say("zone_year", language)}
        if written.exposure is None
        else {"exposures": [written.exposure]}
    )
    panel = index.panel(
        name=name, strata=list(written.strata), covariates=covariates,
        mediators=list(mediators), moderators=[say("digital_finance", language)],
        **policy_column,
    )  # fmt: skip
    labels = labelled(panel.frame, language)
    panel = replace(panel, labels=labels)
    frame.attrs[ATTR] = labels.text
    truth = truth_of(
        happened.facts, index.values.to_numpy(), happened.cells, written.strata, mediators,
        name, gain,
    )  # fmt: skip
    return Simulated(panel, truth, {**parameters, "system": system, "gain": gain}, frame)


def _check_columns(names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1} | set(names) & v.RESERVED)
    if twice:
        raise StudyError(
            f"{', '.join(map(repr, twice))} would be two columns, or is a reserved name",
            hint="choose other names for 'mediators', or other columns in 'system'",
        )
