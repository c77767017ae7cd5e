"""Who may catch every exception: three doors, and whoever tidies up and raises it again."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[1] / "src" / "bayes_nqp"
DOORS = {
    "cli/_error_exit.py": "the last door: nothing is above it that could have words",
    "_core/safe_calls.py": "readers of files, objects passed and saved fits raise what they like",
    "studio/_view.py": "what one page raises is said on it, and the others go on",
    "_core/parallel/_dispatch.py": "executors of other packages raise what they like",
    "_core/parallel/_payload.py": "what cannot be pickled says so in a class of its own",
    "_core/parallel/_outcome.py": "a task's error travels, and is raised where the task is awaited",
    "inference/fitting/_batch.py": "the same among threads",
    "_core/partial_failures.py": "an error in a figure or file costs that one, and is told there",
}
WHY = (
    "catches every exception. That hides faults of our own as faults of whoever calls, and says "
    "nothing of the argument or the row: check where the fault is, and catch by name. Code that "
    "tidies up catches BaseException and ends with a bare raise. These may: "
    + "; ".join(f"{path} ({reason})" for path, reason in DOORS.items())
)


def greedy(text: str) -> list[int]:
    """Lines of handlers that catch every exception and keep it."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ExceptHandler) and _is_greedy(node)
    ]


def _is_greedy(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
    last = handler.body[-1]
    again = isinstance(last, ast.Raise) and last.exc is None
    everything = handler.type is None or "BaseException" in names
    return "Exception" in names or (everything and not again)


@pytest.mark.slow
def test_only_the_doors_catch_every_exception() -> None:
    found = {
        path.relative_to(HOME).as_posix(): lines
        for path in sorted(HOME.rglob("*.py"))
        if (lines := greedy(path.read_text(encoding="utf-8")))
    }
    assert {path: lines for path, lines in found.items() if path not in DOORS} == {}, WHY
    assert set(found) == set(DOORS), "a door that is there no more leaves the list"
    assert all(len(lines) == 1 for lines in found.values()), WHY


@pytest.mark.parametrize(
    ("handler", "caught"),
    [
        ("except:\n    pass", True),
        ("except Exception:\n    pass", True),
        ("except Exception:\n    raise", True),
        ("except (KeyError, Exception) as e:\n    raise ValueError from e", True),
        ("except BaseException:\n    pass", True),
        ("except BaseException:\n    tidy()\n    raise", False),
        ("except (OSError, ValueError):\n    pass", False),
    ],
)
def test_the_search_finds_what_it_looks_for(handler: str, caught: bool) -> None:
    assert greedy(f"try:\n    work()\n{handler}") == ([3] if caught else [])
