"""What a check says, and how a function becomes one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import signature
from typing import Final, Literal, cast

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core.compat import Word, current
from bayes_nqp._core.exceptions import (
    ChoiceError,
    IdentificationError,
    NotApplicable,
    StudyError,
    nearest,
    one_of,
)
from bayes_nqp._core.i18n import NOTHING, Message, Translator, message
from bayes_nqp._core.labels import UNLABELLED, Labels, labels_of
from bayes_nqp._core.plugins import Plugins
from bayes_nqp._core.templates import html
from bayes_nqp._core.types import Language
from bayes_nqp._core.validation import CheckResultAttributes, door
from bayes_nqp.checks.shared._labels import unidentified
from bayes_nqp.checks.shared._verdicts import NOT_APPLICABLE, TINTS, VERDICTS, Verdict, cautious
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import Fit, Need, require
from bayes_nqp.model.designs import Design

type Evidence = xr.Dataset | xr.DataArray | pd.DataFrame | None
type Subject = Literal["total", "outcome", "errors", "channels", "fit"]


def on_request(_: Panel) -> bool:
    """Leave a check out of the list of all: ``suits`` of one that is asked by its name alone."""
    return False


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What a check's function returns.

    Parameters
    ----------
    figure : Message
        The key figure, as text.
    sentence : Message
        One plain sentence.
    kind : str
        How the evidence is to be drawn: see `CheckResult`.
    refit : Fit or Dataset, optional
        What the answer rests on beside the fit: where its gate failed, the verdict is lowered.
    """

    verdict: Verdict
    figure: Message
    sentence: Message
    evidence: Evidence = None
    kind: str = "none"
    refit: Fit | xr.Dataset | None = None


@door
@dataclass(frozen=True, eq=False, repr=False)
class CheckResult(CheckResultAttributes):
    """A question about a fit, the evidence, and a verdict.

    Parameters
    ----------
    name : str
        Of the check.
    question : str
        What it asks.
    verdict : {"passed", "caution", "failed", "inconclusive", "reported", "not applicable"}
        The answer in short; "inconclusive": nothing speaks against it, and these data could not
        have shown enough for it; "reported" is a number that nobody can judge, which counts neither
        for nor against the result.
    figure : str
        The key figure, as text.
    sentence : str
        The answer as one plain sentence.
    evidence : Dataset, DataArray, DataFrame or None
        What it rests on, as ``kind`` says.
    kind : str
        How the evidence is to be drawn, by `plots.check`:

        - "none", nothing to draw; "table", a DataFrame of quantities with R-hat and ESS;
        - "cells", a DataFrame of cells with what identifies them;
        - "event_study", a Dataset of draws with the dim ``event_time``;
        - "comparison", a Dataset of draws of contrasts with the dim ``specification``;
        - "specifications", a Dataset of draws ``att`` (chain, draw, specification), with the
          coordinate ``change`` (specification) that groups them; the first is the fit itself;
        - "permutation", a Dataset of estimates ``placebo`` (repetition) and ``actual``;
        - "shifts", a Dataset of draws ``effect`` (chain, draw, shift), and ``att`` of the fit;
        - "trend_sensitivity", a Dataset of regions over a grid of bounds;
        - "predictive", a Dataset of ``replicated`` (replication, statistic) and ``observed``
          (statistic);
        - "moran", a Dataset of Moran's I (series, time) and of scores (series, place, time);
        - "influence", a DataFrame with a row a unit;
        - "power_scaling", a DataFrame with a row a quantity;
        - "mediation_sensitivity", a Dataset of curves (quantity, path, rho) and of where they
          cross zero;
        - "channels", a DataFrame of mediator, quantity, value, lower, upper, verdict and scale.
    labels : Labels
        What names in its sentences are called, a language each.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> result = nqp.check(fit, "identification", progress=False)
    >>> result.name, str(result.verdict)
    ('identification', 'passed')
    """

    name: str
    question: str
    verdict: Verdict
    figure: str
    sentence: str
    evidence: Evidence = None
    kind: str = "none"
    labels: Labels = UNLABELLED

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdict", Word(self.verdict))

    def said(self, language: Language = "en") -> str:
        """Give the answer in one language."""
        return Translator(language, self.labels).name(self.sentence)

    def figure_in(self, language: Language = "en") -> str:
        """Give the key figure in one language."""
        return Translator(language, self.labels).name(self.figure)

    def asked(self, language: Language = "en") -> str:
        """Give the question in one language."""
        return Translator(language).name(self.question)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what the check says and of its evidence."""
        text = (self.name, self.question, self.verdict, self.figure, self.sentence, self.kind)
        seal = hashlib.sha256(repr(text).encode("utf-8"))
        if isinstance(self.evidence, pd.DataFrame):
            seal.update(self.evidence.to_csv(index=False).encode("utf-8"))
        elif self.evidence is not None:
            named = self.evidence
            parts = named.data_vars if isinstance(named, xr.Dataset) else {"": named}
            for name in sorted(map(str, parts)):
                seal.update(name.encode("utf-8"))
                seal.update(np.ascontiguousarray(parts[name].values))
        return seal.hexdigest()

    def __repr__(self) -> str:
        lines = (
            f"<CheckResult {self.name}: {self.verdict}>",
            f"  question  {self.question}",
            f"  figure    {self.figure or '–'}",
            f"  answer    {self.sentence}",
        )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return html("checks/templates/check.html", check=self, tints=TINTS)


@dataclass(frozen=True, slots=True)
class Check:
    """A check: a name, a question, and the function that answers it.

    Parameters
    ----------
    find : callable
        Takes a fit, and options by keyword, each with a default; returns a Finding; may raise
        `NotApplicable`.
    title : str
        The question in a word or two.
    of : {"total", "outcome", "errors", "channels", "fit"}, default "total"
        What it is asked of: the total effect, where channels were fitted too that of the
        outcome's own design on the same rows; the same, but given the mediators where those of
        linked units enter; the same, but given the coefficient of linked units' outcomes or
        errors; the channels of a `Mediation` alone; or any fit as it is.
    place : int, default 1000
        Where it stands in reports, from low to high.
    needs : tuple of Need, default ()
        What it cannot do without: the first that is missing gives the reason.
    suits : callable, optional
        Whether the list of all checks of a fit to a panel is to hold it; always by default.
    assumption : bool, default False
        Whether it speaks to what no draw can know: that the others show how the treated would
        have moved.
    """

    name: str
    question: str
    find: Callable[..., Finding]
    title: str = ""
    of: Subject = "total"
    place: int = 1000
    needs: tuple[Need, ...] = ()
    suits: Callable[[Panel], bool] | None = None
    assumption: bool = False

    def listed(self, design: Design, panel: Panel | None) -> bool:
        """Tell whether the check is among those that a design on a panel calls for."""
        if panel is not None and self.suits is not None and not self.suits(panel):
            return False
        return all(need.asked_anyway or need.met(design.facts, panel) for need in self.needs)

    def offered(self, design: Design, panel: Panel) -> bool:
        """Tell whether a design on a panel can be asked, where the list of all leaves it out."""
        able = all(need.met(design.facts, panel) for need in self.needs)
        suitable = self.suits is None or self.suits is on_request or self.suits(panel)
        return able and suitable and not self.listed(design, panel)

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the options."""
        return tuple(signature(self.find).parameters)[1:]

    def __call__(self, fit: Fit, **options: object) -> CheckResult:
        """Ask the question of a fit.

        Parameters
        ----------
        **options
            Of this check.

        Returns
        -------
        CheckResult
            Not applicable, with the reason, where the data cannot answer.

        Raises
        ------
        StudyError
            If there is no such option, or its value is none.
        """
        for name in options:
            if name not in self.options:
                raise StudyError(
                    f"the check {self.name!r} has no option {name!r}",
                    hint=nearest(name, self.options) if self.options else "it takes none",
                )
        finding = self._finding(fit, options)
        verdict, sentence = finding.verdict, finding.sentence
        if finding.refit is not None:
            verdict, sentence = cautious(verdict, sentence, finding.refit)
        return CheckResult(
            self.name, self.question, verdict, finding.figure, sentence, finding.evidence,
            finding.kind, labels_of(fit),
        )  # fmt: skip

    def _finding(self, fit: Fit, options: Mapping[str, object]) -> Finding:
        try:
            require(fit, *self.needs)
            finding = self.find(fit, **options)
        except NotApplicable as missing:
            return Finding(NOT_APPLICABLE, NOTHING, missing.why)
        except ChoiceError as choice:
            why = Message("This design has no {!r} to choose.", choice.name)
            return Finding(NOT_APPLICABLE, NOTHING, why)
        except IdentificationError as error:
            return Finding(NOT_APPLICABLE, NOTHING, unidentified(error))
        except StudyError as refusal:
            if options:
                raise
            # What the check asked for, and not its caller, goes with no design like this one.
            return Finding(NOT_APPLICABLE, NOTHING, unidentified(refusal))
        return self._seen(finding)

    def _seen(self, finding: object) -> Finding:
        """Refuse what a function returned where that is no answer."""
        if not isinstance(finding, Finding):
            problem = f"the check {self.name!r} returned {finding!r}, which is no Finding"
            raise StudyError(problem, hint="return Finding(HOLDS, figure, sentence) on every way")
        verdict = current("verdict", finding.verdict)
        if verdict != finding.verdict:
            finding = replace(finding, verdict=cast("Verdict", verdict))
        one_of(f"the verdict of {self.name}", finding.verdict, VERDICTS)
        return finding


CHECKS: Final = Plugins[Check]("bayes_nqp.checks")
"""Every check by name, in the order of reports."""


def asks(
    question: str,
    title: str = "",
    *,
    of: Subject = "total",
    place: int = 1000,
    needs: tuple[Need, ...] = (),
    suits: Callable[[Panel], bool] | None = None,
    assumption: bool = False,
) -> Callable[[Callable[..., Finding]], Check]:
    """Make a function a check, named as the function is, and register it.

    Parameters
    ----------
    question : str
        What the check asks.
    title : str, default ""
        The same in a word or two; by default its name.
    of, place, needs, suits, assumption
        As in `Check`.

    Returns
    -------
    callable
        A decorator. A check replaces an earlier one of the same name and package.
    """

    def decorate(find: Callable[..., Finding]) -> Check:
        name = find.__name__
        short = Message(title or name, context="check")
        check = Check(
            name, message(question), door(find), short, of, place, needs, suits, assumption
        )
        return CHECKS.add(name, check, place, find)

    return decorate
