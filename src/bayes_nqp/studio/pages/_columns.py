"""Which column plays which part: guessed, and to be confirmed."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from shiny import ui

from bayes_nqp.language import Message
from bayes_nqp.studio._registry import Body, page
from bayes_nqp.studio._view import View, alarm

_LABELS: Final = {
    "unit": Message("Unit"),
    "time": Message("Time"),
    "outcome": Message("Outcome"),
    "cohort": Message("First treated period"),
    "treated": Message("Treated or not, row by row"),
    "strata": Message("Groups to compare"),
}
_SEVERAL: Final = ("unit", "strata")
_MORE: Final = {
    ("data", "covariates"): Message(
        "Covariates: they vary over time, and do not respond to the policy"
    ),
    ("channels", "mediators"): Message("Channels: the policy may work through them"),
}


@page(Message("Columns"), place=20)
def columns(view: View) -> Body:
    """Confirm the roles of columns, or change them."""

    def say(key: str, value: Any) -> None:
        value = list(value) if isinstance(value, tuple) else value
        value = value[0] if key == "unit" and isinstance(value, list) and len(value) == 1 else value
        if _plain(value) == _plain(_now(view, key)):
            return
        if key == "strata" and not value:
            view.desk.edit({("data", "strata"): None, ("design", "effect", "strata"): None})
        else:
            view.desk.role(key, value)

    def add(way: tuple[str, ...], names: Any) -> None:
        if [*names] != (view.desk.get(*way) or []):
            view.desk.edit({way: [*names] or None})

    def zones(taken: bool) -> None:
        if taken != view.desk.zones:
            view.desk.take_zones(taken)

    def drop(taken: bool) -> None:
        if taken != (view.desk.get("design", "unidentified") == "drop"):
            view.desk.edit({("design", "unidentified"): "drop" if taken else None})

    def log(taken: bool) -> None:
        if view.desk.outcome and taken != view.desk.logged:
            view.desk.take_log(taken)

    view.on("log", log)
    for key in _LABELS:
        view.on(f"role_{key}", partial(say, key))
    for way in _MORE:
        view.on(f"more_{way[-1]}", partial(add, way))
    view.on("zones", zones)
    view.on("drop", drop)

    def body() -> Any:
        desk, translate = view.heard(), view.translate
        parts: list[Any] = [ui.h2(translate("Columns"))]
        if not desk.columns:
            return [*parts, ui.p(translate("First choose a file."), class_="quiet")]
        wrong = desk.fields(view.language.get())
        parts.append(alarm(wrong.get("", ())))
        for key, label in _LABELS.items():
            parts.append(_field(view, key, translate(label), wrong.get(key, ())))
        parts.append(ui.h3(translate("What is offered")))
        for way, label in _MORE.items():
            chosen = desk.get(*way) or []
            offered = [] if desk.guess is None else getattr(desk.guess, way[-1])
            note = translate("by their names: {}", ", ".join(offered)) if offered else ""
            parts.append(
                ui.div(
                    ui.input_selectize(
                        f"more_{way[-1]}", translate(label), _choices(desk.columns, chosen),
                        selected=chosen, multiple=True,
                    ),
                    ui.p(note, class_="reason") if note else None,
                    class_="field",
                )
            )  # fmt: skip
        if desk.guess is not None and (desk.guess.zones or desk.zones):
            asked = translate("The policy is the cross-border e-commerce pilot zones")
            parts.append(ui.div(ui.input_checkbox("zones", asked, desk.zones), class_="wide"))
        left = translate("Leave out what the data cannot identify")
        dropped = desk.get("design", "unidentified") == "drop"
        parts.append(ui.div(ui.input_checkbox("drop", left, dropped), class_="wide"))
        return parts

    return body


def _field(view: View, key: str, label: str, problems: Any) -> Any:
    """A role: its columns, why it was guessed, and what is wrong with it."""
    desk, translate, now = view.desk, view.translate, _now(view, key)
    if key in _SEVERAL:
        chosen = [] if not now else [now] if isinstance(now, str) else list(now)
        control = ui.input_selectize(
            f"role_{key}", label, _choices(desk.columns, chosen), selected=chosen, multiple=True
        )
    else:
        names = {"": translate("none, or as guessed")} | {
            x: x for x in _choices(desk.columns, [now])
        }
        control = ui.input_select(f"role_{key}", label, names, selected=now or "")
    reason = "" if desk.guess is None else translate.name(desk.guess.reasons.get(key, ""))
    logarithm = translate("Take its logarithm: effects are shares")
    return ui.div(
        control,
        ui.p(reason, class_="reason") if reason and now else None,
        ui.input_checkbox("log", logarithm, desk.logged) if key == "outcome" else None,
        alarm(problems, f"wrong_{key}"),
        class_="field",
    )


def _now(view: View, key: str) -> Any:
    """The column of a role, as somebody said or as the study has it."""
    if key == "outcome" and view.desk.logged:
        return view.desk.outcome
    return view.desk.given.get(key) or view.desk.get("data", key)


def _plain(value: Any) -> list[str]:
    return [] if not value else [value] if isinstance(value, str) else [*value]


def _choices(columns: Any, chosen: Any) -> list[str]:
    """All columns, and what a study names besides."""
    return list(dict.fromkeys([*columns, *(x for x in chosen if x)]))
