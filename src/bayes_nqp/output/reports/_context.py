"""What every section of a report is made from."""

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
    """A fit, its checks, and how the report is to speak of them.

    Parameters
    ----------
    notice : str
        What a reader must know before anything else.
    command : str
        What was typed, for the record.
    heading : str
        Of the fit's column where others stand beside it; the title by default.
    others : mapping of str to Fit
        Further fits, to stand beside this one.
    figures : str
        Where the figures are, as seen from the report.
    kinds, sections : tuple of str, optional
        Names of those to be written; all by default.
    estimands : tuple of str
        Names of those that have a section of their own.
    author, date : str
        Who reports, and when, as they are to be written.
    outcome_scale : {"", "level", "log"}
        Of the outcome: where it is stated, the effect is given in % of the untreated level too.
    linked : mapping of str to str
        Columns of means over linked units, and of what each is the mean.
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

    def __post_init__(self) -> None:
        """Clean what users say."""
        super().__post_init__()
        for name in ("notice", "title", "question", "author", "date"):
            object.__setattr__(self, name, cleaned(getattr(self, name)))

    @property
    def channels(self) -> tuple[str, ...]:
        """The mediators, where channels were fitted."""
        paths = schema.path_roles(self.fitted)
        return tuple(path for path, role in paths.items() if role == v.INDIRECT)

    @property
    def usual_outcome(self) -> str:
        """How the outcome is called where nobody named it."""
        name = str(self.given.record.get("outcome", ""))
        return self.translate.name(name) if name else self.translate("the outcome")

    @property
    def fits(self) -> dict[str, Fit]:
        """The fit and those beside it, by heading: the same outcome has the same name."""
        outcome = self.given.record.get("outcome")
        beside = {
            name: replace(self, given=fit).fit if fit.record.get("outcome") == outcome else fit
            for name, fit in self.others.items()
        }
        return {self.heading or self.title: self.fit, **beside}

    @property
    def staggered(self) -> bool:
        """Whether units adopt at known times, so that there is an event time."""
        event_time = self.fitted[v.EVENT_TIME] if v.EVENT_TIME in self.fitted.coords else None
        return event_time is not None and bool(event_time.notnull().any())

    @property
    def average(self) -> ModelAverage | None:
        """The model average, where the reported posterior is one."""
        return self.posterior.average

    @property
    def moved(self) -> dict[str, str]:
        """The exposure and how much of it effects are for; empty where a policy is adopted."""
        attrs = self.fitted.attrs
        if not attrs.get("exposure"):
            return {}
        exposure = self.translate.name(str(attrs["exposure"]))
        return {"exposure": exposure, "per": per_words(attrs, self.translate)}

    def tells(self, section: str) -> bool:
        """Whether a section is to be written."""
        return self.sections is None or section in self.sections

    def of(self, verdict: str) -> list[CheckResult]:
        """Find the checks with one verdict."""
        return [result for result in self.checks if result.verdict == verdict]

    def confidence(self, subject: Subject) -> Confidence:
        """Grade the confidence in a result of the reported posterior."""
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
        """Give the verdict of the fit's convergence gate in the report's language.

        Parameters
        ----------
        reasons : bool, default False
            Only what failed, for a sentence that says already that it did.
        """
        verdict = convergence_words(str(self.fit.gate))
        if not reasons and not self.fit.gate.passed:
            verdict = Message("failed: {}", verdict)
        return self.translate.name(verdict)

    def joined(self, sentences: Iterable[str]) -> str:
        """Put sentences one after another, as the language does."""
        return self.translate.name(joined(sentences))

    def sketches(self, name: str) -> Iterator[Sketch]:
        """Give the figures of a plot; none where it is not registered, or not for this fit."""
        if name in PLOTS:
            yield from PLOTS[name].sketches(self)

    @property
    def ask(self) -> Ask:
        """How tables of the fit are to be made."""
        return Ask(
            language=self.language,
            prob=self.prob,
            weights=self.weights,
            checks=self.checks,
            labels=labels_of(self.given),
        )

    def table(self, kind: str, source: object = None, **how: Any) -> Iterator[NumberedTable]:
        """Give a table of the fit, or of something else; none where its kind is not registered.

        Parameters
        ----------
        source : object, optional
            What is tabulated instead of the fit, without the report's weights and checks.
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
