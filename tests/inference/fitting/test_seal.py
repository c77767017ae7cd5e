"""A saved fit is read as it was saved, or refused in words; nothing in between is believed."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from doors import _load
from forged_files import resealed
from frozen import frozen_bytes, frozen_fit

import bayes_nqp as nqp
from bayes_nqp._core.checksum import SEAL, seal_of, sealed
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.testing import assert_equal

CHANGED = "fit.nc was changed or damaged since it was saved.*\n.*fit again and save"
NO_FIT = "fit.nc does not contain a (complete )?fit of bayes_nqp.*\n(.*\n)?Try: .*"


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return frozen_fit("exposure").save(tmp_path_factory.mktemp("seal") / "fit.nc").read_bytes()


@pytest.fixture
def path(content: bytes, tmp_path: Path) -> Path:
    made = tmp_path / "fit.nc"
    made.write_bytes(content)
    return made


def double(file: h5py.File) -> None:
    for name in ("effect", "deviation"):
        file["effects"][name][...] *= 2.0


def pass_the_gate(file: h5py.File) -> None:
    gate = json.loads(file.attrs["gate"])
    file.attrs["gate"] = json.dumps(gate | {"failures": [], "rhat": 1.0})


def drop_the_effects(file: h5py.File) -> None:
    del file["effects"]


def rename_the_outcome(file: h5py.File) -> None:
    file["effects"].attrs["outcome"] = "wages"


def claim_the_old_format(file: h5py.File) -> None:
    file.attrs["format"] = 1


EDITS = [double, pass_the_gate, drop_the_effects, rename_the_outcome, claim_the_old_format]


@pytest.mark.slow
def test_the_same_fit_is_the_same_bytes(content: bytes, tmp_path: Path) -> None:
    back = nqp.load(frozen_fit("exposure").save(tmp_path / "fit.nc"))
    assert back.save(tmp_path / "again.nc").read_bytes() == content


@pytest.mark.slow
def test_a_sealed_file_is_netcdf_all_the_same(path: Path) -> None:
    from arviz import from_netcdf

    assert seal_of(io.BytesIO(path.read_bytes())) == "whole"
    assert_equal(from_netcdf(path)["posterior"].to_dataset(), nqp.load(path).groups["posterior"])


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_in_place_is_seen(path: Path, edit: Callable[[h5py.File], None]) -> None:
    with h5py.File(path, "r+") as file:
        edit(file)
    with pytest.raises(StudyError, match=CHANGED):
        nqp.load(path)


@pytest.mark.parametrize("share", [0.0001, 0.1, 0.35, 0.6, 0.9, 0.9999])
@pytest.mark.parametrize("bit", [1, 128])
def test_a_single_bit_is_seen(content: bytes, path: Path, share: float, bit: int) -> None:
    changed = bytearray(content)
    changed[int(share * len(content))] ^= bit
    path.write_bytes(changed)
    with pytest.raises(StudyError, match=CHANGED):
        nqp.load(path)


@pytest.mark.parametrize("length", [1, 40, SEAL - 1, SEAL, SEAL + 1, 5_000])
def test_a_cut_is_seen(content: bytes, path: Path, length: int) -> None:
    path.write_bytes(content[:-length])
    with pytest.raises(StudyError, match=f"{CHANGED}|{NO_FIT}"):
        nqp.load(path)


@pytest.mark.parametrize("more", [b"\n", b"\0" * 512, b"x" * 100_000])
def test_bytes_after_the_seal_are_seen(content: bytes, path: Path, more: bytes) -> None:
    path.write_bytes(content + more)
    with pytest.raises(StudyError, match=r"not at the end of the file.*\n.*fit again"):
        nqp.load(path)


def test_a_transfer_as_text_is_seen(content: bytes, path: Path) -> None:
    path.write_bytes(content.replace(b"\r\n", b"\n"))
    with pytest.raises(StudyError, match=NO_FIT):
        nqp.load(path)


@pytest.mark.slow
def test_what_another_program_packed_anew_is_refused(path: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed" / "fit.nc"
    packed.parent.mkdir()
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        tree.to_netcdf(packed, engine="h5netcdf")
    with pytest.raises(StudyError, match=r"its digest is missing.*packed.*\n.*another copy"):
        nqp.load(packed)


def foreign_files() -> dict[str, bytes]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("fit.nc", frozen_bytes("exposure"))
    frame, table, classic = pd.DataFrame({"a": [1.0]}), io.BytesIO(), io.BytesIO()
    frame.to_parquet(table)
    xr.Dataset({"a": ("b", [1.0])}).to_netcdf(classic, engine="scipy")
    return {
        "a zip archive": archive.getvalue(),
        "a gzip archive": gzip.compress(b"fit"),
        "netCDF of the classic kind": classic.getvalue(),
        "a Parquet file": table.getvalue(),
        "a pickle": pickle.dumps(frame),
        "Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "it is empty": b"",
        r"begins with b'\\xef\\xbb\\xbfa,b": "\ufeffa,b\n1,2\n".encode(),
    }


@pytest.mark.parametrize(("words", "foreign"), foreign_files().items(), ids=range(8))
def test_a_foreign_file_is_called_what_it_is(path: Path, words: str, foreign: bytes) -> None:
    path.write_bytes(foreign)
    with pytest.raises(
        StudyError, match=f"does not contain a fit of bayes_nqp.*\nWhere: .*{words}"
    ):
        nqp.load(path)


def test_netcdf_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "fit.nc"
    xr.Dataset({"a": ("b", [1.0])}, attrs={"format": 2}).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(StudyError, match=r"complete fit.*\nWhere: it has no design, facts"):
        nqp.load(path)


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes among files")
def test_a_pipe_and_a_folder_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.nc")
    for name in ("pipe.nc", "."):
        with pytest.raises(StudyError, match="is not a file"):
            nqp.load(tmp_path / name)


def head(**values: object) -> Callable[[h5py.File], None]:
    return lambda file: file.attrs.update(values)


def without(group: str, name: str) -> Callable[[h5py.File], None]:
    def edit(file: h5py.File) -> None:
        if name in file[group].attrs:
            del file[group].attrs[name]
        else:
            del file[group][name]

    return edit


def boast(group: str, name: str, *shape: int) -> Callable[[h5py.File], None]:
    """Claim numbers that the file does not hold, as a file of another hand can."""

    def edit(file: h5py.File) -> None:
        kind = file[group][name].dtype
        del file[group][name]
        file[group].create_dataset(name, shape, kind, chunks=(2,) * len(shape))

    return edit


STRUCTURES = {
    "declares 549,755,813,888 bytes but contains 0": boast("effects", "effect", 2**36),
    "declares 128,000,000 bytes but contains 0": boast("panel", "rows", 128_000_000),
    "'sampler' is a StaggeredDiD": head(sampler=json.dumps({"type": "StaggeredDiD"})),
    "'design' is \\{\\}": head(design="{}"),
    "the unknown key 'moons'": head(design=json.dumps({"type": "Importance", "moons": 3})),
    "JSONDecodeError": head(facts="{"),
    "its facts lack 'panel_digest'": head(facts="{}"),
    "TypeError: .*'colour'": head(gate=json.dumps({"failures": [], "colour": "green"})),
    "'notes' is": head(notes="[1]"),
    "KeyError: 'sampler'": without("/", "sampler"),
    "KeyError: 'gate'": without("/", "gate"),
    "it has no effects": without("/", "effects"),
    "it has no sample_stats": without("/", "sample_stats"),
    "of its effects are not numbers|needs a variable 'effect'": without("/effects", "effect"),
    "ValueError: invalid literal": head(format="two"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("words", "edit"), STRUCTURES.items(), ids=range(15))
def test_a_seal_does_not_make_a_fit(
    path: Path, words: str, edit: Callable[[h5py.File], None]
) -> None:
    with pytest.raises(StudyError, match=f"complete fit of bayes_nqp.*\nWhere: .*({words})"):
        nqp.load(resealed(path, edit))


@pytest.mark.slow
def test_other_rows_under_a_seal(path: Path) -> None:
    other = nqp.load(path).panel
    assert other is not None
    changed = other.with_outcome(other.outcome + 1.0)
    made = nqp.load(path)
    object.__setattr__(made, "panel", changed)
    with pytest.raises(StudyError, match="its observations are not those that were fitted"):
        nqp.load(made.save(path))


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (pass_the_gate, "the convergence diagnostics in its head differ from those of its effects"),
        (drop_the_effects, "it has no effects"),
    ],
)
def test_a_file_without_a_seal_is_looked_at(
    path: Path, edit: Callable[[h5py.File], None], words: str
) -> None:
    path.write_bytes(frozen_bytes("exposure"))
    with h5py.File(path, "r+") as file:
        edit(file)
    with pytest.raises(StudyError, match=words):
        nqp.load(path)


@pytest.mark.slow
def test_a_file_without_a_seal_warns_once(path: Path) -> None:
    path.write_bytes(frozen_bytes("exposure"))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        for _ in range(3):
            nqp.load(path)
    assert [str(one.message) for one in told] == [
        "fit.nc was saved by version 0.1 and has no digest, so that later changes cannot be "
        "detected; save the fit again to add one"
    ]
    assert told[0].filename == __file__


@pytest.mark.slow
@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_what_is_not_the_fault_of_the_file_passes(
    path: Path, error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(_load, "decode", fail)
    with pytest.raises(error):
        nqp.load(path)


@pytest.mark.parametrize("size", [0, 1, SEAL - 1, SEAL, 3_000_000])
def test_the_seal_of_any_bytes(size: int) -> None:
    plain = np.random.default_rng(size).bytes(size)
    assert seal_of(io.BytesIO(plain)) == "missing"
    assert seal_of(io.BytesIO(sealed(plain))) == "whole"
    assert seal_of(io.BytesIO(sealed(plain) + b"\n")) == "misplaced"
    assert seal_of(io.BytesIO(b"x" + sealed(plain))) == "broken"
