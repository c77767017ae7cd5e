"""Reading and validation of saved fits."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import h5py
import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.checksum import Seal, seal_of
from bayes_nqp._core.compat import RENAMED
from bayes_nqp._core.exceptions import NQPError, PanelError, StudyError
from bayes_nqp._core.i18n import decoded
from bayes_nqp._core.io import named, no_file
from bayes_nqp._core.limits import afford
from bayes_nqp._core.safe_calls import reply
from bayes_nqp._core.validation import door
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting._arithmetic import check_arithmetic
from bayes_nqp.inference.fitting._files import FORMAT, PANEL, SEALED, read_groups
from bayes_nqp.inference.fitting._fit import Fit
from bayes_nqp.inference.fitting._panel_rows import from_bytes
from bayes_nqp.inference.fitting._recorded_diagnostics import check_recorded_diagnostics
from bayes_nqp.inference.fitting._structure import checked
from bayes_nqp.inference.fitting._verify import verify_draws
from bayes_nqp.inference.model_frame import before_all_adopt, model_frame_of
from bayes_nqp.model.codec import decode
from bayes_nqp.numerics.diagnostics import ConvergenceDiagnostics

if TYPE_CHECKING:
    import xarray as xr


_HDF5 = b"\x89HDF\r\n\x1a\n"
_KINDS = {
    b"PK\x03\x04": "a zip archive or an Excel file", b"\x1f\x8b": "a gzip archive",
    b"CDF": "netCDF of the classic kind", b"PAR1": "a Parquet file", b"\x80": "a pickle",
    b"version https://git-lfs": "a pointer of Git LFS to a file that was not fetched",
}  # fmt: skip
_UNFOLDED = 2_000
"""Maximum ratio of unpacked to packed bytes: 1,032 by the algorithm."""
_DIMENSION = b"This is a netCDF dimension but not a netCDF variable"
_SHOWN = 12
"""Bytes or digits of a file that messages display."""
_AGAIN = "the file that was saved, from another copy; or fit again and save"


@door
def load(path: str | Path, panel: Panel | None = None) -> Fit:
    """Read a fit that `Fit.save` wrote.

    A file is accepted only if it is unchanged: the SHA-256 digest at its end is compared first.
    Files of version 0.1 have no digest. They are read with a warning, which the fit's repr and
    reports repeat.

    A digest does not prove that the contents are right. Quantities that follow from draws are
    computed again, and a file that differs is refused: the convergence diagnostics; effects, from
    means, deviations and paths of mediation; counts, calendars and members of cells. With
    observations, the design recreates cells and labels, and coefficients are drawn again at some of
    the stored parameters: both sets of draws must have the same distribution, and parameters must
    lie in a region of positive density.

    Parameters
    ----------
    panel : Panel, optional
        The panel, if the file was written without its observations.

    Raises
    ------
    StudyError
        If the file does not exist, does not contain a fit, or contains one of a later format; or if
        it was changed, truncated or damaged since it was saved.
    PanelError
        If ``panel`` is not the one that was fitted.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.load(fit.save(f"{folder}/fit.nc")).digest == fit.digest
    True
    """
    path = named(path)
    groups, head, unsealed = _parts_of(path)
    fit = _attempt(path, lambda: checked(_fit_of(groups, head, unsealed), unsealed=unsealed))
    digest = str(fit.record["panel_digest"])
    if panel is None and PANEL in groups:
        panel = _attempt(path, lambda: from_bytes(groups[PANEL]))
        if panel.digest != digest:
            raise _refusal(path, "its observations are not those that were fitted")
    if panel is not None and panel.digest != digest:
        panel = fit.design.prepared(panel)
        # The file's observations may end before all units have adopted.
        with suppress(NQPError):
            ending = before_all_adopt(model_frame_of(fit.design, panel))
            if ending is not None and ending.panel.digest == digest:
                panel = ending.panel
    if panel is not None and panel.digest != digest:
        raise PanelError(
            "'panel' is not the one that was fitted: its digest differs",
            where=f"{panel.digest[:_SHOWN]}… instead of {digest[:_SHOWN]}…",
            hint="pass the same observations, in the same roles",
        )
    fit = replace(fit, panel=panel)
    _check_contents(path, fit)
    if unsealed:
        _warn(path, fit.digest)
    return fit


def _check_contents(path: Path, fit: Fit) -> None:
    """Refuse a fit with statements about its draws that the draws contradict."""

    def check() -> None:
        check_arithmetic(fit)
        check_recorded_diagnostics(fit)
        if fit.panel is not None:
            verify_draws(fit)

    def refuse(error: Exception) -> NoReturn:
        raise _refusal(path, _reason(error)) from error

    reply(check, refuse)


@cache
def _warn(path: Path, digest: str) -> None:
    """Warn once per file; Python counts again whenever a filter changes."""
    warnings.warn(
        f"{path.name} was saved by version 0.1 and has no digest, so that later changes "
        "cannot be detected; save the fit again to add one",
        skip_file_prefixes=(str(Path(__file__).parents[2]),),
    )


def _parts_of(path: Path) -> tuple[dict[str, xr.Dataset], Mapping[str, Any], bool]:
    """Return groups and head of a file with a valid digest, and a flag for a missing one."""
    try:
        if wrong := no_file(path):
            raise StudyError(
                f"'path' {str(path)!r} is not a file: it {wrong}", hint="check the name"
            )
        afford(path.stat().st_size, f"loading {path.name}", "a file that fit.save wrote")
        with path.open("rb") as file:
            seal, start = seal_of(file), file.read(32)
            file.seek(0)
            _check_bytes(path, seal, start)
            version, names = _attempt(path, lambda: _head(file))
            if version > FORMAT:
                raise StudyError(
                    f"{path.name} was written in format {version}, and this version reads up to "
                    f"{FORMAT}",
                    hint="install a newer bayes_nqp",
                )
            unsealed = seal == "missing"
            if unsealed and (version >= SEALED or "seal" in names):
                raise _refusal(
                    path, "its digest is missing, as after another program edited or packed it"
                )
            return *_attempt(path, lambda: read_groups(file)), unsealed
    except OSError as error:
        raise StudyError(
            f"'path' {str(path)!r} cannot be read: {error.strerror or error}",
            hint="a file that you may read",
        ) from error


def _check_bytes(path: Path, seal: Seal, start: bytes) -> None:
    """Refuse files that are no fits before HDF5, which damaged files may crash, opens them."""
    if seal == "broken":
        raise _refusal(path, "its bytes are not those that were sealed")
    if not start.startswith(_HDF5):
        kind = next((k for sign, k in _KINDS.items() if start.startswith(sign)), "")
        digest = kind or (f"it begins with {start[:_SHOWN]!r}" if start else "it is empty")
        raise StudyError(
            f"{path.name} does not contain a fit of bayes_nqp",
            where=digest,
            hint="an unpacked file that fit.save wrote",
        )
    if seal == "misplaced":
        raise _refusal(
            path, "its digest is not at the end of the file: bytes are missing or were added"
        )


def _head(file: BinaryIO) -> tuple[int, set[str]]:
    """The file's format, and the names of its attrs."""
    # If HDF5 refuses a file, h5netcdf leaves a broken object behind that fails later.
    with h5py.File(file, "r") as opened:
        names = set(opened.attrs)
        missing = [name for name in ("format", "design", "facts") if name not in names]
        if missing:
            raise StudyError(f"it has no {', '.join(missing)}")
        afford(_claimed(opened), "loading a fit of this size", "a file that fit.save wrote")
        return int(np.asarray(opened.attrs["format"]).item()), names


def _claimed(file: h5py.File) -> int:
    """Return the number of bytes that the arrays of a file claim.

    Raises
    ------
    StudyError
        If an array claims more bytes than its stored data can expand to.
    """
    arrays: list[h5py.Dataset] = []

    def visit(_: str, node: object) -> None:
        if isinstance(node, h5py.Dataset) and not _only_dimension(node):
            arrays.append(node)

    file.visititems(visit)
    for array in arrays:
        held = array.id.get_storage_size()
        if array.nbytes > _UNFOLDED * held:
            raise StudyError(
                f"{array.name!r} declares {array.nbytes:,} bytes but contains {held:,}"
            )
    return sum(array.nbytes for array in arrays)


def _only_dimension(array: h5py.Dataset) -> bool:
    """Return True for a netCDF variable that only states a dimension and is never read."""
    return bytes(array.attrs.get("NAME", b"")).startswith(_DIMENSION)


def _fit_of(groups: Mapping[str, xr.Dataset], head: Mapping[str, Any], unsealed: bool) -> Fit:
    facts = json.loads(head["facts"])
    gate, sampler = json.loads(head["gate"]), json.loads(head["sampler"])
    if unsealed:
        sampler = _migrated(sampler)
    for name in {"effects", "leads"} & set(groups):
        groups[name].attrs.setdefault(v.LINK, v.IDENTITY)
    return Fit(
        design=decode(json.loads(head["design"])),
        panel=None,
        sampler=decode(sampler),
        groups={k: x for k, x in groups.items() if k != PANEL},
        gate=ConvergenceDiagnostics(**{**gate, "failures": tuple(gate["failures"])}),
        record={**facts, "unsealed": 1.0} if unsealed else facts,
        versions=json.loads(head["versions"]),
        notes=tuple(decoded(head["notes"])),
    )


def _attempt[T](path: Path, read: Callable[[], T]) -> T:
    """Read possibly damaged contents; report every exception as a fault of the file."""

    def refuse(error: Exception) -> NoReturn:
        raise StudyError(
            f"{path.name} does not contain a complete fit of bayes_nqp",
            where=_reason(error),
            hint=_AGAIN,
        ) from error

    return reply(read, refuse)


def _reason(error: Exception) -> str:
    text = error.what if isinstance(error, NQPError) else f"{type(error).__name__}: {error}"
    return text.partition("\n")[0]


def _refusal(path: Path, problem: str) -> StudyError:
    return StudyError(
        f"{path.name} was changed or damaged since it was saved: {problem}", hint=_AGAIN
    )


def _migrated(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Replace values that have a type of version 0.1.

    Parameters
    ----------
    value : mapping
        A value in the form of files, with its "type" and its arguments.

    Returns
    -------
    mapping
        Without removed arguments: the results of a sampler are in its draws.
    """
    rename = RENAMED.get(str(value.get("type")))
    if rename is None:
        return value
    return {"type": rename.value} | {k: x for k, x in value.items() if k in rename.fields}
