"""Studies at random: valid ones by construction, and what a slip of the hand makes of them."""

from __future__ import annotations

import copy
import datetime
import math
from typing import Any

from hypothesis import strategies as st

type Table = dict[str, Any]
type Place = tuple[str | int, ...]

DATA: Table = {
    "file": "cities.csv",
    "unit": "城市",
    "time": "年份",
    "cohort": "zone_year",
    "outcome": "nqp",
    "strata": ["地区"],
}
BASE: Table = {
    "title": "城市与新质生产力",
    "data": DATA | {"derive": {"ln_nqp": "log(nqp)"}, "outcome": "ln_nqp"},
    "design": {"effect": {"type": "PartialPooling", "varying": "unit"}, "errors": "AR1"},
    "priors": {"level": 5.0, "rho": [3.0, 2.0]},
    "sampler": {"type": "Importance", "draws": 100, "chains": 2, "seed": 7},
    "report": {"prob": 0.9, "by": ["地区", "cohort"], "language": "zh", "formats": ["html"]},
    "checks": {"run": ["convergence", "identification"], "leave_out": {"groups": "地区"}},
}
"""One key or more of every table that a study of a file has."""

POSITIVE = st.floats(0.01, 100, allow_nan=False)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
ODD = st.one_of(
    st.sampled_from(
        [
            0,
            1,
            -1,
            2,
            10**6 + 1,
            2**31,
            2**63 - 1,
            -(2**63),
            2**63,
            10**30,
            0.0,
            -0.5,
            1e308,
            math.nan,
            math.inf,
            -math.inf,
            True,
            False,
            "",
            " ",
            "none",
            "None",
            "unit",
            "城市",
            "地区",
            "nqp",
            "A" * 3000,
            "\x00",
            "a\x1b[31mb",
            "../..",
            "/dev/null",
            "/dev/zero",
            "C:\\data.xlsx",
            "*.csv",
            ".",
            "~",
            "[bold]",
            "{x}",
            "%s",
            "StaggeredDiD",
            "StaggerdDiD",
            "PartialPooling",
            "NUTS",
            "AR1",
            "xx",
            "log(",
            "nqp + ",
            "__import__('os')",
            [],
            [[]],
            [1, "a"],
            ["a", "a"],
            ["地区", "地区"],
            [None],
            {},
            {"type": "PartialPooling"},
            {"type": "Prtial"},
            {"type": 1},
            {"type": ["AR1"]},
            {"a": {"b": {"c": 1}}},
            [{"column": "nqp"}],
            [{"column": 1}],
            datetime.date(2015, 1, 1),
            datetime.datetime(2015, 1, 1, 1, 1),
            datetime.time(1, 1),
        ]
    ),
    TEXTS,
    st.integers(-(10**4), 10**4),
    st.floats(),
    st.lists(st.one_of(TEXTS, st.integers(0, 9)), max_size=3),
)
"""Values that are wrong nearly wherever they stand."""

KEYS = st.one_of(
    st.sampled_from(
        [
            "title_",
            "outcom",
            "typ",
            "type",
            "run",
            "data",
            "design",
            "varyng",
            "moderator",
            "exposure",
            "freq",
            "never",
            "sheet",
            "header",
            "encoding",
            "zones",
            "stratify",
            "thousands",
            "missing",
            "fill_down",
            "weights",
            "treated",
            "covariates",
            "mediators",
            "interaction",
            "channels",
            "index",
            "simulation",
            "dataset",
            "options",
            "positive",
            "draws",
            "tune",
            "thin",
            "time",
            "anticipation",
            "controls",
            "likelihood",
            "unidentified",
            "effect",
            "trend_sensitivity",
        ]
    ),
    TEXTS,
)


def places(data: Any, at: Place = ()) -> list[Place]:
    """Every place of a study at which something stands."""
    found = [at] if at else []
    inner = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in inner:
        here = (*at, key)
        found += places(value, here) if isinstance(value, dict | list) else [here]
    return found


def held(data: Any, place: Place) -> Any:
    """What stands at a place."""
    for key in place:
        data = data[key]
    return data


@st.composite
def slips(draw: st.DrawFn, base: Table = BASE) -> tuple[Table, list[str]]:
    """A study with one to three slips, and the keys that they touch."""
    study, names = copy.deepcopy(base), []
    for _ in range(draw(st.sampled_from([1, 1, 1, 1, 2, 3]))):
        place = draw(st.sampled_from(places(study)))
        inside, key = held(study, place[:-1]), place[-1]
        kind = draw(st.sampled_from(["value", "value", "value", "drop", "rename", "add", "wrap"]))
        names += [str(part) for part in place]
        if kind == "value":
            inside[key] = _plain(draw(ODD))
        elif kind == "drop":
            del inside[key]
        elif kind == "wrap":
            inside[key] = draw(st.sampled_from([[inside[key]], {"type": inside[key]}]))
        elif isinstance(inside, dict):
            new = draw(KEYS)
            inside[new] = inside.pop(key) if kind == "rename" else _plain(draw(ODD))
            names.append(new)
        if not places(study):
            break
    return study, names


def _plain(value: Any) -> Any:
    """TOML has no null."""
    value = copy.deepcopy(value)
    return [x for x in value if x is not None] if isinstance(value, list) else value


@st.composite
def valid_studies(draw: st.DrawFn) -> Table:
    """A study of the cities that must be taken, whatever it leaves out or spells in another way."""
    study: Table = {"title": draw(TEXTS.filter(lambda text: "\r" not in text)), "data": dict(DATA)}
    if draw(st.booleans()):
        study["data"]["strata"] = draw(st.sampled_from(["地区", ["地区"]]))
    if draw(st.booleans()):
        study["data"]["derive"] = {"y": draw(expressions())}
        study["data"]["outcome"] = "y"
    if draw(st.booleans()):
        study["data"]["never"] = draw(st.sampled_from([0, [0], 9999, [0, 9999]]))
    if draw(st.booleans()):
        study["design"] = draw(designs())
    if draw(st.booleans()):
        study["priors"] = draw(
            st.dictionaries(st.sampled_from(["level", "drift", "walk", "cell", "sigma"]), POSITIVE)
        )
    if draw(st.booleans()):
        study["sampler"] = draw(samplers())
    if draw(st.booleans()):
        study["report"] = draw(reports())
    if draw(st.booleans()):
        study["checks"] = draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "run": st.lists(
                        st.sampled_from(["convergence", "identification", "pretrends"]), unique=True
                    ),
                    "leave_out": st.just({"groups": "地区"}),
                    "placebo_space": st.just({"repetitions": 20}),
                },
            )
        )
    head = draw(st.permutations([key for key in study if not isinstance(study[key], dict)]))
    tables = draw(st.permutations([key for key in study if isinstance(study[key], dict)]))
    return {key: study[key] for key in (*head, *tables)}


def designs() -> st.SearchStrategy[Table]:
    """Tables [design] that the cities identify."""
    varying = st.sampled_from(["unit", "none"])
    effects = st.one_of(
        st.sampled_from(["PartialPooling", "CompletePooling", "NoPooling"]),
        st.fixed_dictionaries(
            {"type": st.sampled_from(["CompletePooling", "NoPooling"])},
            optional={"varying": varying},
        ),
        st.fixed_dictionaries(
            {"type": st.just("PartialPooling")},
            optional={"varying": varying, "strata": st.sampled_from([["地区"], "地区", []])},
        ),
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.just("StaggeredDiD"),
            "effect": effects,
            "errors": st.sampled_from(["AR1", "IID", "AR1PlusNoise", {"type": "AR1"}]),
            "time": st.sampled_from(["TimeEffects", {"type": "TimeEffects", "by": ["地区"]}]),
            "controls": st.sampled_from(["all", "never"]),
            "unidentified": st.sampled_from(["raise", "drop"]),
            "anticipation": st.integers(0, 1),
        },
    )


def samplers() -> st.SearchStrategy[Table]:
    """Tables [sampler]."""
    common = {
        "draws": st.integers(4, 5000),
        "chains": st.integers(1, 8),
        "seed": st.integers(0, 2**31 - 1),
    }
    return st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("NUTS")}, optional={**common, "tune": st.integers(50, 5000)}
        ),
        st.fixed_dictionaries(
            {},
            optional={"type": st.just("Importance"), **common, "proposals": st.integers(64, 9000)},
        ),
    )


def reports() -> st.SearchStrategy[Table]:
    """Tables [report]."""
    return st.fixed_dictionaries(
        {},
        optional={
            "prob": st.floats(0.5, 0.99),
            "kind": st.sampled_from(["eti", "hdi"]),
            "by": st.lists(st.sampled_from(["地区", "cohort", "time", "stratum"]), unique=True),
            "weights": st.sampled_from(["rows", "units", "equal"]),
            "language": st.sampled_from(["en", "zh"]),
            "outcome": TEXTS,
            "question": TEXTS,
            "formats": st.lists(
                st.sampled_from(["html", "docx", "xlsx", "tex", "md"]), unique=True
            ),
        },
    )


@st.composite
def expressions(draw: st.DrawFn) -> str:
    """Arithmetic of the positive column nqp, defined in every row, that varies."""
    inner = draw(st.sampled_from(["nqp", 'col("nqp")', "(nqp)", "nqp + 1", "2 * nqp"]))
    for _ in range(draw(st.integers(0, 3))):
        form = draw(st.sampled_from(["log1p({})", "sqrt({})", "({}) + 1", "3 * ({})", "abs({})"]))
        inner = form.format(inner)
    return inner


def edits() -> st.SearchStrategy[list[tuple[str, float, bytes]]]:
    """What may happen to the bytes of a file: cut, changed, doubled, more of them."""
    pieces = st.one_of(
        st.binary(max_size=4),
        st.sampled_from(
            [
                b"\xff",
                b"\x00",
                b'"',
                b"'",
                b'"""',
                b"[",
                b"]",
                b"[[",
                b"=",
                b"{",
                b"\r",
                b"\n",
                b"\\",
                b"#",
                b"\xef\xbb\xbf",
                b"\n[data]\n",
                b"\ntitle = 1\n",
                b"nan",
                b"-inf",
                b"1e999",
                b"0xffffffffffffffffffff",
                b"2015-13-45",
                b"a.b.c = 1\n",
                "城".encode(),
                "城".encode("gb18030"),
                "\u202e".encode(),
                b"true",
                b"= ,",
            ]
        ),
    )
    kinds = st.sampled_from(["insert", "replace", "cut", "end", "double"])
    return st.lists(st.tuples(kinds, st.floats(0, 1), pieces), min_size=1, max_size=4)


def edited(raw: bytes, changes: list[tuple[str, float, bytes]]) -> bytes:
    """Bytes after such changes."""
    for kind, share, piece in changes:
        at = int(share * len(raw))
        after = {
            "insert": raw[at:],
            "replace": raw[at + max(len(piece), 1) :],
            "cut": raw[at + 7 :],
            "end": b"",
            "double": raw[max(at - 30, 0) :],
        }[kind]
        raw = raw[:at] + (piece if kind != "cut" else b"") + after
    return raw
