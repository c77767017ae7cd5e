"""Small valid files of every format, seeded damage to them, and what reading them does.

Files are read in processes of their own, with bounded memory and time. What is neither read nor
refused in words is a fault. ``python tests/damaged_files.py 200`` counts those of every format.
"""

from __future__ import annotations

import base64
import io
import json
import os
import random
import re
import resource
import signal
import sys
import tempfile
import traceback
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import h5py
import numpy as np
import pandas as pd
import pytest
from data.reading.test_old_books import BOOK
from frozen import frozen_bytes, frozen_fit
from fuzzing import assert_worded
from panels import ARGUMENTS, city_frame
from scipy import sparse
from small_study import write_study

import bayes_nqp as nqp
from bayes_nqp import spatial_weights as sw
from bayes_nqp import studies
from bayes_nqp._core.checksum import SEAL, sealed
from bayes_nqp._core.exceptions import NQPError
from bayes_nqp.inference.fitting._serialize import packed, unpacked

MEMORY: Final = 1_000_000_000
"""Bytes that a reader may take, as the library is told."""
MOST: Final = 4_000_000_000
"""Bytes of address space that the process may take beyond those that it has."""
SECONDS: Final = 15
"""Of the processor, that reading a file may take; six times as many on a busy machine."""
_SKIPPED: Final = 5
READ, REFUSED = "read", "refused"

IDS: Final = ("a", "b", "c", "d")
W: Final = np.array(
    [[0.0, 1.5, 0.0, 0.5], [1.0, 0.0, 2.0, 0.0], [0.0, 2.0, 0.0, 0.0], [1.0, 0, 0, 0]]
)
PLAIN: Final = {"unit": "CITY", "time": "YEAR", "cohort": "COHORT", "outcome": "NQP"}
TABLE: Final = {
    "unit": "firm", "time": "year", "outcome": "y", "cohort": "zone_year", "strata": "region",
}  # fmt: skip


@dataclass(frozen=True)
class Format:
    """A small valid file, and what reads it.

    Parameters
    ----------
    name : str
        Of the file, in a folder of its own.
    write : callable
        Writes it, with what stands beside it.
    read : callable
        Reads it.
    forge : callable, optional
        Damages the file by its structure; bytes otherwise.
    """

    name: str
    write: Callable[[Path], object]
    read: Callable[[Path], object]
    forge: Callable[[Path, random.Random], None] | None = None


def panel(*, new: bool = False, **roles: Any) -> Callable[[Path], object]:
    """Read a panel, and perhaps propose a study of the same file."""

    def read(path: Path) -> object:
        made = nqp.Panel.from_file(path, **(roles or ARGUMENTS))
        if new:
            studies.new(path, path.with_name("new.toml"))
        return made

    return read


def linked(*ids: str) -> Callable[[Path], object]:
    return lambda path: sw.matrix(path, ids=ids or None)


def plain_frame() -> pd.DataFrame:
    frame = city_frame()
    codes = pd.factorize(frame["城市"])[0].astype(float)
    parts = {
        "CITY": codes,
        "YEAR": frame["年份"],
        "COHORT": frame["zone_year"],
        "NQP": frame["nqp"],
    }
    return pd.DataFrame(parts)


def package(writer: str) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        pyreadstat = pytest.importorskip("pyreadstat", reason="the extra formats is not installed")
        more = {"compress": True} if path.suffix == ".zsav" else {}
        getattr(pyreadstat, writer)(plain_frame(), str(path), **more)

    return write


def polygons(path: Path) -> None:
    geopandas = pytest.importorskip("geopandas", reason="the extra space is not installed")
    shapely = pytest.importorskip("shapely", reason="the extra space is not installed")
    squares = [shapely.box(k, 0, k + 1, 1) for k in range(4)]
    frame = geopandas.GeoDataFrame({"city": IDS}, geometry=squares, crs=4326)
    frame.to_file(path.with_suffix(".shp") if path.suffix in {".dbf", ".shx"} else path)


def bordered(path: Path) -> object:
    shape = path.with_suffix(".shp") if path.suffix in {".dbf", ".shx"} else path
    return sw.contiguity(shape, id="city")


def firms() -> pd.DataFrame:
    frame = city_frame()
    firm = pd.factorize(frame["城市"])[0]
    return frame.assign(firm=firm).rename(columns={"年份": "year", "nqp": "y"})


def duck(path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="the extra tables is not installed")
    rows = firms()
    with duckdb.connect(str(path)) as base:
        base.from_df(rows).create("rows")


def from_table(head: str = "", tail: str = "") -> Callable[[Path], object]:
    return lambda path: nqp.Panel.from_table(f"{head}{path}{tail}", **TABLE)


def shard(path: Path) -> None:
    """Leave a shard in a store, as a call that was interrupted does."""
    from bayes_nqp.data.backends import UnitFiles

    duckdb = pytest.importorskip("duckdb", reason="the extra tables is not installed")
    rows = path.with_name("rows.parquet")
    firms().to_parquet(rows)
    store, kept = path.with_name("store"), {}
    removing = UnitFiles.remove

    def keeping(files: UnitFiles) -> None:
        kept.update({x.name: x.read_bytes() for x in files.paths})
        removing(files)

    UnitFiles.remove = keeping  # type: ignore[method-assign]
    try:
        nqp.Panel.from_table(duckdb.read_parquet(str(rows)), **TABLE, store=store)
    finally:
        UnitFiles.remove = removing  # type: ignore[method-assign]
    ((name, content),) = kept.items()
    path.write_bytes(content)
    path.with_name("name").write_text(name)


def with_shard(path: Path) -> object:
    """Read a table, one shard of which is there already; the panel is that of its rows."""
    duckdb = pytest.importorskip("duckdb", reason="the extra tables is not installed")
    store = path.with_name("store")
    store.mkdir(exist_ok=True)
    place = store / path.with_name("name").read_text()
    if path.is_file() and not path.is_symlink():
        place.write_bytes(path.read_bytes())
    elif not place.exists():
        path.rename(place)
    rows = path.with_name("rows.parquet")
    lazy = duckdb.read_parquet(str(rows))
    made = nqp.Panel.from_table(lazy, **TABLE, store=store)
    again = nqp.Panel.from_table(str(rows), **TABLE)
    assert made.digest == again.digest, "a damaged shard is in the panel"
    return made


def sealed_anew(path: Path, rng: random.Random) -> None:
    """Damage a fit by bytes or by its datasets, under a seal that matches."""
    content = path.read_bytes()[:-SEAL]
    if rng.random() < 0.5:
        path.write_bytes(sealed(damaged(content, rng)))
        return
    path.write_bytes(content)
    claimed(path, rng)
    path.write_bytes(sealed(path.read_bytes()))


def claimed(path: Path, rng: random.Random) -> None:
    """Put an array in the place of another that claims far more numbers than the file holds."""
    with h5py.File(path, "r+") as file:
        names: list[str] = []
        file.visititems(lambda name, x: names.append(name) if isinstance(x, h5py.Dataset) else None)
        name = rng.choice(sorted(names))
        old = file[name]
        kind, rank, attrs = old.dtype, max(old.ndim, 1), dict(old.attrs)
        length = max(int(rng.choice([2**31, 2**36, 2**62]) ** (1 / rank)), 2)
        del file[name]
        new = file.create_dataset(name, (length,) * rank, kind, chunks=(2,) * rank)
        for key, value in attrs.items():
            if key not in {"DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME"}:
                new.attrs[key] = value


def unsealed(path: Path, rng: random.Random) -> None:
    """Damage a fit of version 0.1, which nothing guards."""
    if rng.random() < 0.5:
        path.write_bytes(damaged(path.read_bytes(), rng))
    else:
        claimed(path, rng)


def serialized(path: Path) -> object:
    """Read what one run leaves to the next, in files of its own; `ValueError` is a miss."""
    if not path.is_file():
        return None
    try:
        return unpacked(path.read_bytes())
    except (ValueError, OSError):
        return None


GAL = "0 4 shape id\na 2\nb d\nb 2\na c\nc 1\nb\nd 1\na\n"


def gwt_text() -> str:
    rows = [f"{IDS[i]} {IDS[j]} {W[i, j]}" for i, j in zip(*np.nonzero(W), strict=True)]
    return "0 4 shape id\n" + "\n".join(rows) + "\n"


LINKS = pd.DataFrame(W, IDS, IDS)
FORMATS: Final = [
    Format("cities.csv", lambda p: city_frame().to_csv(p, index=False), panel(new=True)),
    Format("gb.csv", lambda p: city_frame().to_csv(p, index=False, encoding="gb18030"), panel()),
    Format("cities.tsv", lambda p: city_frame().to_csv(p, index=False, sep="\t"), panel()),
    Format("wide.txt", lambda p: city_frame().to_csv(p, index=False, encoding="utf-16"), panel()),
    Format("cities.xlsx", lambda p: city_frame().to_excel(p, index=False), panel(new=True)),
    Format(
        "cities.xlsm", lambda p: city_frame().to_excel(p, index=False, engine="openpyxl"),
        panel(),
    ),
    Format(
        "old.xls", lambda p: p.write_bytes(zlib.decompress(base64.b85decode(BOOK))),
        lambda p: studies.new(p, p.with_name("new.toml")),
    ),
    Format(
        "cities.dta", lambda p: city_frame().to_stata(p, write_index=False, version=118),
        panel(),
    ),
    Format(
        "old.dta", lambda p: plain_frame().to_stata(p, write_index=False, version=114),
        panel(**PLAIN),
    ),
    Format("cities.parquet", lambda p: city_frame().to_parquet(p), panel()),
    Format("cities.sav", package("write_sav"), panel(**PLAIN)),
    Format("cities.zsav", package("write_sav"), panel(**PLAIN)),
    Format("cities.por", package("write_por"), panel(**PLAIN)),
    Format("cities.xpt", package("write_xport"), panel(**PLAIN)),
    Format("links.csv", LINKS.to_csv, linked()),
    Format("links.xlsx", LINKS.to_excel, linked()),
    Format("links.gal", lambda p: p.write_text(GAL), linked()),
    Format("links.gwt", lambda p: p.write_text(gwt_text()), linked()),
    Format("links.npz", lambda p: sparse.save_npz(p, sparse.csr_array(W)), linked(*IDS)),
    Format("named.npz", lambda p: np.savez(p, matrix=W, ids=np.array(IDS)), linked()),
    Format("map.shp", polygons, bordered),
    Format("map.dbf", polygons, bordered),
    Format("map.shx", polygons, bordered),
    Format("map.geojson", polygons, bordered),
    Format("map.gpkg", polygons, bordered),
    Format("fit.nc", lambda p: frozen_fit("staggered").save(p), nqp.load, sealed_anew),
    Format("early.nc", lambda p: p.write_bytes(frozen_bytes("exposure")), nqp.load, unsealed),
    Format("study.toml", lambda p: write_study(p.parent), studies.validate),
    Format(
        "system.toml", lambda p: nqp.index.new_quality_productivity().to_toml(p),
        nqp.IndexSystem.from_toml,
    ),
    Format("rows.parquet", lambda p: firms().to_parquet(p), from_table()),
    Format("rows.csv", lambda p: firms().to_csv(p, index=False), from_table()),
    Format("rows.csv.gz", lambda p: firms().to_csv(p, index=False), from_table()),
    Format("rows.duckdb", duck, from_table("duckdb:", "#rows")),
    Format("shard.parquet", shard, with_shard),
    Format("parcel.npz", lambda p: p.write_bytes(packed({"a": 1}, [W])), serialized),
]  # fmt: skip
"""Tables of rows, links, boundaries, fits, studies, tables in an engine, and what is kept."""


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Damage bytes; of an archive, often those of a part inside it, packed again."""
    if content.startswith(b"PK\x03\x04") and rng.random() < 0.7:
        return _part_damaged(content, rng)
    for _ in range(rng.randint(1, 3)):
        content = rng.choice(_WAYS)(content, rng)
    return content


def _part_damaged(content: bytes, rng: random.Random) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        names = old.namelist()
        chosen = rng.choice(names)
        for name in names:
            part = old.read(name)
            new.writestr(name, damaged(part, rng) if name == chosen else part)
    return out.getvalue()


def _flip(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        if changed:
            changed[rng.randrange(len(changed))] ^= rng.randint(1, 255)
    return bytes(changed)


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randint(0, len(content))]


def _extend(content: bytes, rng: random.Random) -> bytes:
    return content + rng.randbytes(rng.randint(1, 200))


def _claim(content: bytes, rng: random.Random) -> bytes:
    """Write a number of another size: in text in the place of one, else anywhere."""
    number = rng.choice([2**31 - 1, 2**32 - 1, 2**36, 10**15, 2**63 - 1, 81 * 10**12, 0])
    runs = list(re.finditer(rb"\d+", content[:20_000]))
    if runs and rng.random() < 0.5:
        run = rng.choice(runs)
        return content[: run.start()] + str(number).encode() + content[run.end() :]
    size = rng.choice([2, 4, 8])
    at = rng.randint(0, len(content))
    coded = (number % 2 ** (8 * size)).to_bytes(size, rng.choice(["little", "big"]))
    return content[:at] + coded + content[at + size :]


def _swap(content: bytes, rng: random.Random) -> bytes:
    a, b, c = sorted(rng.randint(0, len(content)) for _ in range(3))
    return content[:a] + content[b:c] + content[a:b] + content[c:]


def _zero(content: bytes, rng: random.Random) -> bytes:
    at = rng.randint(0, len(content))
    return content[:at] + bytes(rng.randint(1, 200)) + content[at:][rng.randint(0, 200) :]


def _repeat(content: bytes, rng: random.Random) -> bytes:
    at, to = sorted(rng.randint(0, len(content)) for _ in range(2))
    return content[:to] + content[at:]


_WAYS: Final = (_flip, _flip, _cut, _extend, _claim, _claim, _swap, _zero, _repeat)


def spoil(path: Path, kind: Format, number: int, seed: str) -> None:
    """Damage a file in a way that its number and the seed say: the first four are no files."""
    if number < 4:
        path.unlink()
        (Path.touch, Path.mkdir, os.mkfifo, lambda x: x.symlink_to("/dev/zero"))[number](path)
        return
    rng = random.Random(f"{kind.name} {number} {seed}")
    if kind.forge is None:
        path.write_bytes(damaged(path.read_bytes(), rng))
    else:
        kind.forge(path, rng)


def fates_of(kind: Format, paths: Mapping[int, Path]) -> dict[int, str]:
    """Read files in processes of their own, a new one where one died; tell what became of each."""
    found: dict[int, str] = {}
    while left := [number for number in paths if number not in found]:
        here, there = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            os.close(here)
            _read_all(kind, {number: paths[number] for number in left}, there)
        os.close(there)
        with os.fdopen(here, "rb") as pipe:
            found |= dict(map(json.loads, pipe))
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            died = next(number for number in left if number not in found)
            by = os.WTERMSIG(status)
            found[died] = (
                "hung" if by in (signal.SIGALRM, signal.SIGPROF) else f"died of signal {by}"
            )
    return found


def _read_all(kind: Format, paths: Mapping[int, Path], there: int) -> NoReturn:
    """Read files, with bounded memory and time, in a process that ends with it."""
    size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = size * resource.getpagesize() + MOST
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(number, signal.SIG_DFL)
    os.environ["BAYES_NQP_LIMITS"] = f"memory:{MEMORY}"
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    warnings.simplefilter("ignore")
    for number, path in paths.items():
        signal.alarm(6 * SECONDS)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        told = json.dumps([number, fate_of(kind, path)])
        os.write(there, told.encode() + b"\n")
    os._exit(0)


def fate_of(kind: Format, path: Path) -> str:
    """Read a file: "read", "refused", or the traceback of what is neither."""
    try:
        repr(kind.read(path))
    except NQPError as error:
        try:
            assert_worded(error)
        except BaseException:
            return traceback.format_exc()
        return REFUSED
    except BaseException:
        return traceback.format_exc()
    return READ


def _write(kind: Format, path: Path) -> None:
    """Write a file in another process: engines leave threads, which a fork would lose."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            kind.write(path)
            code = 0
        except pytest.skip.Exception:
            code = _SKIPPED
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == _SKIPPED:
        pytest.skip("a package is not installed")
    assert code == 0, f"{kind.name} is not written: {code}"


def fates(kind: Format, folder: Path, numbers: range, seed: str) -> dict[int, str]:
    """Write a file, damage it by each number, and tell what became of it."""
    valid = folder / "valid"
    valid.mkdir(parents=True)
    _write(kind, valid / kind.name)
    paths = {-1: valid / kind.name}
    for number in numbers:
        copy = folder / str(number)
        copy.mkdir()
        for beside in valid.iterdir():
            if beside.is_file():
                (copy / beside.name).write_bytes(beside.read_bytes())
        paths[number] = copy / kind.name
        spoil(paths[number], kind, number, seed)
    found = fates_of(kind, paths)
    valid_fate = found.pop(-1)
    assert valid_fate == READ, valid_fate
    return found


def main() -> None:
    """Count the faults of every format, or of those that are named; fail where there are any."""
    count, names = int(sys.argv[1]), sys.argv[2:]
    seed, first = os.environ.get("SEED", "0"), int(os.environ.get("FIRST", "0"))
    failed = False
    for kind in FORMATS:
        if names and kind.name not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = fates(kind, Path(folder) / "x", range(first, count), seed)
            except pytest.skip.Exception as skipped:
                sys.stdout.write(f"{kind.name}: {skipped}\n")
                continue
        faults = {k: x for k, x in found.items() if x not in {READ, REFUSED}}
        failed |= bool(faults)
        sys.stdout.write(f"{kind.name}: {len(faults)} faults of {len(found)}\n")
        for number, fate in faults.items():
            sys.stdout.write(f"  {number}: {fate[-1_500:].strip()}\n")
        sys.stdout.flush()
    sys.exit(failed)


if __name__ == "__main__":
    main()
