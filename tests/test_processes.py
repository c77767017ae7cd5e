"""All that is public travels to other processes, and works there."""

from __future__ import annotations

import copy
import inspect
import multiprocessing
import pickle
import subprocess
import sys
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

import cloudpickle
import numpy as np
import pytest
from frozen import frozen_fit
from small_calls import answer, public

import bayes_nqp as nqp
from bayes_nqp import errors
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.testing import assert_equal

WAYS: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "cloudpickle": lambda value: pickle.loads(cloudpickle.dumps(value)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_public_is_taken_by_its_name(way: str) -> None:
    by_value = []
    for name, item in public():
        again = WAYS[way](item)
        if isinstance(item, type | FunctionType):
            assert again is item, name
        else:
            by_value.append(name)
            assert again == item or dict(again) == dict(item), name
    assert "simulation.CHANNELS" in by_value


def test_doors_keep_what_they_stand_before() -> None:
    for name, item in public():
        if not isinstance(item, FunctionType):
            continue
        inner = inspect.unwrap(item)
        assert inner is not item, name
        assert item.__doc__ == inner.__doc__, name
        assert item.__doc__, name
        assert (item.__name__, item.__qualname__) == (inner.__name__, inner.__qualname__), name
        given = inspect.signature(item).parameters.values()
        assert [p.name for p in given] == [
            p.name for p in inspect.signature(inner).parameters.values()
        ]


def test_rooms_travel_by_their_names() -> None:
    for name in ("plots", "index", "datasets", "simulation", "spatial_weights", "studies"):
        room = getattr(nqp, name)
        assert isinstance(room, ModuleType)
        assert pickle.loads(cloudpickle.dumps(room)) is room
    assert pickle.loads(cloudpickle.dumps(nqp)) is nqp


HINT = errors.Hint("errors", nqp.AR1())
RAISED = [
    errors.PanelError(Message("{} is bad", "x"), where="row 1", hint=HINT),
    errors.IdentificationError("no", where="cell", hint="more rows"),
    errors.ConvergenceError("no"),
    errors.StudyError("no?", hint=Message("{}", "yes")),
    errors.ArgumentError("no", where="here", hint="yes"),
    errors.ChoiceError("no", where="here", hint="yes", name="trends"),
    errors.UnknownNameError("gone", hint="new"),
    errors.NotApplicable(Message("why {}", 1)),
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("raised", RAISED, ids=lambda raised: type(raised).__name__)
def test_errors_say_the_same_elsewhere(raised: Exception, way: str) -> None:
    again = WAYS[way](raised)
    assert type(again) is type(raised)
    assert str(again) == str(raised)
    for part in ("what", "where", "hint", "hints", "name", "why"):
        assert getattr(again, part, None) == getattr(raised, part, None)
    if isinstance(raised, errors.NQPError):
        assert again.in_("zh") == raised.in_("zh")


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["staggered", "mediation", "exposure", "index"])
def test_fits_and_panels_are_the_same_elsewhere(name: str, way: str) -> None:
    fit = frozen_fit(name)
    again = WAYS[way](fit)
    assert again.design == fit.design
    assert again.digest == fit.digest
    assert_equal(again.groups, fit.groups)
    assert again.tree.identical(fit.tree)
    assert (again.panel is None) == (fit.panel is None)
    if fit.panel is not None:
        assert again.panel.digest == fit.panel.digest
        assert again.panel.labels == fit.panel.labels
    assert nqp.att(again).identical(nqp.att(fit))


IN_MAIN = """
import pathlib, sys
import cloudpickle
from loky import get_reusable_executor
import bayes_nqp as nqp

def effect(seed):
    panel = nqp.simulation.staggered(units=12, periods=6, cohorts=(3, 4), seed=seed).panel
    design = nqp.StaggeredDiD(errors=nqp.IID())
    fit = nqp.fit(design, panel, nqp.Importance(draws=40, chains=2, seed=1), progress=False)
    return float(nqp.att(fit).mean())

def refused(seed):
    return nqp.fit(nqp.StaggeredDiD(), "cities.xlsx")

if __name__ == "__main__":
    nqp.plots.adoption, nqp.versions, nqp.studies, nqp.check  # used before it travels
    pathlib.Path(sys.argv[1]).write_bytes(cloudpickle.dumps((effect, refused)))
    print(*get_reusable_executor(2).map(effect, [1, 2]))
"""


@pytest.fixture(scope="module")
def travelled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, list[float]]:
    """Functions of a script that say ``nqp.…``, by value, and what one gave in loky's workers."""
    folder = tmp_path_factory.mktemp("script")
    (folder / "script.py").write_text(IN_MAIN, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, folder / "script.py", folder / "pickle"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    functions = pickle.loads((folder / "pickle").read_bytes())
    return (*functions, [float(number) for number in done.stdout.split()])


@pytest.mark.slow
def test_a_notebooks_function_works_in_loky(travelled: Any) -> None:
    effect, _, there = travelled
    np.testing.assert_allclose(there, [effect(1), effect(2)], rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_fits_are_the_same_in_a_child(travelled: Any, method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip("the system has no such start of processes")
    effect, refused, _ = travelled
    context: Any = multiprocessing.get_context(method)
    receive, send = context.Pipe(duplex=False)
    child = context.Process(target=answer, args=(cloudpickle.dumps((effect, refused)), send))
    child.start()
    send.close()
    number, error = receive.recv()
    child.join()
    assert number == pytest.approx(effect(1), rel=1e-12)
    with pytest.raises(errors.ArgumentError) as caught:
        refused(1)
    assert str(error) == str(caught.value)
    assert error.hint == caught.value.hint
