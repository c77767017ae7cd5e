"""Every public name has an example that a user could type, and it says what it says there."""

from __future__ import annotations

import doctest
import inspect
import warnings
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest
from test_docs import public

import bayes_nqp as nqp

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def examples() -> dict[str, list[doctest.Example]]:
    """Examples of every public name."""
    found = {}
    for name in sorted(public()):
        thing: Any = nqp
        for part in name.split("."):
            thing = getattr(thing, part)
        found[name] = doctest.DocTestParser().get_examples(inspect.getdoc(thing) or "")
    return found


def test_every_public_name_has_an_example() -> None:
    assert [name for name, found in examples().items() if not found] == []


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same fit is made once for all examples that ask for it."""
    made: dict[tuple[Any, ...], nqp.Fit] = {}
    fit = nqp.fit

    def again(design: Any, panel: Any, sampler: Any = None, **options: Any) -> nqp.Fit:
        key = (repr(design), panel.digest, repr(sampler), repr(sorted(options.items())))
        if key not in made or sampler is None:
            made[key] = fit(design, panel, sampler, **options)
        return made[key]

    monkeypatch.setattr(nqp, "fit", again)


def test_examples_say_what_they_say(
    once: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    told: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=FLAGS)
    for name, found in examples().items():
        test = doctest.DocTest(found, {}, name, None, None, "")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runner.run(test, out=told.append)
        plt.close("all")
    assert not told, "".join(told)
