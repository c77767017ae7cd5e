"""Rooms are found and entered from any thread, and stay plain modules."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import bayes_nqp as nqp
from bayes_nqp._core.lazy import attached, discovered, entered
from bayes_nqp._core.plugins import Plugins

WAIT = 60.0


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make packages of files, with gates at which their import waits."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def make(files: dict[str, str]) -> None:
        gates = "from threading import Event\nREACHED, OPEN, SHELF = Event(), Event(), {}\n"
        for name, text in {"toy_gates.py": gates, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")

    yield make
    for name in set(sys.modules) - before:
        if name.startswith("toy"):
            del sys.modules[name]


AT_A_GATE = f"import toy_gates\ntoy_gates.REACHED.set()\nassert toy_gates.OPEN.wait({WAIT})\n"


def test_who_looks_while_another_searches_waits_until_all_is_found(toy: Any) -> None:
    toy({"toy_room/__init__.py": "", "toy_room/_slow.py": AT_A_GATE + "toy_gates.SHELF['add']()\n"})
    gates: Any = entered("toy_gates")
    plugins: Plugins[str] = Plugins("toy_room")
    gates.SHELF["add"] = lambda: plugins.add("slow", "found")
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(plugins.__getitem__, "slow")
        assert gates.REACHED.wait(WAIT)
        others = [pool.submit(plugins.get, "slow"), pool.submit(list, plugins)]
        done = [other.done() for other in others]
        gates.OPEN.set()
        assert first.result(WAIT) == "found"
        assert [other.result(WAIT) for other in others] == ["found", ["slow"]]
    assert done == [False, False]


def test_a_plugin_that_looks_while_it_is_imported_finds_those_before_it(toy: Any) -> None:
    toy({
        "toy_seen/__init__.py": "",
        "toy_seen/_a.py": "import toy_gates\ntoy_gates.SHELF['plugins'].add('a', 1)\n",
        "toy_seen/_b.py": """\
            import toy_gates
            toy_gates.SHELF["b"] = list(toy_gates.SHELF["plugins"])
            """,
    })  # fmt: skip
    plugins: Plugins[int] = Plugins("toy_seen")
    gates: Any = entered("toy_gates")
    gates.SHELF["plugins"] = plugins
    assert dict(plugins) == {"a": 1}
    assert gates.SHELF["b"] == ["a"]


def test_a_search_that_failed_is_made_again(toy: Any) -> None:
    toy({
        "toy_broken/__init__.py": "",
        "toy_broken/_x.py": """\
            import toy_gates
            if not toy_gates.SHELF.get("mended"):
                raise ImportError("broken")
            toy_gates.SHELF["plugins"].add("x", 1)
            """,
    })  # fmt: skip
    plugins: Plugins[int] = Plugins("toy_broken")
    gates: Any = entered("toy_gates")
    gates.SHELF["plugins"] = plugins
    with pytest.raises(ImportError, match="broken"):
        plugins["x"]
    gates.SHELF["mended"] = True
    assert plugins["x"] == 1


def test_a_room_within_a_room_that_fails_is_not_passed_over(toy: Any) -> None:
    toy({"toy_outer/__init__.py": "", "toy_outer/inner/__init__.py": "raise ImportError('why')\n"})
    with pytest.raises(ImportError, match="why"):
        discovered("toy_outer")


def test_the_outer_room_is_entered_before_the_inner(toy: Any) -> None:
    """Python locks the inner one first, and two threads would wait for each other."""
    toy({
        "toy_house/__init__.py": "BASE = 1\n" + AT_A_GATE + "from toy_house.inner import ITEM\n",
        "toy_house/inner.py": "from toy_house import BASE\nITEM = BASE\n",
    })  # fmt: skip
    gates: Any = entered("toy_gates")
    with ThreadPoolExecutor(2) as pool:
        outer = pool.submit(entered, "toy_house")
        assert gates.REACHED.wait(WAIT)
        inner = pool.submit(entered, "toy_house.inner")
        time.sleep(0.1)  # for it to reach a lock, of whichever module
        gates.OPEN.set()
        assert outer.result(WAIT).ITEM == inner.result(WAIT).ITEM == 1


def test_names_are_those_of_the_stub(toy: Any) -> None:
    toy({
        "toy_names/__init__.py": "",
        "toy_names/__init__.pyi": "from . import part as part\nfrom .part import ITEM as ITEM\n",
        "toy_names/part.py": "ITEM = 1\n",
    })  # fmt: skip
    package = entered("toy_names")
    find, names, public = attached("toy_names", str(package.__file__))
    assert public == names() == ["ITEM", "part"]
    assert find("ITEM") == 1
    assert find("part") is sys.modules["toy_names.part"]
    with pytest.raises(AttributeError, match="has no attribute 'ITEMS'"):
        find("ITEMS")


def test_one_thread_at_a_time_enters_rooms(toy: Any) -> None:
    """Where two are inside packages of others, Python hands out half of a module."""
    room = """
        import time, toy_gates
        inside = toy_gates.SHELF.setdefault("inside", [])
        inside.append(__name__)
        time.sleep(0.1)
        toy_gates.SHELF["most"] = max(toy_gates.SHELF.get("most", 0), len(inside))
        inside.remove(__name__)
    """
    toy({
        "toy_door/__init__.py": "",
        "toy_door/__init__.pyi": "from . import inner as inner\nfrom . import outer as outer\n",
        "toy_door/outer.py": room,
        "toy_door/inner.py": room,
    })  # fmt: skip
    find, _, _ = attached("toy_door", str(entered("toy_door").__file__))
    with ThreadPoolExecutor(2) as pool:
        rooms = list(pool.map(find, ["outer", "inner"]))
    assert [room.__name__ for room in rooms] == ["toy_door.outer", "toy_door.inner"]
    assert entered("toy_gates").SHELF["most"] == 1


def test_every_room_is_a_plain_module() -> None:
    """Pickles of other packages take a module by its name only if it is nothing more."""
    for name in nqp.__all__:
        getattr(nqp, name)
    ours = {n: m for n, m in sys.modules.items() if n.split(".")[0] == "bayes_nqp"}
    assert [name for name, module in ours.items() if type(module) is not ModuleType] == []


def test_no_public_name_is_that_of_a_module_beside_it() -> None:
    """Importing the module would put it in the name's place."""
    home = Path(nqp.__file__).parent
    modules = {path.stem for path in home.iterdir() if path.suffix == ".py" or path.is_dir()}
    named = {name for name in nqp.__all__ if not isinstance(getattr(nqp, name), ModuleType)}
    assert named & modules == set()


IMPORTS = """
import json, sys, threading
sys.setswitchinterval(1e-5)
import bayes_nqp as nqp
names, failed = sys.argv[1].split(), []
barrier = threading.Barrier(len(names))

def use(name):
    barrier.wait()
    try:
        getattr(nqp, name)
    except BaseException as error:
        failed.append(f"{name}: {error!r}")

threads = [threading.Thread(target=use, args=(name,)) for name in names]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(failed))
"""


@pytest.mark.parametrize(
    "names",
    [
        "AR1 StaggeredDiD Donut Mediation TimeEffects fit check plots",
        "studies report check table Donut att ClusterTimeEffects calibrate",
    ],
)
def test_first_uses_from_threads_find_everything(names: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, names],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    assert json.loads(done.stdout) == []
