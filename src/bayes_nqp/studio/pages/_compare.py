"""Two runs side by side: what changed in the study, and which numbers moved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from shiny import ui

from bayes_nqp.language import Message
from bayes_nqp.studio._edits import differences
from bayes_nqp.studio._registry import Body, page
from bayes_nqp.studio._run import Run
from bayes_nqp.studio._view import View, table, told


@page(Message("Compare"), place=80)
def compare(view: View) -> Body:
    """Lay two runs side by side."""
    heard = view.growing(lambda: told(view.desk)[:2])

    def pair() -> tuple[Run, Run] | None:
        done = {str(run.number): run for run in view.desk.runs if run.state == "done"}
        names = [view.input[x]() for x in ("one", "other") if x in view.input]
        if len(names) < 2 or not {*names} <= {*done}:
            return None
        return done[names[0]], done[names[1]]

    def compared() -> Any:
        found, translate = pair(), view.translate
        if found is None:
            return None
        one, other = found
        changes = differences(one.text, other.text)
        old = differences(other.text, one.text)
        rows = [(".".join(way), _word(old.get(way)), _word(x)) for way, x in changes.items()]
        heads = [translate("Run {}", run.number) for run in found]
        before, after = (dict(_numbers(_answer(run))) for run in found)
        moved = [
            (key, _word(before.get(key)), _word(after.get(key)))
            for key in {**before, **after}
            if _word(before.get(key)) != _word(after.get(key))
        ]
        pictures = [
            ui.tags.figure(
                ui.img(src=f"files/{run.folder}/figures/event_study.png", alt=head),
                ui.tags.figcaption(head),
            )
            for run, head in zip(found, heads, strict=True)
        ]
        return [
            table([translate("Key"), *heads], rows, translate("What changed in the study")),
            table([translate("Number"), *heads], moved, translate("Which numbers moved")),
            ui.div(*pictures, class_="beside"),
        ]

    view.show("compared", compared)

    def body() -> Any:
        heard()
        desk, translate = view.heard(), view.translate
        parts: list[Any] = [ui.h2(translate("Compare"))]
        done = {str(run.number): translate("Run {}", run.number) for run in desk.runs
                if run.state == "done"}  # fmt: skip
        if len(done) < 2:
            return [*parts, ui.p(translate("Two finished runs can be compared."), class_="quiet")]
        first, last = [*done][-2], [*done][-1]
        return [
            *parts,
            ui.div(
                ui.input_select("one", translate("One"), done, selected=first),
                ui.input_select("other", translate("The other"), done, selected=last),
                class_="row-of",
            ),
            ui.output_ui("compared"),
        ]

    return body


def _answer(run: Run) -> Any:
    path = run.folder / "report" / "answer.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _numbers(facts: Any, way: str = "") -> Iterator[tuple[str, Any]]:
    """Flatten the numbers of an answer."""
    if isinstance(facts, Mapping):
        for key, value in facts.items():
            yield from _numbers(value, f"{way}.{key}" if way else str(key))
    else:
        yield way, facts


def _word(value: Any) -> str:
    if value is None:
        return ""
    return (
        f"{value:.4g}"
        if isinstance(value, float)
        else json.dumps(value, ensure_ascii=False).strip('"')
    )
