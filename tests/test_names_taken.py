"""Other packages take no name of the library's or of one another's, in any registry."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import Plugins, register, registered, unloaded
from bayes_nqp._core.validation import ATTRIBUTES, attribute
from bayes_nqp.checks.shared import asks
from bayes_nqp.effects.estimands import estimand
from bayes_nqp.output.plots._registry import plot


def of(package: str, name: str) -> Any:
    """Define a function as another package does."""

    def function(*_: object) -> None: ...

    function.__name__, function.__module__ = name, package
    return function


def registries() -> list[Plugins[Any]]:
    """List the registries of the library that have plug-ins."""
    for room in ("checks", "output.tables", "output.plots", "studies", "output.reports", "studio",
                 "output.accessors"):  # fmt: skip
        __import__(f"bayes_nqp.{room}")
    every = [x for x in gc.get_objects() if issubclass(type(x), Plugins)]
    return [x for x in every if str(x._room).startswith("bayes_nqp") and len(x)]


@pytest.mark.slow
def test_every_registry_keeps_the_names_of_the_library() -> None:
    found = registries()
    assert len(found) >= 13
    for plugins in found:
        for name in plugins:
            assert plugins._homes[name].startswith("bayes_nqp."), (plugins._room, name)
            before = plugins[name]
            with pytest.raises(NQPError, match="policy_toys"):
                plugins.add(name, of("policy_toys.check", name))
            assert plugins[name] is before


DECORATORS: dict[str, Callable[[], Callable[[Any], object]]] = {
    "pretrends": lambda: asks("Why?"),
    "att": lambda: estimand(Message("Effect")),
    "forest": lambda: plot(Message("Effects")),
    "summary": lambda: attribute("Fit"),
    "save": lambda: attribute("Fit"),
    "variant": lambda: attribute("Fit", bare=True),
    "stratify": lambda: attribute("Panel"),
    "mean": lambda: attribute("Draws"),
}


@pytest.mark.parametrize("name", DECORATORS)
def test_a_decorator_names_the_clash(name: str) -> None:
    before = getattr(nqp.Fit, name, None)
    with pytest.raises(NQPError, match=rf"{name}.*policy_toys\.file.*bayes_nqp"):
        DECORATORS[name]()(of("policy_toys.file", name))
    assert getattr(nqp.Fit, name, None) is before


def test_every_value_keeps_its_name() -> None:
    assert nqp.StaggeredDiD.__name__ in registered()
    for name, before in registered().items():
        theirs = dataclass(frozen=True)(type(name, (), {"__module__": "policy_toys"}))
        with pytest.raises(NQPError, match=f"{name}.*policy_toys"):
            register("terms")(theirs)
        assert registered()[name] is before
        assert name in registered(before.__family__)  # type: ignore[attr-defined]


def test_a_word_of_studies_is_kept() -> None:
    assert nqp.AshenfelterDip.__name__ in registered()
    theirs = dataclass(frozen=True)(type("Theirs", (), {"__module__": "policy_toys"}))
    with pytest.raises(NQPError, match=r"'dip'.*policy_toys"):
        register("terms", "dip")(theirs)
    assert "Theirs" not in registered()


def test_two_packages_do_not_take_from_one_another() -> None:
    plugins: Plugins[Any] = Plugins("toys")
    first = plugins.add("same", of("one.a", "same"))
    with pytest.raises(NQPError, match=r"two\.b.*one"):
        plugins.add("same", of("two.b", "same"))
    assert plugins._places["same"][1] is first
    again = plugins.add("same", of("one.other", "same"))
    assert plugins._places["same"][1] is again


def test_the_library_has_its_name_where_a_package_came_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bayes_nqp._core.plugins._UNLOADED", {})
    plugins: Plugins[Any] = Plugins("toys")
    plugins.add("same", of("policy_toys", "same"))
    with pytest.warns(UserWarning, match="same of policy_toys is left out"):
        ours = plugins.add("same", of("bayes_nqp.checks.x", "same"))
    assert plugins._places["same"][1] is ours
    assert [*unloaded()] == [("policy_toys", "same")]


def test_what_a_class_defines_comes_before_an_attribute_of_a_package() -> None:
    attribute("HeldLater")(of("policy_toys", "mine"))
    attribute("HeldLater")(of("policy_toys", "new"))
    module = ModuleType("bayes_nqp")
    own = of("bayes_nqp.x", "mine")
    kind = type("HeldLater", (), {"mine": own, "__module__": module.__name__})
    try:
        with pytest.warns(UserWarning, match="HeldLater.mine of policy_toys is left out"):
            ATTRIBUTES.hold(kind)
        assert kind.mine is own  # type: ignore[attr-defined]
        assert hasattr(kind, "new")
    finally:
        del ATTRIBUTES["HeldLater.new"]
        unloaded_names = sys.modules["bayes_nqp._core.plugins"]._UNLOADED  # type: ignore[attr-defined]
        unloaded_names.pop(("policy_toys", "HeldLater.mine"))
