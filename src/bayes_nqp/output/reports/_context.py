"""Context of a report: the fit, its checks and the options of the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Translator, joined, unadvised
from bayes_nqp._core.labels import labels_of
from bayes_nqp._core.partial_failures import omitted
from bayes_nqp._core.texts import cleaned
from bayes_nqp.checks import (
    CheckResult,
    Confidence,
    ModelAverage,
    Subject,
    confidence_of,
    convergence_words,
)
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.plots import PLOTS, Scene, Sketch
from bayes_nqp.output.reports._content import NumberedTable
from bayes_nqp.output.tables import KINDS, Ask, per_words, table


@dataclass(frozen=True, eq=False)
class Context(Scene):
    """Fit, checks and options of a report.

    Parameters
    ----------
    notice : str
        Important note that is printed first.
    command : str
        Command that was run, for the record.
    heading : str
        Heading of the fit's column in comparisons with other fits; the title by default.
    others : mapping of str to Fit
        Further fits for comparison.
    figures : str
        Folder of the figures, relative to the report.
    kinds, sections : tuple of str, optional
        Names of the table kinds and sections to write, sections in this order; all by default.
    estimands : tuple of str
        Names of estimands that have a separate section.
    author, date : str
        Author and date, as printed.
    outcome_scale : {"", "level", "log"}
        Scale of the outcome; if it is stated, the effect is also given in % of the untreated level.
    linked : mapping of str to str
        Columns of means over neighbouring units, and the column that each is the mean of.
    baseline : mapping of str to object, optional
        Options of a baseline table, if there is a section for it.
    """

    notice: str = ""
    title: str = ""
    question: str = ""
    command: str = ""
    heading: str = ""
    others: Mapping[str, Fit] = field(default_factory=dict)
    figures: str = "figures/"
    kinds: tuple[str, ...] | None = None
    sections: tuple[str, ...] | None = None
    estimands: tuple[str, ...] = ()
    author: str = ""
    date: str = ""
    outcome_scale: str = ""
    linked: Mapping[str, str] = field(default_factory=dict)
    baseline: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        """Clean the texts of users."""
        super().__post_init__()
        for name in ("notice", "title", "question", "author", "date"):
            object.__setattr__(self, name, cleaned(getattr(self, name)))

    @property
    def channels(self) -> tuple[str, ...]:
        """Return the mediators of the fit; empty without mediators."""
        paths = schema.path_roles(self.fitted)
        return tuple(path for path, role in paths.items() if role == v.INDIRECT)

    @property
    def usual_outcome(self) -> str:
        """Return the default name of the outcome."""
        name = str(self.given.record.get("outcome", ""))
        return self.translate.name(name) if name else self.translate("the outcome")

    @property
    def fits(self) -> dict[str, Fit]:
        """Return the fit and the fits for comparison by heading, with one name per outcome."""
        outcome = self.given.record.get("outcome")
        beside = {
            name: replace(self, given=fit).fit if fit.record.get("outcome") == outcome else fit
            for name, fit in self.others.items()
        }
        return {self.heading or self.title: self.fit, **beside}

    @property
    def staggered(self) -> bool:
        """Return True if units adopt at known times, so that event time is defined."""
        event_time = self.fitted[v.EVENT_TIME] if v.EVENT_TIME in self.fitted.coords else None
        return event_time is not None and bool(event_time.notnull().any())

    @property
    def average(self) -> ModelAverage | None:
        """Return the model average if it is the reported posterior."""
        return self.posterior.average

    @property
    def moved(self) -> dict[str, str]:
        """Return the exposure and its unit of change; empty for a policy that is adopted."""
        attrs = self.fitted.attrs
        if not attrs.get("exposure"):
            return {}
        exposure = self.translate.name(str(attrs["exposure"]))
        return {"exposure": exposure, "per": per_words(attrs, self.translate)}

    def tells(self, section: str) -> bool:
        """Return True if a section is to be written."""
        return self.sections is None or section in self.sections

    def of(self, verdict: str) -> list[CheckResult]:
        """Return the checks with one verdict."""
        return [result for result in self.checks if result.verdict == verdict]

    def confidence(self, subject: Subject) -> Confidence:
        """Return the confidence grade of a result of the reported posterior."""
        average = self.average
        return confidence_of(
            self.checks,
            subject,
            converged=self.fit.gate.passed,
            adopted=self.staggered,
            support=None if average is None else average.support,
            averaged=average is not None,
        )

    def answer(self, result: CheckResult) -> str:
        """Return the finding of a check in the report's language, without advice to the author."""
        return Translator(self.language, result.labels).name(unadvised(result.sentence))

    def details(self, result: CheckResult) -> str:
        """Return the details of a check in the report's language, without advice."""
        return Translator(self.language, result.labels).name(unadvised(result.details))

    def gate(self, *, reasons: bool = False) -> str:
        """Return the verdict of the convergence diagnostics in the report's language.

        Parameters
        ----------
        reasons : bool, default False
            If True, return only the reasons, for a sentence that already states the failure.
        """
        verdict = convergence_words(str(self.fit.gate))
        if not reasons and not self.fit.gate.passed:
            verdict = Message("failed: {}", verdict)
        return self.translate.name(verdict)

    def joined(self, sentences: Iterable[str]) -> str:
        """Join sentences as usual in the language of the report."""
        return self.translate.name(joined(sentences))

    def sketches(self, name: str) -> Iterator[Sketch]:
        """Return the figures of a plot; empty if the plot is not registered or does not apply."""
        if name in PLOTS:
            yield from PLOTS[name].sketches(self)

    @property
    def ask(self) -> Ask:
        """Return the options of tables of the fit."""
        return Ask(
            language=self.language,
            prob=self.prob,
            weights=self.weights,
            checks=self.checks,
            labels=labels_of(self.given),
        )

    def table(self, kind: str, source: object = None, **how: Any) -> Iterator[NumberedTable]:
        """Yield a table of the fit or another source; nothing if its kind is not registered.

        Parameters
        ----------
        source : object, optional
            Object to tabulate instead of the fit, without the weights and checks of the report.
        **how
            Other arguments of `table`.
        """
        if kind not in KINDS or (self.kinds is not None and kind not in self.kinds):
            return
        arguments: dict[str, Any] = {"language": self.language, "prob": self.prob}
        if source is None:
            arguments |= {"weights": self.weights, "checks": self.checks}
        with omitted(Message("The table {}", kind)):
            tabulated = table(self.fit if source is None else source, kind, **{**arguments, **how})
            yield NumberedTable(tabulated, 0)
