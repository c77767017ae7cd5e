"""One matrix of links from everything that may hold it, matched by names and never by position."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from bayes_nqp import spatial_weights as sw
from bayes_nqp._core.exceptions import NQPError, StudyError
from bayes_nqp.data.spatial_weights._sources import LINK_FILES, Links, links_file

IDS = ("杭州", "b", "3", "d")
W = np.array([[0.0, 1.5, 0.0, 0.0], [1.0, 0.0, 2.0, 0.0], [0.0, 2.0, 0.0, 0.0], [0.0] * 4])
EDGES = pd.DataFrame(
    [(IDS[i], IDS[j], W[i, j]) for i, j in zip(*np.nonzero(W), strict=True)],
    columns=["from", "to", "weight"],
)
TABLE = pd.DataFrame(W, IDS, IDS)


def binary() -> np.ndarray:
    return (W > 0) * 1.0


def of_graph(folder: Path) -> object:
    graph = pytest.importorskip("libpysal.graph")
    return graph.Graph.from_sparse(sparse.csr_array(W), ids=list(IDS))


def of_weights(folder: Path) -> object:
    weights = pytest.importorskip("libpysal.weights")
    near = {
        a: [b for b, w in zip(IDS, row, strict=True) if w] for a, row in zip(IDS, W, strict=True)
    }
    strong = {a: [w for w in row if w] for a, row in zip(IDS, W.tolist(), strict=True)}
    return weights.W(near, strong, id_order=list(IDS), silence_warnings=True)


def saved(name: str, write: object) -> object:
    def source(folder: Path) -> Path:
        write(folder / name)  # type: ignore[operator]
        return folder / name

    return source


def written(name: str, content: str) -> object:
    return saved(name, lambda path: path.write_text(content, encoding="utf-8"))


NUMBERED = pd.DataFrame(W, columns=["w1", "w2", "w3", "w4"])
GWT = "0 4 shape id\n" + "\n".join(" ".join(map(str, row)) for row in EDGES.itertuples(index=False))
GAL = "0 4 shape id\n杭州 1\nb\nb 2\n杭州 3\n3 1\nb\nd 0\n\n"
SOURCES = {
    "square table": (lambda _: TABLE.iloc[::-1], None, W),
    "list": (lambda _: EDGES, IDS, W),
    "list without weights": (lambda _: EDGES[["from", "to"]], IDS, binary()),
    "list in Chinese": (lambda _: EDGES.set_axis(["起点", "终点", "权重"], axis=1), IDS, W),
    "numpy": (lambda _: W, IDS, W),
    "scipy": (lambda _: sparse.csr_array(W), IDS, W),
    "libpysal W": (of_weights, None, W),
    "libpysal Graph": (of_graph, None, W),
    "csv": (saved("w.csv", lambda p: TABLE.to_csv(p, encoding="utf-8-sig")), None, W),
    "csv of links": (saved("w.csv", lambda p: EDGES.to_csv(p, index=False)), IDS, W),
    "dta": (saved("w.dta", lambda p: NUMBERED.to_stata(p, write_index=False)), IDS, W),
    "dta with names": (
        saved("w.dta", lambda p: NUMBERED.assign(city=IDS)[["city", *NUMBERED]].to_stata(
            p, write_index=False, version=118)), None, W,
    ),
    "xlsx": (saved("w.xlsx", TABLE.to_excel), None, W),
    "npz": (saved("w.npz", lambda p: sparse.save_npz(p, sparse.csr_array(W))), IDS, W),
    "npz with names": (saved("w.npz", lambda p: np.savez(p, matrix=W, ids=np.array(IDS))), None, W),
    "gal": (written("w.gal", GAL), None, binary()),
    "gwt": (written("w.gwt", GWT), IDS, W),
}  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_gives_the_same_links(name: str, tmp_path: Path) -> None:
    make, ids, wanted = SOURCES[name]
    found = sw.matrix(make(tmp_path), ids=ids, standardised="none")  # type: ignore[operator]
    units = IDS[: len(wanted)]
    assert set(found.ids) == set(units)
    assert found.aligned(units).matrix.toarray() == pytest.approx(wanted)


def outside(kind: Any) -> object:
    """A sparse matrix with indices far outside of its shape."""
    matrix = kind(W)
    if kind is sparse.coo_array:
        matrix.coords = (matrix.coords[0], matrix.coords[1] + 9_999_999)
    elif kind is sparse.lil_array:
        matrix.rows[0] = [9_999_999]
    else:
        matrix.indices = matrix.indices + 9_999_999
    return matrix


def boastful(path: Path) -> None:
    """Write an archive whose array claims 9,000,000 by 9,000,000 numbers."""
    header = np.lib.format
    with zipfile.ZipFile(path, "w") as archive, archive.open("matrix.npy", "w") as file:
        header.write_array_header_1_0(
            file, {"descr": "<f8", "fortran_order": False, "shape": (9_000_000, 9_000_000)}
        )


def unnamed(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, W)


REFUSED = {
    "no names": (lambda _: W, None, "names of its units"),
    "too few labels": (lambda _: W, IDS[:3], "3 labels were given for a matrix of shape"),
    "strange unit": (lambda _: EDGES, ("杭州", "b", "3x"), "not among 'ids'"),
    "other units": (lambda _: TABLE, ("杭州", "b", "3", "e"), "refer to different units"),
    "a link twice": (lambda _: pd.concat([EDGES, EDGES[:1]]), None, "occur twice"),
    "gal torn": (written("w.gal", "0 2 s i\na 2\nb\n"), None, "contains the line 'a 2'"),
    "gwt torn": (written("w.gwt", "0 2 s i\na b\n"), None, "contains the line 'a b'"),
    "npz of nothing": (saved("w.npz", lambda p: np.savez(p, x=W)), IDS, "contains no matrix"),
    "no file": (lambda folder: folder / "none.gal", None, "cannot be read"),
    "an empty end": (lambda _: EDGES.assign(to=["b", None, "3", "b"]), IDS, "(?s)1 of 4.*link 2"),
    "a blank end": (
        lambda _: EDGES.assign(**{"from": ["", "b", "b", " "]}), None, "(?s)2 of 4.*link 1, 4"
    ),
    "an empty end in a file": (written("w.csv", "from,to,weight\na,b,1\nb,,1\n"), None, "link 2"),
    "an empty name of a row": (lambda _: TABLE.set_axis([*IDS[:3], None]), None, "1 of 4 names"),
    "an empty name in npz": (
        saved("w.npz", lambda p: np.savez(p, matrix=W, ids=np.array([*IDS[:3], ""]))),
        None, "1 of 4",
    ),
    "gwt cut": (written("w.gwt", GWT), None, "declares 4 units, but 3 are linked"),
    "gal cut": (written("w.gal", "0 4 s i\na 1\nb\nb 1\na\n"), None, "declares 4 units, but 2"),
    "gal without a number": (written("w.gal", "a 1\nb\nb 1\na\n"), None, "contains the line 'a 1'"),
    "gal of odd digits": (written("w.gal", "0 2 s i\na ²\nb c\n"), None, "contains the line 'a ²'"),
    "complex": (lambda _: W * 1j, IDS, "not a numeric matrix"),
    "complex and sparse": (lambda _: sparse.csr_array(W * (1 + 1j)), IDS, "not a numeric matrix"),
    "complex list": (lambda _: EDGES.assign(weight=EDGES["weight"] + 1j), IDS, "numeric matrix"),
    "complex table": (lambda _: TABLE + 1j, None, "not a numeric matrix"),
    "indices outside": (lambda _: outside(sparse.csr_array), IDS, "'matrix' is damaged"),
    "columns outside": (lambda _: outside(sparse.csc_array), IDS, "'matrix' is damaged"),
    "coordinates outside": (lambda _: outside(sparse.coo_array), IDS, "'matrix' is damaged"),
    "rows outside": (lambda _: outside(sparse.lil_array), IDS, "'matrix' is damaged"),
    "npz with indices outside": (
        saved("w.npz", lambda p: sparse.save_npz(p, outside(sparse.csr_array))), IDS,
        "contains no matrix|damaged",
    ),
    "npz of a vast shape": (
        saved("w.npz", lambda p: sparse.save_npz(
            p, sparse.coo_array(([1.0], ([0], [1])), shape=(2**40, 2**40)))), IDS, "GiB of memory"
    ),
    "npz that claims too much": (saved("w.npz", boastful), IDS, "contains no matrix"),
    "npy as npz": (saved("w.npz", unnamed), IDS, "contains no matrix"),
    "text": (lambda _: object(), IDS, "4 labels were given for a matrix of shape"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_match_is_refused_in_words(name: str, tmp_path: Path) -> None:
    make, ids, words = REFUSED[name]
    with pytest.raises(NQPError, match=words):
        sw.matrix(make(tmp_path), ids=ids)  # type: ignore[operator]


def test_a_format_of_ones_own_is_one_function(tmp_path: Path) -> None:
    @links_file("ring")
    def ring(path: Path) -> Links:
        names = tuple(path.read_text().split())
        return Links(np.roll(np.eye(len(names)), 1, axis=1), names)

    (tmp_path / "w.ring").write_text("a b c")
    try:
        assert sw.matrix(tmp_path / "w.ring").matrix.toarray()[0].tolist() == [0.0, 1.0, 0.0]
    finally:
        del LINK_FILES["ring"]
    with pytest.raises((StudyError, NQPError)):
        sw.matrix(tmp_path / "w.ring")
