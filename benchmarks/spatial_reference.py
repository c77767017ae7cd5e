"""Run: python -m benchmarks.spatial_reference with one of

--counties NAT.shp | --states PRODUC.csv LINKS.gal | --cigarettes CIGAR.csv LINKS.mat

Maximum likelihood of spatial lags with unit effects and independent errors, beside printed values.
NAT.shp (in source distributions of PySAL 1.14): 3,085 counties of the United States (Baller et al.
2001; NCOVR of libpysal), homicide rates HR of 1970, 1980 and 1990 on RD and PS, queen contiguity;
spreg prints .8006 -2.6004 .1903. PRODUC.csv: Munnell's 48 states (`Produc` of plm) with their
links, as libpysal ships them in states48.gal; spreg and splm give .2747, -.0466 .1874 .6251 -.0045,
with time effects .2100 (Lee and Yu). States have to stand in the order of the links, that of their
names.
CIGAR.csv: cigarettes in 46 states (`Cigar` of plm) with Elhorst's links, as libpysal ships them in
spat-sym-us.mat; and probabilities of forms by LeSage's marginal likelihoods (LeSage 2014),

    p(y | form) = int |S|^T |X'X|^-1/2 (e'e)^-(nT - k)/2 Gamma((nT - k) / 2) pi^-(nT - k)/2 d delta,

slopes and log sigma flat, X and the least-squares residuals e those of the form at delta.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.io import loadmat
from scipy.special import gammaln, logsumexp, softmax

from bayes_nqp.numerics.linear_gaussian import log_determinant
from bayes_nqp.space.checks._spatial_ml import Forms


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


def cigarettes(path: Path, links: Path) -> None:
    """Cigarettes sold, on their price and on income, all in logs and over the price index."""
    table = next(x for name, x in loadmat(links).items() if not name.startswith("__"))
    table = np.asarray(table, dtype=float)
    n, matrix = len(table), sparse.csr_array(table / table.sum(axis=1, keepdims=True))
    rows = pd.read_csv(path).sort_values(["state", "year"])
    y = np.log(rows["sales"].to_numpy(dtype=float)).reshape(n, -1)
    logs = [np.log((rows[name] / rows["cpi"]).to_numpy(dtype=float)) for name in ("price", "ndi")]
    x = np.stack([each.reshape(n, -1) for each in logs], axis=2)
    for time in (False, True):
        label = "and time " if time else ""
        print(f"cigarettes, unit {label}effects:", maximum(y, x, matrix, time=time))
        found = probabilities(y, x, matrix, time=time)
        print("  ", " ".join(f"{form} {p:.4f}" for form, p in found.items()))


def probabilities(
    y: np.ndarray, x: np.ndarray, matrix: sparse.csr_array, *, time: bool
) -> dict[str, float]:
    """Of forms under even odds, delta uniform over (-1, 1): LeSage's (above)."""
    n, n_periods, k = x.shape
    near = [x]
    for _ in range(2):
        near.append((matrix @ near[-1].reshape(n, -1)).reshape(x.shape))
    table = np.concatenate([*near, y[..., None], (matrix @ y)[..., None]], axis=2)
    table = table - table.mean(axis=1, keepdims=True)
    table = table - time * table.mean(axis=0)
    # Sums of squares and products are those of the triangle.
    parts = np.linalg.qr(table.reshape(-1, 3 * k + 2), mode="r")
    x, wx, wwx, y, wy = np.split(parts, [k, 2 * k, 3 * k, 3 * k + 1], axis=1)
    roots, places = np.linalg.eigvals(matrix.toarray()), np.linspace(-0.999, 0.999, 2001)

    def at(form: str, delta: float) -> float:
        own, linked = (x, wx) if form in ("SDM", "SLX") else (x - delta * wx, wx - delta * wwx)
        both = form in ("SDM", "SLX", "SDEM")
        columns = np.concatenate([own, linked], axis=1) if both else own
        columns = x if form in ("OLS", "SAR") else columns
        rows = (y - delta * wy).ravel()
        e = rows - columns @ np.linalg.lstsq(columns, rows, rcond=None)[0]
        free = n * n_periods - columns.shape[1]
        curve = n_periods * np.log(1.0 - delta * roots).real.sum()
        volume = -0.5 * np.linalg.slogdet(columns.T @ columns)[1] - 0.5 * free * np.log(e @ e)
        return float(curve + volume + gammaln(0.5 * free) - 0.5 * free * np.log(np.pi))

    forms = ("OLS", "SLX", "SAR", "SDM", "SEM", "SDEM")
    values = [
        at(form, 0.0)
        if form in ("OLS", "SLX")
        else float(logsumexp([at(form, delta) for delta in places])) - np.log(places.size)
        for form in forms
    ]
    return dict(zip(forms, softmax(values).tolist(), strict=True))


def main() -> None:
    """Read the files that are given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counties", type=Path)
    parser.add_argument("--states", type=Path, nargs=2)
    parser.add_argument("--cigarettes", type=Path, nargs=2)
    arguments = parser.parse_args()
    if arguments.cigarettes:
        cigarettes(*arguments.cigarettes)
    if arguments.counties:
        counties(arguments.counties)
    if arguments.states:
        states(*arguments.states)


if __name__ == "__main__":
    main()
