"""Roles of columns: guessed, and to be confirmed by the user."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from shiny import ui

from bayes_nqp._core.fields import (
    COLUMNS,
    FIRST_TREATED,
    GROUPS,
    LEAVE_OUT,
    MAY_END,
    OUTCOME,
    PILOT_ZONES,
    TIME,
    TREATED,
    UNIT,
)
from bayes_nqp._core.i18n import Message
from bayes_nqp.studio._registry import Body, page
from bayes_nqp.studio._view import View, alarm
from bayes_nqp.studio._workspace import COVARIATES, MEDIATORS, Desk

_LABELS: Final = {
    "unit": UNIT, "time": TIME, "outcome": OUTCOME, "cohort": FIRST_TREATED, "treated": TREATED,
    "treatment": MAY_END, "strata": GROUPS,
}  # fmt: skip
_SEVERAL: Final = ("unit", "strata")
_MORE: Final = {
    COVARIATES: Message("Covariates: they vary over time and are not affected by the policy"),
    MEDIATORS: Message("Mediators: the policy may work through them"),
}
_LOGGED: Final = Message("Take the logarithm of")


@page(COLUMNS, place=20)
def columns(view: View) -> Body:
    """Confirm the roles of columns, or change them."""
    for key in _LABELS:
        view.on(f"role_{key}", partial(_say, view.desk, key))
    for way in _MORE:
        view.on(f"more_{way[-1]}", partial(_add, view.desk, way))
        view.on(f"logs_{way[-1]}", partial(_take_logs, view.desk, way))
    view.on("zones", partial(_zones, view.desk))
    view.on("drop", partial(_drop, view.desk))
    view.on("log", partial(_log, view.desk))
    return partial(_body, view)


def _say(desk: Desk, key: str, value: Any) -> None:
    value = list(value) if isinstance(value, tuple) else value
    value = value[0] if key == "unit" and isinstance(value, list) and len(value) == 1 else value
    if _plain(value) == _plain(_now(desk, key)):
        return
    if key == "strata" and not value:
        desk.edit({("data", "strata"): None, ("design", "effect", "strata"): None})
    else:
        desk.role(key, value)


def _add(desk: Desk, way: tuple[str, ...], names: Any) -> None:
    chosen = desk.chosen(way)
    if [*names] != [*chosen]:
        desk.choose(way, names, [x for x, logged in chosen.items() if logged])


def _take_logs(desk: Desk, way: tuple[str, ...], names: Any) -> None:
    chosen = desk.chosen(way)
    if {*names} != {x for x, logged in chosen.items() if logged}:
        desk.choose(way, chosen, names)


def _zones(desk: Desk, taken: bool) -> None:
    if taken != desk.zones:
        desk.take_zones(taken)


def _drop(desk: Desk, taken: bool) -> None:
    if taken != (desk.get("design", "unidentified") == "drop"):
        desk.edit({("design", "unidentified"): "drop" if taken else None})


def _log(desk: Desk, taken: bool) -> None:
    if desk.outcome and taken != desk.logged:
        desk.take_log(taken)


def _body(view: View) -> Any:
    """Show all roles, the other uses of columns, and the treatment of rows."""
    desk, translate = view.heard(), view.translate
    title = ui.h2(translate("Columns"))
    if not desk.columns:
        return [title, ui.p(translate("Choose a file first."), class_="quiet")]
    wrong = desk.fields(view.language.get())
    left = translate(LEAVE_OUT)
    dropped = desk.get("design", "unidentified") == "drop"
    return [
        title,
        alarm(wrong.get("", ())),
        *(_field(view, key, translate(x), wrong.get(key, ())) for key, x in _LABELS.items()),
        ui.h3(translate("Options for this study")),
        *(_offered(view, way, translate(label)) for way, label in _MORE.items()),
        *_policy(view),
        ui.div(ui.input_checkbox("drop", left, dropped), class_="wide"),
    ]


def _offered(view: View, way: tuple[str, ...], label: str) -> Any:
    """Show columns that may have an additional role."""
    desk = view.desk
    chosen = desk.chosen(way)
    numbers = [x for x in chosen if x in desk.numeric]
    offered = [] if desk.guess is None else getattr(desk.guess, way[-1])
    note = view.translate("guessed from their names: {}", ", ".join(offered)) if offered else ""
    return ui.div(
        ui.input_selectize(
            f"more_{way[-1]}", label, _choices(desk.columns, chosen), selected=[*chosen],
            multiple=True,
        ),
        ui.p(note, class_="reason") if note else None,
        ui.input_checkbox_group(
            f"logs_{way[-1]}", view.translate(_LOGGED), numbers, inline=True,
            selected=[x for x in numbers if chosen[x]],
        ) if numbers else None,
        class_="field",
    )  # fmt: skip


def _policy(view: View) -> Iterator[Any]:
    """Show the choice of a known policy."""
    desk = view.desk
    if desk.guess is not None and (desk.guess.zones or desk.zones):
        question = view.translate(PILOT_ZONES)
        yield ui.div(ui.input_checkbox("zones", question, desk.zones), class_="wide")


def _field(view: View, key: str, label: str, problems: Any) -> Any:
    """Show a role: its columns, the reason for the guess, and its problems."""
    desk, translate, now = view.desk, view.translate, _now(view.desk, key)
    if key in _SEVERAL:
        chosen = [] if not now else [now] if isinstance(now, str) else list(now)
        control = ui.input_selectize(
            f"role_{key}", label, _choices(desk.columns, chosen), selected=chosen, multiple=True
        )
    else:
        names = {"": translate("none, or the guess")} | {
            x: x for x in _choices(desk.columns, [now])
        }
        control = ui.input_select(f"role_{key}", label, names, selected=now or "")
    reason = "" if desk.guess is None else translate.name(desk.guess.reasons.get(key, ""))
    logarithm = translate("Take its logarithm: effects are relative changes")
    return ui.div(
        control,
        ui.p(reason, class_="reason") if reason and now else None,
        ui.input_checkbox("log", logarithm, desk.logged) if key == "outcome" else None,
        alarm(problems, f"wrong_{key}"),
        class_="field",
    )


def _now(desk: Desk, key: str) -> Any:
    """Return the column of a role, as chosen by the user or as in the study."""
    if key == "outcome" and desk.logged:
        return desk.outcome
    return desk.given.get(key) or desk.get("data", key)


def _plain(value: Any) -> list[str]:
    return [] if not value else [value] if isinstance(value, str) else [*value]


def _choices(columns: Any, chosen: Any) -> list[str]:
    """Return all columns, and other names that the study uses."""
    return list(dict.fromkeys([*columns, *(x for x in chosen if x)]))
