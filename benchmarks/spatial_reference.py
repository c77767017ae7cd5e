"""Run: python -m benchmarks.spatial_reference --counties NAT.shp | --states PRODUC.csv LINKS.gal.

Maximum likelihood of spatial lags with unit effects and independent errors, beside printed values.
NAT.shp: 3,085 counties of the United States (Baller et al. 2001; NCOVR of libpysal), homicide rates
HR of 1970, 1980 and 1990 on RD and PS, queen contiguity; spreg prints .8006 -2.6004 .1903.
PRODUC.csv: Munnell's 48 states (`Produc` of plm) with their links, as libpysal ships them in
states48.gal; spreg and splm give .2747, -.0466 .1874 .6251 -.0045, with time effects .2100 (Lee and
Yu). States have to stand in the order of the links, that of their names.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from bayes_nqp.checks.space._forms import Forms
from bayes_nqp.gaussian import log_determinant


def maximum(y: np.ndarray, x: np.ndarray, matrix: sparse.csr_array, *, time: bool) -> str:
    """Coefficients of columns, then that of the lag, with unit effects, and time effects or not."""
    n, n_periods = y.shape
    curve = log_determinant(matrix, np.zeros(n, dtype=np.int64))
    levels = np.ones((n, int(time)))
    curve = curve if time else replace(curve, net=curve.plain)
    best = Forms.of_panel(y, x, levels, matrix, np.eye(n_periods), curve).maximum("SAR")
    return " ".join(f"{value:.4f}" for value in (*best.slopes, best.delta))


def counties(path: Path) -> None:
    """Homicides in counties."""
    import geopandas
    from libpysal.graph import Graph

    frame = geopandas.read_file(path)
    graph = Graph.build_contiguity(frame, rook=False).transform("r")
    matrix = sparse.csr_array(graph.sparse)
    years = ("70", "80", "90")
    y = frame[[f"HR{year}" for year in years]].to_numpy(dtype=float)
    x = np.stack([frame[[f"{name}{year}" for year in years]] for name in ("RD", "PS")], axis=2)
    print("counties, RD PS rho:", maximum(y, x.astype(float), matrix, time=False))


def states(path: Path, links: Path) -> None:
    """Output of states."""
    lines = links.read_text(encoding="utf-8").splitlines()
    n = int(lines[0].split()[0])
    table = np.zeros((n, n))
    for head, near in zip(lines[1::2], lines[2::2], strict=False):
        table[int(head.split()[0]), [int(other) for other in near.split()]] = 1.0
    matrix = sparse.csr_array(table / table.sum(axis=1, keepdims=True))
    rows = pd.read_csv(path).sort_values(["state", "year"])
    names = ("gsp", "pcap", "pc", "emp")
    logs = [np.log(rows[name].to_numpy(dtype=float)).reshape(n, -1) for name in names]
    x = np.stack([*logs[1:], rows["unemp"].to_numpy(dtype=float).reshape(n, -1)], axis=2)
    for time in (False, True):
        label = "and time " if time else ""
        print(f"states, unit {label}effects:", maximum(logs[0], x, matrix, time=time))


def main() -> None:
    """Read the files that are given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counties", type=Path)
    parser.add_argument("--states", type=Path, nargs=2)
    arguments = parser.parse_args()
    if arguments.counties:
        counties(arguments.counties)
    if arguments.states:
        states(*arguments.states)


if __name__ == "__main__":
    main()
