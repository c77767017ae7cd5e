"""Comparison of two runs: changes in the study and in the results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from shiny import ui

from bayes_nqp._core.i18n import Message
from bayes_nqp.studio._edits import differences
from bayes_nqp.studio._files import address
from bayes_nqp.studio._registry import Body, page
from bayes_nqp.studio._run import Run
from bayes_nqp.studio._view import View, table, told
from bayes_nqp.studio._workspace import Desk


@page(Message("Compare"), place=80)
def compare(view: View) -> Body:
    """Compare two runs."""
    heard = view.growing(lambda: told(view.desk)[:2])

    view.show("compared", lambda: _compared(view))

    def body() -> Any:
        heard()
        return _body(view)

    return body


def _body(view: View) -> Any:
    """Show the choice of the two runs."""
    translate = view.translate
    done = {name: translate("Run {}", run.number) for name, run in _done(view.heard()).items()}
    title = ui.h2(translate("Compare"))
    if len(done) < 2:
        return [title, ui.p(translate("You can compare two finished runs."), class_="quiet")]
    first, last = [*done][-2:]
    return [
        title,
        ui.div(
            ui.input_select("one", translate("First run"), done, selected=first),
            ui.input_select("other", translate("Second run"), done, selected=last),
            class_="row-of",
        ),
        ui.output_ui("compared"),
    ]


def _compared(view: View) -> Any:
    """Show the changes in the study and in the results, and both figures."""
    done, translate = _done(view.desk), view.translate
    names = [view.input[x]() for x in ("one", "other") if x in view.input]
    if len(names) < 2 or not {*names} <= {*done}:
        return None
    pair = [done[name] for name in names]
    heads = [translate("Run {}", run.number) for run in pair]
    pictures = [
        ui.tags.figure(
            ui.img(src=address(run.folder / "figures" / "event_study.png"), alt=head),
            ui.tags.figcaption(head),
        )
        for run, head in zip(pair, heads, strict=True)
    ]
    changed, moved = translate("Changes in the study"), translate("Changes in the results")
    return [
        table([translate("Key"), *heads], [*_changes(*pair)], changed),
        table([translate("Statistic"), *heads], [*_moves(*pair)], moved),
        ui.div(*pictures, class_="beside"),
    ]


def _done(desk: Desk) -> dict[str, Run]:
    return {str(run.number): run for run in desk.runs if run.state == "done"}


def _changes(first: Run, second: Run) -> Iterator[tuple[str, str, str]]:
    """Return the keys of the study that differ, with both values."""
    old = differences(second.text, first.text)
    for way, new in differences(first.text, second.text).items():
        yield ".".join(way), _word(old.get(way)), _word(new)


def _moves(first: Run, second: Run) -> Iterator[tuple[str, str, str]]:
    """Return the results that differ as printed."""
    before, after = (dict(_numbers(_answer(run))) for run in (first, second))
    for key in {**before, **after}:
        words = _word(before.get(key)), _word(after.get(key))
        if words[0] != words[1]:
            yield key, *words


def _answer(run: Run) -> Any:
    path = run.folder / "report" / "answer.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _numbers(facts: Any, way: str = "") -> Iterator[tuple[str, Any]]:
    """Flatten the numbers of a result."""
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
