"""Any file is the fit that was saved, or is refused in words; nothing in between, and no crash."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import pytest
from fit_reading import Reader, fate_of
from frozen import frozen_bytes, frozen_fit
from fuzzing import Tally
from hypothesis import given, settings
from hypothesis import strategies as st

import bayes_nqp as nqp
from bayes_nqp._core.checksum import SEAL, sealed
from bayes_nqp._core.testing import assert_equal

NAMES = ("exposure", "staggered")
FRACTION = st.floats(0.0, 1.0, exclude_max=True)
SOME = st.one_of(st.binary(max_size=80), st.integers(1, 5_000).map(bytes))
# HDF5 itself refuses text with a zero in it, or that is not UTF-8.
TEXT = st.characters(codec="utf-8", exclude_characters="\0")
VALUES = st.one_of(
    st.text(TEXT, max_size=30), st.integers(-(2**40), 2**40), st.floats(), st.booleans(),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
        max_leaves=6,
    ).map(json.dumps),
)  # fmt: skip
TYPES = st.sampled_from(
    ["IMH", "Importance", "NUTS", "StaggeredDiD", "Mediation", "PartialPooling", "AR1", "Moon"]
)
HEADS = ("format", "seal", "design", "sampler", "gate", "facts", "versions", "notes", "digest")


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Flip bits, cut, overwrite, repeat, take out or add bytes, some times over."""
    for _ in range(draw(st.integers(1, 3))):
        at = int(draw(FRACTION) * len(content))
        kind = draw(st.sampled_from(["flip", "cut", "behead", "over", "in", "out", "add", "twice"]))
        if kind == "flip" and content:
            changed = bytearray(content)
            changed[at] ^= draw(st.integers(1, 255))
            content = bytes(changed)
        some = draw(SOME)
        content = {
            "flip": content, "cut": content[:at], "behead": content[at:],
            "over": content[:at] + some + content[at + len(some) :],
            "in": content[:at] + some + content[at:], "out": content[:at] + content[at + 64 :],
            "add": content + some, "twice": content + content[at:],
        }[kind]  # fmt: skip
    return content


def foreign(content: bytes) -> st.SearchStrategy[bytes]:
    """Bytes that are no fit, or hold one among others."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("fit.nc", content)
    start = st.sampled_from([b"", b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"PK\x03\x04", b"PAR1"])
    return st.one_of(
        st.tuples(start, st.binary(max_size=300)).map(b"".join),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.just(packed.getvalue()),
        st.just(content[SEAL:] + content[:SEAL]),
        st.binary(max_size=300).map(sealed),
    )


def members(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visit(names.append)
    return sorted(names)


@st.composite
def edits(draw: st.DrawFn, file: h5py.File) -> str:
    """Edit a file through HDF5: attrs, arrays, groups, names."""
    kind = draw(st.sampled_from(["head", "type", "attr", "array", "remove", "rename", "replace"]))
    if kind == "head":
        file.attrs[draw(st.sampled_from(HEADS))] = draw(VALUES)
        return kind
    if kind == "type":
        data = {"type": draw(TYPES)} | draw(st.dictionaries(st.text(max_size=6), st.integers()))
        file.attrs[draw(st.sampled_from(["design", "sampler"]))] = json.dumps(data)
        return kind
    name = draw(st.sampled_from(members(file)))
    node = file[name]
    if kind == "attr":
        file[name.partition("/")[0]].attrs[draw(st.text("abcz", min_size=1))] = draw(VALUES)
    elif kind == "array" and isinstance(node, h5py.Dataset) and node.size and node.shape:
        node[...] = node[...][::-1] if node.dtype.kind == "O" else node[...] * 2
    elif kind == "rename":
        file.move(name, name + draw(st.text("abcz", min_size=1)))
    else:
        del file[name]
        if kind == "replace":
            file[name] = draw(st.floats())
    return kind


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("saved")
    return {name: frozen_fit(name).save(folder / name).read_bytes() for name in NAMES}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "fit.nc"


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    made = Reader()
    yield made
    made.close()


@pytest.mark.slow
def test_whole_files_are_read(saved: dict[str, bytes], path: Path) -> None:
    tally = Tally("saved fits as they are")
    for name, content in saved.items():
        path.write_bytes(content)
        assert_equal(nqp.load(path), frozen_fit(name))
        tally.count("read")


@pytest.mark.slow
def test_damaged_and_foreign_files_are_refused(saved: dict[str, bytes], path: Path) -> None:
    tally = Tally("saved fits, damaged or foreign")

    @settings(max_examples=150)
    @given(st.data(), st.sampled_from(NAMES))
    def refused(data: st.DataObject, name: str) -> None:
        content = data.draw(st.one_of(damaged(saved[name]), foreign(saved[name])))
        path.write_bytes(content)
        expected = "read" if content == saved[name] else "refused"
        assert fate_of(str(path)) == expected
        tally.count(expected)

    refused()
    tally.require("refused", 0.9)


@pytest.mark.slow
def test_edited_files_are_refused(saved: dict[str, bytes], path: Path) -> None:
    tally = Tally("saved fits, edited")

    @settings(max_examples=25)
    @given(st.data(), st.sampled_from(NAMES))
    def refused(data: st.DataObject, name: str) -> None:
        path.write_bytes(saved[name])
        with h5py.File(path, "r+") as file:
            kind = data.draw(edits(file))
        assert fate_of(str(path)) == "refused", kind
        tally.count(kind)

    refused()


@pytest.mark.slow
def test_a_matching_seal_on_another_structure(
    saved: dict[str, bytes], path: Path, reader: Reader
) -> None:
    """What another version or a hand sealed has no fit in it, or one; there is no third."""
    tally = Tally("saved fits, edited and sealed again")

    @settings(max_examples=15)
    @given(st.data(), st.sampled_from(NAMES))
    def worded(data: st.DataObject, name: str) -> None:
        path.write_bytes(saved[name][:-SEAL])
        with h5py.File(path, "r+") as file:
            for _ in range(data.draw(st.integers(1, 2))):
                data.draw(edits(file))
        path.write_bytes(sealed(path.read_bytes()))
        fate = reader.fate_of(str(path))
        assert fate in ("read", "refused"), fate
        tally.count(fate)

    worded()
    tally.require("refused", 0.05)


def test_damaged_files_without_a_seal(path: Path, reader: Reader) -> None:
    """Nothing but HDF5 guards files of version 0.1."""
    tally = Tally("fits of version 0.1, damaged")

    @settings(max_examples=15)
    @given(st.data(), st.sampled_from(NAMES))
    def worded(data: st.DataObject, name: str) -> None:
        path.write_bytes(data.draw(damaged(frozen_bytes(name))))
        fate = reader.fate_of(str(path))
        assert fate in ("read", "refused"), fate
        tally.count(fate)

    worded()
    tally.require("refused", 0.2)
