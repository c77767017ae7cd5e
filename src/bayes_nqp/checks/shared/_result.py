"""Checks, their findings and results, and the decorator that registers a check."""

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
from bayes_nqp._core.i18n import (
    NOTHING,
    Message,
    Translator,
    advice_of,
    advised,
    details_of,
    joined,
    message,
    undetailed,
)
from bayes_nqp._core.labels import UNLABELLED, Labels, labels_of
from bayes_nqp._core.plugins import Plugins
from bayes_nqp._core.templates import html
from bayes_nqp._core.types import Language
from bayes_nqp._core.validation import CheckResultAttributes, door
from bayes_nqp.checks.shared._guide import Guide
from bayes_nqp.checks.shared._labels import unidentified
from bayes_nqp.checks.shared._verdicts import (
    NOT_APPLICABLE,
    OPEN,
    TINTS,
    VERDICTS,
    Verdict,
    cautious,
)
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import Fit, Need, require
from bayes_nqp.model.designs import Design

type Evidence = xr.Dataset | xr.DataArray | pd.DataFrame | None
type Subject = Literal["total", "outcome", "errors", "channels", "fit"]


GIVEN_PARALLEL: Final = "given_parallel"
"""The attr of evidence that is 1 if a divergence before adoption alone determines the verdict."""


def on_request(_: Panel) -> bool:
    """Return False: value of ``suits`` for a check that runs only if it is named."""
    return False


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """Return value of the function of a check.

    Parameters
    ----------
    figure : Message
        The key figure, as text.
    sentence : Message
        Finding and meaning, at most two sentences, joined with a next step that is marked by
        `advised`; further sentences are marked by `detailed`. If no next step is given and the
        check did not pass, the remedy of its `Guide` is added.
    kind : str
        Form of the evidence: see `CheckResult`.
    refit : Fit or Dataset, optional
        Refit that the finding uses: if it did not converge, the verdict is at best "caution".
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
    """Result of a check: question, verdict, key figure, finding and evidence.

    Parameters
    ----------
    name : str
        Name of the check.
    question : str
        The question that the check answers.
    verdict : {"passed", "caution", "failed", "inconclusive", "reported", "not applicable"}
        The verdict. "inconclusive": no evidence of a violation, but too little power to rule one
        out. "reported": a statistic without a calibrated threshold, which does not change the
        confidence grade.
    figure : str
        The key figure, as text.
    sentence : str
        The finding, its meaning for the estimate, and the next step: at most three sentences.
    evidence : Dataset, DataArray, DataFrame or None
        The evidence, in the form that ``kind`` names.
    kind : str
        Form of the evidence, which selects the figure of `plots.check`:

        - "none", nothing to draw; "table", a DataFrame of quantities with R-hat and ESS;
        - "cells", a DataFrame of cells with what identifies them;
        - "event_study", a Dataset of draws with the dim ``event_time``;
        - "comparison", a Dataset of draws of contrasts with the dim ``specification``;
        - "specifications", a Dataset of draws ``att`` (chain, draw, specification), with the
          coordinate ``change`` (specification) that groups them; the first is the fit itself;
        - "permutation", a Dataset of estimates ``placebo`` (repetition) and ``actual``;
        - "shifts", a Dataset of draws ``effect`` (chain, draw, shift), and ``att`` of the fit;
        - "trend_sensitivity", a Dataset of regions over a grid of bounds;
        - "omitted_variables", a Dataset of estimates, bounds (bound) and contours (r2_treatment,
          r2_outcome);
        - "predictive", a Dataset of ``replicated`` (replication, statistic) and ``observed``
          (statistic);
        - "moran", a Dataset of Moran's I (series, time) and of scores (series, place, time);
        - "influence", a DataFrame with a row a unit;
        - "power_scaling", a DataFrame with a row a quantity;
        - "mediation_sensitivity", a Dataset of curves (quantity, path, rho) and of where they
          cross zero;
        - "channels", a DataFrame of mediator, quantity, value, lower, upper, verdict and scale.
    labels : Labels
        Labels of names in the sentences, by language.
    details : str, default ""
        Further sentences, which reports fold below the finding.

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
    details: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdict", Word(self.verdict))

    def said(self, language: Language = "en") -> str:
        """Return the finding, its meaning and the next step in one language."""
        return Translator(language, self.labels).name(self.sentence)

    def detailed(self, language: Language = "en") -> str:
        """Return the details in one language."""
        return Translator(language, self.labels).name(self.details)

    def figure_in(self, language: Language = "en") -> str:
        """Return the key figure in one language."""
        return Translator(language, self.labels).name(self.figure)

    def asked(self, language: Language = "en") -> str:
        """Return the question in one language."""
        return Translator(language).name(self.question)

    @cached_property
    def digest(self) -> str:
        """SHA-256 digest of the texts and the evidence."""
        text = (
            self.name, self.question, self.verdict, self.figure, self.sentence, self.kind,
            self.details,
        )  # fmt: skip
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
            f"  finding   {self.sentence}",
            *([f"  details   {self.details}"] if self.details else []),
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
        The fit that the check receives: "total", a fit of the total effect (for mediation models
        the outcome's own design on the same observations); "outcome", the same, given the
        mediators if mediators of neighbours enter; "errors", the same, given the coefficient of
        the spatial lag; "channels", the `Mediation` fit; "fit", any fit unchanged.
    place : int, default 1000
        Position in reports, in increasing order.
    needs : tuple of Need, default ()
        Requirements: the first that is not met gives the reason for "not applicable".
    suits : callable, optional
        Takes the panel and returns True if the list of all checks includes this one; by default
        it always does.
    assumption : bool, default False
        True if the check concerns an identifying assumption about untreated potential outcomes.
    guide : Guide, optional
        Statistic, thresholds, meaning of a failure, remedy and literature.
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
    guide: Guide | None = None

    def listed(self, design: Design, panel: Panel | None) -> bool:
        """Return True if the list of all checks of a design on a panel includes this check."""
        if panel is not None and self.suits is not None and not self.suits(panel):
            return False
        return all(need.asked_anyway or need.met(design.facts, panel) for need in self.needs)

    def offered(self, design: Design, panel: Panel) -> bool:
        """Return True if the check can run by name but is not in the list of all checks."""
        able = all(need.met(design.facts, panel) for need in self.needs)
        suitable = self.suits is None or self.suits is on_request or self.suits(panel)
        return able and suitable and not self.listed(design, panel)

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the options."""
        return tuple(signature(self.find).parameters)[1:]

    def __call__(self, fit: Fit, **options: object) -> CheckResult:
        """Run the check on a fit.

        Parameters
        ----------
        **options
            Options of this check.

        Returns
        -------
        CheckResult
            With verdict "not applicable" and the reason, if the design or data do not allow it.

        Raises
        ------
        StudyError
            If an option does not exist or has an invalid value.
        """
        for name in options:
            if name not in self.options:
                raise StudyError(
                    f"the check {self.name!r} has no option {name!r}",
                    hint=nearest(name, self.options)
                    if self.options
                    else "this check has no options",
                )
        finding = self._finding(fit, options)
        verdict, sentence = finding.verdict, finding.sentence
        if finding.refit is not None:
            verdict, sentence = cautious(verdict, sentence, finding.refit)
        if self.guide is not None and verdict in OPEN and not advice_of(sentence):
            sentence = joined([sentence, advised(Message("Next: {}.", self.guide.remedy))])
        return CheckResult(
            self.name, self.question, verdict, finding.figure, undetailed(sentence),
            finding.evidence, finding.kind, labels_of(fit), details_of(sentence),
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
            # The check, not its caller, requested a model that this design does not support.
            return Finding(NOT_APPLICABLE, NOTHING, unidentified(refusal))
        return self._seen(finding)

    def _seen(self, finding: object) -> Finding:
        """Return a finding with a current verdict; raise an error for any other object."""
        if not isinstance(finding, Finding):
            problem = f"the check {self.name!r} returned {finding!r}, which is not a Finding"
            raise StudyError(problem, hint="return Finding(HOLDS, figure, sentence) in every case")
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
    guide: Guide | None = None,
) -> Callable[[Callable[..., Finding]], Check]:
    """Make a function a check, named as the function is, and register it.

    Parameters
    ----------
    question : str
        The question that the check answers.
    title : str, default ""
        The question in a word or two; by default the name.
    of, place, needs, suits, assumption, guide
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
            name,
            message(question),
            door(find),
            short,
            of,
            place,
            needs,
            suits,
            assumption,
            guide,
        )
        return CHECKS.add(name, check, place, find)

    return decorate
