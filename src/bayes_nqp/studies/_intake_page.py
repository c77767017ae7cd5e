"""Summary of reading a file and of guessing its columns, as values and as a web page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bayes_nqp._core.exceptions import Spoken
from bayes_nqp._core.fields import COLUMNS, PILOT_ZONES
from bayes_nqp._core.i18n import NOTHING, Message, Translator, listed, typography
from bayes_nqp._core.io import in_shell
from bayes_nqp._core.templates import html
from bayes_nqp._core.validation import door
from bayes_nqp.data.column_inference import Guess, Look
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.reading import STEPS, Found, counted
from bayes_nqp.studies._new_text import CAN_RUN, HEADINGS, TAKE
from bayes_nqp.studies._new_toml import toml_text

_WORDS: Final = {
    "unit": Message("unit", context="part"),
    "time": Message("period", context="part"),
    "cohort": Message("first treated", context="part"),
    "never": Message("never treated", context="part"),
    "treated": Message("treated or not", context="part"),
    "treatment": Message("treated or not (may end)", context="part"),
    "outcome": Message("outcome", context="part"),
    "strata": Message("groups", context="part"),
    "likelihood": Message("distribution", context="part"),
}
READ: Final = Message("Details of how the file was read: {}")
_REFUSED: Final = Message("No study file was written:")


@door
@dataclass(frozen=True, slots=True)
class IntakeStep:
    """One step of reading a file.

    Parameters
    ----------
    key : str
        Key of [data.read].
    label, reason : str
        Name of the step, and the reason for it.
    before, after : str
        An example; "" if there is none.
    size : str
        Number of cells, rows, columns or sheets that the step changes.
    line : str
        Line of the study; deleting it undoes the step. A comment if the step is only offered.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> made = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1)
    >>> made.panel.frame.to_csv(f"{folder}/cities.csv", index=False)
    >>> page = nqp.studies.look(f"{folder}/cities.csv")
    >>> [step.key for step in page.steps]
    []
    """

    key: str
    label: str
    reason: str
    before: str
    after: str
    size: str
    line: str


@door
@dataclass(frozen=True, slots=True)
class IntakeRole:
    """Role of a column: key of [data], label, columns or codes, and the reason for the guess.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> made = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1)
    >>> made.panel.frame.to_csv(f"{folder}/cities.csv", index=False)
    >>> page = nqp.studies.look(f"{folder}/cities.csv")
    >>> [role.key for role in page.roles][:2]
    ['unit', 'time']
    """

    key: str
    label: str
    value: str
    reason: str


@door
@dataclass(frozen=True, slots=True)
class IntakePage:
    """Summary of reading a file: the steps, the guessed roles, and open problems.

    All texts are in the language of the page.

    Parameters
    ----------
    language : str
        Language of the page.
    title, subtitle : str
        Name and size of the file.
    heading : str
        Statement about whether the study can run.
    problems : tuple of str
        All problems that prevent a run; each has lines for the problem, its place and a remedy.
    doubtful : bool
        True if the study could run, but should be checked first.
    steps : tuple of IntakeStep
        Steps of reading, in order.
    undo : str
        Instructions for undoing a step.
    roles : tuple of IntakeRole
        Roles of columns.
    facts : tuple of tuple of two str
        Names and values of facts about the panel, if there is one.
    notes : tuple of str
        Excluded data, proposals that were not made, and other information.
    command : str
        Command that runs the study; "" if it cannot run.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> made = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1)
    >>> made.panel.frame.to_csv(f"{folder}/cities.csv", index=False)
    >>> page = nqp.studies.look(f"{folder}/cities.csv")
    >>> [role.key for role in page.roles][:2]
    ['unit', 'time']
    """

    language: str
    title: str
    subtitle: str
    heading: str
    problems: tuple[str, ...]
    doubtful: bool
    steps: tuple[IntakeStep, ...]
    undo: str
    roles: tuple[IntakeRole, ...]
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    command: str

    def body(self) -> str:
        """Return the content between the header and the footer of the page, as HTML for `style`."""
        tone = "doubt" if self.doubtful else "bad" if self.problems else "note"
        return html(
            "studies/templates/intake_body.html", page=self, tone=tone,
            words=dict(zip(_HEADS, map(Translator(self.language), _HEADS.values()), strict=True)),
        )  # fmt: skip

    def html(self) -> str:
        """Return a self-contained HTML page."""
        return html(
            "studies/templates/intake.html", page=self, tongue=typography(self.language).tag,
            body=self.body(),
        )  # fmt: skip

    def _repr_html_(self) -> str:
        return self.body()


_HEADS: Final = {
    "steps": Message("Reading of the cells"), "step": Message("Step"), "before": Message("From"),
    "after": Message("To"), "size": Message("Number"), "line": Message("Line in the study"),
    "roles": Message("Units, periods, treatment and outcome"),
    "facts": Message("Panel"), "notes": Message("Notes"),
}  # fmt: skip


@door
def style() -> str:
    """Return the style sheet of the page, for other pages that show its body.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> "color" in nqp.studies.style()
    True
    """
    return html("studies/templates/style.css")


def intake_page(
    file: Path,
    path: Path,
    overview: Look | None,
    proposal: Guess | None = None,
    *,
    language: str,
    problems: Sequence[str] = (),
    doubtful: bool = False,
    panel: Panel | None = None,
) -> IntakePage:
    """Summarize how a file was read, which roles were guessed, and which problems remain.

    Parameters
    ----------
    file, path : Path
        Files of the data and of the study.
    overview : Look or None
        Contents of the file; None if it could not be read.
    proposal : Guess, optional
        Guessed roles and steps.
    problems : sequence of str
        Problems, in the language of the page.
    doubtful : bool, default False
        True if the study could run, but should be checked first.
    panel : Panel, optional
        Panel of the study.
    """
    translate = Translator(language)
    heading = HEADINGS[doubtful] if problems else CAN_RUN
    steps = {} if overview is None else overview.steps
    notes = [] if overview is None else overview.notes if proposal is None else _notes(proposal)
    return IntakePage(
        language=language,
        title=translate("{}: how the file was read", file.name),
        subtitle="" if overview is None else translate.name(_size(overview)),
        heading=translate(heading if proposal is not None else _REFUSED),
        problems=tuple(problems),
        doubtful=doubtful,
        steps=tuple(_step(key, step, translate) for key, step in steps.items()),
        undo=translate(_UNDO, path.name)
        if steps
        else translate(_AS_IS)
        if overview is not None
        else "",
        roles=() if proposal is None else tuple(_roles(proposal, translate)),
        facts=()
        if panel is None
        else tuple((translate.name(k), translate.name(x)) for k, x in panel.facts().items()),
        notes=tuple(map(translate.name, notes)),
        command="" if problems else f"bayes-nqp run {in_shell(path)}",
    )


_TAKE: Final = Spoken(TAKE, Message("if so, tick “{}” on the page “{}”", PILOT_ZONES, COLUMNS))
_UNDO: Final = Message(
    "Each step is a line of [data.read] in {}. If you delete a line, the cells are read "
    "without this step."
)
_AS_IS: Final = Message("All cells were read unchanged.")


def _size(overview: Look) -> Message:
    """Return the numbers of rows and columns."""
    first: Any = next((x.raw for x in overview.columns.values()), ())
    return Message("{}, {}", counted(len(first), "row"), counted(len(overview.columns), "column"))


def _step(key: str, step: Found, translate: Translator) -> IntakeStep:
    line = f"{'# ' if step.offered else ''}{key} = {toml_text(step.value)}"
    return IntakeStep(
        key, translate(STEPS[key].label), translate.name(step.reason), step.before, step.after,
        translate(STEPS[key].size(step.count)), line,
    )  # fmt: skip


def _roles(proposal: Guess, translate: Translator) -> list[IntakeRole]:
    """Return the roles that are assigned."""
    roles = []
    likelihood = {"likelihood": proposal.likelihood} if proposal.likelihood else {}
    for key, value in (proposal.roles | likelihood).items():
        if key in _WORDS:
            values = value if isinstance(value, list) else [value]
            reason = translate.name(proposal.reasons.get(key, NOTHING))
            text = translate.name(listed(values, 12))
            roles.append(IntakeRole(key, translate(_WORDS[key]), text, reason))
    return roles


def _notes(proposal: Guess) -> list[str]:
    """Return notes for the user, including columns that were not used."""
    if not proposal.zones:
        return proposal.notes
    why = proposal.reasons["zones"]
    return [*proposal.notes, why if proposal.merges else Message("{}; {}", why, _TAKE)]
