"""Problems that prevent a proposed study from running, and doubts about one that could run."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import IdentificationError, NQPError, PanelError, Spoken, shown
from bayes_nqp._core.fields import AS_IT_STANDS, COLUMNS
from bayes_nqp._core.i18n import NOTHING, Message, listed, separated
from bayes_nqp.data.column_inference import TREATMENT_KEYS, Guess, Look, match
from bayes_nqp.data.panel import Panel, doubtful_numbers
from bayes_nqp.data.reading import counted, plain, year_of
from bayes_nqp.studies._study import Study

_MOST: Final = 8
"""Maximum number of problems that are searched for."""
_LEFT_OUT: Final = 0.05
"""Share of rows that may be excluded without the user's consent."""
_INVENTED: Final = "__cohort"

type Tried = Callable[[Guess, pd.DataFrame], str]
type Mend = Callable[[Guess, pd.DataFrame], pd.DataFrame | None]


def all_problems(first: str, overview: Look, proposal: Guess, tried: Tried) -> list[str]:
    """Correct problems in a copy of the rows, one kind after the other, to find further problems.

    Parameters
    ----------
    first : str
        The known problem.
    tried : callable
        Returns the problem of a proposal with given rows; "" if none.

    Returns
    -------
    list of str
        Problems in the language of the study; the known one is first.
    """
    problems, frame = [first], pd.DataFrame(
        {name: column.raw for name, column in overview.columns.items()}
    )  # fmt: skip
    if proposal.problem is not None:
        invented = _invented(frame, proposal)
        if invented is None:
            return problems
        proposal, frame = invented
        problem = tried(proposal, frame)
    else:
        problem = first
    while problem and len(problems) < _MOST:
        if not any(_alike(problem, other) for other in problems):
            problems.append(problem)
        for mend in _MENDS:
            better = mend(proposal, frame)
            left = problem if better is None else tried(proposal, better)
            if left != problem and better is not None:
                problem, frame = left, better
                break
        else:
            break
    return problems


def _alike(problem: str, other: str) -> bool:
    """Return True if two problems are the same for one column; cell values are ignored."""
    first, second = (re.split(r": |：", x.splitlines()[0].replace("'", ""))[0]
                     for x in (problem, other))  # fmt: skip
    return first == second


def listed_problems(problems: Sequence[str]) -> str:
    """Number the problems if there are several."""
    if len(problems) < 2:
        return "".join(problems)
    lines = (problem.replace("\n", "\n   ") for problem in problems)
    return "\n".join(f"{k}. {problem}" for k, problem in enumerate(lines, 1))


def _invented(frame: pd.DataFrame, proposal: Guess) -> tuple[Guess, pd.DataFrame] | None:
    """Add an artificial policy for every second unit from mid-sample on, to find other problems."""
    unit, time = proposal.roles["unit"], proposal.roles["time"]
    years = frame[time].map(year_of)
    if years.isna().any() or not len(years):
        return None
    odd = pd.Series(pd.factorize(frame[unit].map(plain))[0] % 2 == 1, frame.index)
    middle: Any = float(np.ceil(np.median(years.unique())))
    if pd.api.types.is_datetime64_any_dtype(frame[time].dtype):
        times = sorted(frame[time].unique())
        middle = times[len(times) // 2]
    roles = {k: x for k, x in proposal.roles.items() if k not in (*TREATMENT_KEYS, "never")}
    roles |= {"cohort": _INVENTED, "strata": []}
    rows = frame.assign(**{_INVENTED: odd.map({True: middle, False: None})})
    return replace(proposal, roles=roles, problem=None), rows


def _numbers(proposal: Guess, frame: pd.DataFrame) -> pd.DataFrame | None:
    """Set cells of the outcome that are not numbers to missing."""
    name = proposal.roles["outcome"]
    return frame.assign(**{name: pd.to_numeric(frame[name], errors="coerce")})


def _repeated(proposal: Guess, frame: pd.DataFrame) -> pd.DataFrame | None:
    """Drop rows that repeat a unit and a time."""
    twice = frame.duplicated([proposal.roles["unit"], proposal.roles["time"]])
    return frame[~twice] if twice.any() else None


def _changing(proposal: Guess, frame: pd.DataFrame) -> pd.DataFrame | None:
    """Give each unit its first cohort and its first group in all rows."""
    names = [proposal.roles[key] for key in ("cohort",) if key in proposal.roles]
    names += [name for name in proposal.roles.get("strata", ()) if name in frame.columns]
    units = frame.groupby(proposal.roles["unit"], sort=False)
    return frame.assign(**{name: units[name].transform("first") for name in names})


def _unread(proposal: Guess, frame: pd.DataFrame) -> pd.DataFrame | None:
    """Drop rows whose period cannot be read."""
    time = proposal.roles["time"]
    dated = frame[time].map(year_of).notna()
    return frame[dated] if dated.any() and not dated.all() else None


def _periods(proposal: Guess, frame: pd.DataFrame) -> pd.DataFrame | None:
    """Set first treated periods that cannot be read to missing."""
    name = proposal.roles.get("cohort")
    if name is None or frame[proposal.roles["time"]].map(year_of).isna().all():
        return None
    return frame.assign(**{name: frame[name].where(frame[name].map(year_of).notna())})


def _leaving(proposal: Guess, frame: pd.DataFrame) -> pd.DataFrame | None:
    """Keep units treated from their first treatment on."""
    name = proposal.roles.get("treated")
    if name is None or not pd.api.types.is_numeric_dtype(frame[name].dtype):
        return None
    rows = frame.sort_values(proposal.roles["time"])
    ever = rows.groupby(proposal.roles["unit"], sort=False)[name].cummax()
    return frame.assign(**{name: ever.reindex(frame.index)})


_MENDS: Final[tuple[Mend, ...]] = (_numbers, _repeated, _changing, _unread, _periods, _leaving)


def doubts_of(study: Study, proposal: Guess) -> list[str]:
    """Return the reasons why a user should check the study first; empty if there are none.

    Parameters
    ----------
    study : Study
        The validated study.
    proposal : Guess
        The guess on which the study is based.
    """
    doubts = (
        _nobody(study), _rows(study, proposal), _levels(study.panel), _interrupted(study.panel),
    )  # fmt: skip
    problems = [x for x in (*doubts, *doubtful_numbers(study.panel)) if x is not None]
    return [x.in_(proposal.translate.language) for x in problems]


def _levels(panel: Panel) -> NQPError | None:
    """Return a problem if the units include provinces as well as prefectures."""
    places = {x: match(x) for x in panel.unit_labels}
    provinces = [x for x, place in places.items() if place.provincial and place.code is None]
    if not provinces or sum(place.code is not None for place in places.values()) < len(places) / 2:
        return None
    return PanelError(
        Message(
            "{} contains provinces as well as prefectures; the rows of provinces may be "
            "sums: {}",
                panel.roles.unit, shown(provinces, 6)),
        hint=Spoken(
            Message(
                "delete these rows from the file; if they are ordinary units, run the "
                "study unchanged"
            ),
            Message(
                "delete these rows from the file; if they are ordinary units, press “{}”",
                AS_IT_STANDS,
            ),
        ),
    )  # fmt: skip


def _interrupted(panel: Panel) -> NQPError | None:
    """Return a problem if treatment is interrupted for one period: the cell may be wrong."""
    path = panel.treatment_path
    alone = path[:, :-2] & ~path[:, 1:-1] & path[:, 2:]
    if not alone.any():
        return None
    units, periods = np.nonzero(alone)
    cells = zip(panel.unit_labels[units], panel.time_labels[periods + 1], strict=True)
    return PanelError(
        Message(
            "treatment is interrupted for one period in {}",
            counted(len({*units.tolist()}), "unit"),
        ),
        where=shown((f"{plain(unit)} ({plain(time)})" for unit, time in cells), 6),
        hint=Spoken(
            Message("correct these cells, or run the study unchanged if it was interrupted"),
            Message("correct these cells, or press “{}” if it was interrupted", AS_IT_STANDS),
        ),
    )


def _nobody(study: Study) -> NQPError | None:
    if (study.panel.cohort_codes < 0).any():
        return None
    return IdentificationError(
        Message("all units are eventually treated; there is no never-treated unit"),
        hint=Spoken(
            Message(
                "add units without the policy; if another column shows which units are "
                "treated, name it with --cohort or --treated; if all units were indeed "
                "treated, run the study unchanged"
            ),
            Message(
                "add units without the policy; if another column shows which units are "
                "treated, choose it on the page “{}”; if all units were indeed treated, "
                "press “{}”",
                COLUMNS,
                AS_IT_STANDS,
            ),
        ),
    )


def few_lost(study: Study) -> Message:
    """Describe the excluded rows if they are few and no cell is lost; otherwise return nothing."""
    cells, lost = study.support, _unidentified(study)
    if not lost or not cells["identified"].all() or lost > _LEFT_OUT * cells["rows"].sum():
        return NOTHING
    return Message(
        "{:,} of {:,} treated observations identify no effect and are excluded ({})",
        lost,
        int(cells["rows"].sum()),
        listed(map(Message, cells.loc[cells["reason"] != "", "reason"].unique())),
    )


def _unidentified(study: Study) -> int:
    """Return the number of rows without identified effects (by strata for an exposure)."""
    cells = study.support
    if "identifying" in cells:
        return int((cells["rows"] - cells["identifying"]).sum())
    return int(cells.query("not identified")["rows"].sum())


def _rows(study: Study, proposal: Guess) -> NQPError | None:
    panel, unmatched = study.panel, study.prepared.unmatched
    unidentified = _unidentified(study)
    left = panel.n_rows - unidentified
    gone = proposal.rows - left
    if gone <= _LEFT_OUT * proposal.rows:
        return None
    causes = [Message("{} is missing in {}", *cause) for cause in _missing(panel.dropped)]
    if proposal.unplaced:
        causes.append(
            Message("the unit or the time is missing in {}", counted(proposal.unplaced, "row"))
        )
    if unmatched is not None and len(unmatched):
        causes.append(
            Message(
                "no prefecture is recognized in {}", counted(int(unmatched["rows"].sum()), "row")
            )
        )
    if unidentified:
        causes.append(Message("no effect is identified in {}", counted(unidentified, "row")))
    return PanelError(
        Message(
            "{:,} of {:,} rows ({:.0%}) would be excluded",
            gone,
            proposal.rows,
            gone / proposal.rows,
        ),
        where=separated(causes),
        hint=Spoken(
            Message(
                "complete or correct these cells in the file; if these rows can be "
                "excluded, run the study unchanged"
            ),
            Message(
                "complete or correct these cells in the file; if these rows can be "
                "excluded, press “{}”",
                AS_IT_STANDS,
            ),
        ),
    )


def _missing(dropped: dict[str, int]) -> list[tuple[str, Message]]:
    return [(name, counted(count, "row")) for name, count in dropped.items()]
