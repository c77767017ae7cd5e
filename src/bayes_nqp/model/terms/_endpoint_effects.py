"""Effects on pairs with one treated end, and with both ends treated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.data.panel import ENDS as COLUMNS
from bayes_nqp.data.panel import pairs_of
from bayes_nqp.model.predictors import TREATED
from bayes_nqp.model.specification import Calendar, Facts, Term, Timing

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


ENDS: Final = "ends"
"""The factor of cells that says which ends are in force."""
ADOPTED: Final = "ends_adopted"
"""The label of cells with the dates of both ends."""
_NAMES: Final = ("one", "both")
_DIRECTED: Final = (*COLUMNS, "both")

_WORDS: Final = Message(
    "A pair is treated from the adoption of its first end on. Effects are separate for "
    "pairs with one treated end and with two ({}). Each has a separate course in the "
    "periods since the adoption of the first, or of the second, end."
)
_QUESTION: Final = Message(
    "Did the policy divert links away from pairs without a treated end? These pairs are "
    "the controls: their loss would be counted as the effect of the policy, and no "
    "pre-adoption period can reveal it."
)


@value("terms", "ends")
class EndpointEffects(Term):
    """Separate effects for pairs with one treated end and for pairs with both ends treated.

    A pair whose ends adopt in periods g and h > g has one treated end from g on and two from h on;
    effects of the latter count event time from h. The factor ``ends`` separates them wherever
    strata do: ``nqp.att(fit, by="ends")``. Each has its own level, linear growth and random walk.
    With ``anticipation`` pairs may respond before g; a response before h is an effect of one end.
    Without this term the effect is an average over both kinds of pairs in the data.

    Parameters
    ----------
    directed : bool, default False
        If True, the end where the link begins (``origin``) is separate from the end where it leads
        (``destination``).

    Raises
    ------
    StudyError
        If the panel is not one of pairs (`Panel.from_pairs`), or all treated pairs have the same
        treated ends.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> design = nqp.StaggeredDiD(terms=[nqp.EndpointEffects()])
    >>> nqp.EndpointEffects(directed=True).names
    ('origin', 'destination', 'both')
    """

    directed: bool = False

    role = "ends"
    factors = (ENDS,)
    with_channels = False
    of_sums = False
    with_dose = False

    @property
    def names(self) -> tuple[str, ...]:
        """Levels of the factor."""
        return _DIRECTED if self.directed else _NAMES

    @property
    def question(self) -> Message:
        """The question about diversion of links."""
        return _QUESTION

    def words(self, attrs: Mapping[str, object]) -> Message:
        """State that effects are separate by treated ends."""
        return _WORDS.fill(" | ".join(self.names))

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """Nothing besides effects, which also differ by the ends that are treated."""
        return "", {}

    def flat(self, *, leads: bool) -> EndpointEffects | None:
        """Omit the term in models with leads, which come before any end adopts."""
        return None if leads else self

    def timing(self, timing: Timing, facts: Facts, panel: Panel) -> Timing:
        """Divide classes of pairs by the adoption of the second end, which restarts event time.

        Raises
        ------
        StudyError
            If it separates no treated pairs.
        """
        assert isinstance(timing, Calendar)
        pairs = pairs_of(panel, "EndpointEffects(directed=True)" if self.directed else "")
        ahead = (pairs.adoption[1] < pairs.adoption[0]) & self.directed
        dates = pairs.adoption.T if self.directed else np.sort(pairs.adoption.T, axis=1)
        table = np.column_stack([timing.key, pairs.second, ahead, dates])
        classes, key = np.unique(table, axis=0, return_inverse=True)
        base, second, kind, *ends = classes.T
        written = np.append(np.asarray(panel.time_labels, dtype=str), "–")
        adopted = np.char.add(np.char.add(written[ends[0]], " "), written[ends[1]])
        # Where one end is in force already, what precedes the second is an effect of the one.
        early = np.where(np.min(ends, axis=0) < second, 0, facts.anticipation)
        overlap = np.arange(panel.periods) >= (second - early)[:, None]
        overlap &= (second < panel.periods)[:, None]
        treated = timing.role[base] == TREATED
        label = np.where(overlap, len(self.names) - 1, kind[:, None])
        if np.unique(label[treated]).size < 2:
            raise StudyError(
                Message(
                    "'EndpointEffects' has nothing to separate: all treated pairs have "
                    "the same treated ends"),
                hint="leave EndpointEffects() out",
            )  # fmt: skip
        origin: Index = np.where(treated & overlap, second[:, None], timing.origin[base])
        return Calendar(
            key.ravel().astype(np.int64), origin.astype(np.int64), timing.role[base],
            {**{name: x[base] for name, x in timing.labels.items()}, ADOPTED: adopted},
            factors={ENDS: (np.array(self.names), np.where(treated, label, 0).astype(np.int64))},
        )  # fmt: skip
