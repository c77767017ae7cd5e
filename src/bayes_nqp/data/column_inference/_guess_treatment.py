"""Find the column that defines treatment, or explain why no column does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final
from unicodedata import numeric

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, Spoken, shown
from bayes_nqp._core.fields import FIRST_TREATED, MAY_END, PILOT_ZONES, TREATED
from bayes_nqp._core.i18n import NOTHING, Message, separated
from bayes_nqp.data.column_inference._file_overview import SourceColumn
from bayes_nqp.data.column_inference._guess_zones import offer_zones, take_zones
from bayes_nqp.data.column_inference._guessed import Guess, free, years_of
from bayes_nqp.data.column_inference._treatment_columns import (
    BACK,
    Claim,
    amiss,
    ended,
    is_cohort,
    may_be_cohort,
    otherwise,
    periods_of,
    status_of,
    with_amounts,
)
from bayes_nqp.data.reading import CODES, date_in, plain, says_end, says_never, sounds_like, unclear

_SOUND: Final = Message("one period per unit, within the sample periods, and empty for some units")
_NAMED: Final = Message("by its name")
_SWITCHES: Final = Message(
    "indicates treatment, and never switches back to untreated within a unit"
)
_ENDS: Final = Message("{}: the policy ends there, and later effects are estimated separately")
_UNNAMED: Final = Message("{}; its name does not indicate a policy")
_FIELDS: Final = {"cohort": FIRST_TREATED, "treated": TREATED, "treatment": MAY_END}
_BATCH: Final = re.compile(
    r"第?\s*[一二三四五六七八九十\d]+\s*(?:批|期|轮|波)|(?:batch|wave|round)\s*\d"
)
_COUNTED: Final = re.compile(r"批|期|轮|batch|wave|round", re.IGNORECASE)
_LISTED: Final = 6
"""Maximum number of conflicting columns described in a message."""
_MANY: Final = 12
"""Maximum number of distinct cells of a column of batches."""


def find_treatment(
    proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame, *, zones: bool
) -> None:
    """Find the treated units and their first treated periods.

    Parameters
    ----------
    proposal : Guess
        Modified in place; ``problem`` is set if no column defines treatment or several columns
        conflict.
    frame : DataFrame
        Values of the columns, with ``__unit`` and ``__time``.
    zones : bool
        True if the pilot zones are the policy; merging them adds ``region``.
    """
    if zones:
        take_zones(proposal, columns, frame)
    elif name := proposal.status_column:
        column = columns[name]
        fault = amiss(column, status_of(column, shares=True), frame)
        if fault and not ("treatment" in proposal.roles and fault.template == BACK.template):
            proposal.problem = PanelError(Message("{} {}", name, fault), hint=_wanted([fault]))
    elif "cohort" not in proposal.roles:
        claims = sorted(_claims(proposal, columns, frame), key=lambda claim: claim.rank)
        if stated := proposal.stated("treatment"):
            claims = [replace(claim, rank=0, reason=proposal.as_stated(claim.name))
                      for claim in claims if claim.name in stated]  # fmt: skip
        if claims:
            _choose(proposal, claims, frame)
            if proposal.problem is None and "treatment" not in proposal.roles:
                _ask_about_end(proposal, ended(dict(free(proposal, columns))))
        else:
            offer_zones(proposal, columns, frame)
            proposal.problem = _nothing(proposal, columns, frame)


_WANTED: Final = Spoken(
    Message(
        "use --cohort for a column with the first treated period of each unit (empty if "
        "never treated), or --treated for a column that is 1, or 是, from this period on"
    ),
    Message(
        "add a column with the first treated period of each unit (empty if never treated)"
        " to the file, and choose it under “{}”; or add a column that is 1, or 是, in "
        "treated periods and 0, or 否, in the others, and choose it under “{}”",
        FIRST_TREATED,
        TREATED,
    ),
)
_BACK: Final = Spoken(
    Message(
        "if the policy ended, use --treatment for this column; if it continued, correct these "
        "cells, or use --cohort for a column of first treated periods"
    ),
    Message(
        "if the policy ended, choose this column under “{}”; if it continued, correct these "
        "cells, or choose a column of first treated periods under “{}”",
        MAY_END,
        FIRST_TREATED,
    ),
)


def _wanted(faults: Iterable[Message]) -> Message:
    """Describe a valid treatment column, or the correction if treatment ends in a column."""
    ends = any(fault.template == BACK.template for fault in faults)
    return _BACK if ends else _WANTED


def _claims(
    proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame
) -> Iterator[Claim]:
    """Yield the columns that may define treatment, with their rank."""
    times = years_of(frame["__time"])
    stated, every = proposal.stated("treatment"), free(proposal, columns, "treatment")
    for name, column in filter(lambda one: not says_end(one[0]), every):
        periods, named = periods_of(column), sounds_like("cohort", name)
        since = times.ge(periods).astype("float64") if times.notna().all() else None
        if is_cohort(periods, column, frame):
            reason = _SOUND if named else _UNNAMED.fill(_SOUND)
            yield Claim(0 if named else 4, "cohort", name, since, reason)
        elif named and may_be_cohort(periods, column, frame):
            yield Claim(2, "cohort", name, since, _NAMED)
        else:
            named = sounds_like("treated", name)
            status = status_of(column, shares=named)
            if status is None:
                continue
            fault = amiss(column, status, frame)
            if not fault:
                reason = _SWITCHES if named else _UNNAMED.fill(_SWITCHES)
                yield Claim(1 if named else 5, "treated", name, status, reason)
            elif fault.template == BACK.template and (named or name in stated):
                yield Claim(3, "treatment", name, status, _ENDS.fill(fault))


def _choose(proposal: Guess, claims: list[Claim], frame: pd.DataFrame) -> None:
    """Take the best column by its name and cells; none if columns of equal rank conflict.

    A column in which treatment ends replaces the best column if both begin in the same periods.
    """
    ends = [x for x in claims if x.key == "treatment" and x.begins_like(claims[0], frame)]
    best = (*ends, claims[0])[0]
    others = [x for x in claims if x is not best]
    equals = [x for x in others if x.tier == best.tier and best.differs(x)]
    if equals:
        proposal.offers = [(x.key, x.name) for x in (best, *equals)]
        proposal.problem = PanelError(
            "several columns could define treatment, and they conflict",
            where=separated([otherwise(best, x, frame) for x in equals[:_LISTED]]),
            hint=Spoken(
                Message(
                    "if this column is the policy, --{} {}; otherwise choose another of "
                    "these columns",
                    best.key,
                    best.name,
                ),
                Message(
                    "if {} is the policy, choose it under “{}”; otherwise choose another "
                    "of these columns",
                    best.name,
                    _FIELDS[best.key],
                ),
            ),
        )
        return
    rivals = [x.name for x in others if best.differs(x) and not best.begins_like(x, frame)]
    same = [x.name for x in others if x.status is not None and x.name not in rivals]
    reason = best.reason
    if same:
        reason = Message("{}; consistent with {}", reason, shown(same, 4))
    if rivals:
        reason = Message("{}; in conflict with {}", reason, shown(rivals, 4))
    proposal.take(best.key, best.name, reason)


def _ask_about_end(proposal: Guess, names: list[str]) -> None:
    """Ask about columns that give the end of the policy for some units."""
    if not names:
        return
    proposal.offers = [("exit", name) for name in names]
    proposal.problem = PanelError(
        Message("{} gives the end of the policy", shown(names)),
        hint=Message(
            "exit = {} in [data] if it is the first period without the policy; otherwise omit "
            "this column",
            json.dumps(names[0], ensure_ascii=False),
        ),
    )


def _nothing(proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame) -> PanelError:
    """Report that no column defines treatment, with near candidates and advice."""
    stated = proposal.stated("treatment")
    called = {
        name: column
        for name, column in free(proposal, columns, "treatment")
        if name in stated or sounds_like("treated", name) or sounds_like("cohort", name)
    }
    faults = {
        name: amiss(column, status_of(column, shares=True), frame)
        for name, column in called.items()
    }
    near = [Message("{} {}", name, fault) for name, fault in faults.items() if fault]
    near += [Message("{}: {}", name, proposal.as_stated(name))
             for name in stated if not faults.get(name)]  # fmt: skip
    hint = _product(proposal, columns, frame) or _batches(proposal, columns)
    hint = hint or _wanted(fault for fault in faults.values() if fault)
    hint = with_amounts(hint, called)
    if proposal.zones:
        hint = Spoken(
            Message("{}; --zones merges the cross-border e-commerce pilot zones", hint),
            Message(
                "{}; if the policy is the cross-border e-commerce pilot zones, select “{}”",
                hint,
                PILOT_ZONES,
            ),
        )
    return PanelError(
        "no column gives the treated units and their treatment periods",
        where=separated(near) if near else NOTHING,
        hint=hint,
    )


def _batches(proposal: Guess, columns: dict[str, SourceColumn]) -> Message:
    """Request the year of each batch, or of each remark with several possible years."""
    for name, column in free(proposal, columns):
        if not (sounds_like("treated", name) or sounds_like("cohort", name)):
            continue
        if column.numeric and not (column.whole and _COUNTED.search(name)):
            continue
        words = sorted(map(plain, column.values.dropna().unique()), key=_place)
        wanted = (
            [x for x in words if x not in map(str, CODES)] if column.numeric else unclear(words)
        )
        remarks = any(date_in(x) for x in words)
        batches = column.numeric or any(map(_BATCH.search, wanted))
        if not 0 < len(wanted) <= _MANY or not (remarks or batches):
            continue
        others: list[Any] = [x for x in words if says_never(x)]
        if column.numeric:
            others = [int(x) for x in words if x not in wanted]
        called = json.dumps(name, ensure_ascii=False)
        never = Message(" and never = {}", json.dumps(others, ensure_ascii=False)) if others else ""
        stands = ", ".join(f"{json.dumps(x, ensure_ascii=False)} = …" for x in wanted)
        return Spoken(
            Message(
                "give the first treated period of each value: cohort = {}{} in [data], "
                "and values = {}{} in [data.read]",
                called,
                never,
                f"{{ {called} = {{ {stands} }} }}",
                Message(" and approvals = {}", f"[{called}]") if remarks else "",
            ),
            Message(
                "in the file, replace the values of {} with first treated periods, such "
                "as 2016, and leave the cells of never-treated units empty",
                name,
            ),
        )
    return NOTHING


def _place(batch: str) -> tuple[float, str]:
    """Return the first number in a text, used to sort batches."""
    return next((numeric(x) for x in batch if x.isnumeric()), 0.0), batch


def _product(proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame) -> Message:
    """Propose the product of two 0/1 columns for treated units and treated periods."""
    numbers = {
        name: status.groupby(frame["__unit"]).nunique().max() > 1
        for name, column in free(proposal, columns)
        if sounds_like("treated", name)
        and column.numeric
        and (status := status_of(column, shares=False)) is not None
        and status.nunique() > 1
    }
    who, when = ([name for name, x in numbers.items() if x == varies] for varies in (False, True))
    if len(who) != 1 or len(when) != 1:
        return NOTHING
    return Message(
        "{} marks the treated units, and {} the treated periods: if all units are first "
        'treated at the same time, treated = "did" in [data] and did = "{} * {}" in '
        "[data.derive]",
        who[0],
        when[0],
        who[0],
        when[0],
    )
