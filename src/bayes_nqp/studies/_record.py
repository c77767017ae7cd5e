"""Record of a run: the study with all defaults, and the provenance of its results."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import tomli_w

from bayes_nqp._core.io import checksum, write_text
from bayes_nqp._core.partial_failures import recorded
from bayes_nqp._core.software import versions
from bayes_nqp.checks import CheckResult
from bayes_nqp.inference.fitting import Fit, pooled_over
from bayes_nqp.model.codec import encode
from bayes_nqp.model.designs import Design
from bayes_nqp.studies._decode import NONE, PRIORS, TAG
from bayes_nqp.studies._study import Study
from bayes_nqp.studies._study_table import Values


def write_study(study: Study, fitted: Fit, path: Path, out: Path) -> None:
    """Write the study as it was run, with all defaults and the seed.

    Parameters
    ----------
    out : Path
        Folder of the new file; paths of data are relative to it.
    """
    plain = study.settings.model_dump(exclude_none=True, exclude_defaults=True)
    data: dict[str, Any] = plain["data"]
    if study.source is not None:
        data["file"] = _relative(study.source, out)
    if study.address is not None:
        data["source"] = str(study.address.moved(lambda path: _relative(Path(path), out)))
    simulated = study.prepared.simulated
    if simulated is not None:
        data["options"] = {**data.get("options", {}), "seed": simulated.parameters["seed"]}
    index: dict[str, Any] = plain.get("index", {})
    if str(index.get("system", "")).endswith(".toml"):
        index["system"] = _relative(study.path.parent / index["system"], out)
    for (*way, key), file in study.files.items():
        reduce(getitem, way, plain)[key] = _relative(file, out)
    if pooled_over(fitted):
        index["seed"] = int(float(fitted.record["index_seed"]))
    report = study.settings.report.model_dump(exclude_none=True) | {"by": list(study.by)}
    named = {
        key: {name: _written(x) for name, x in values.items()}
        for key, values in study.prepared.values.items()
    }
    study_as_run = {
        "title": study.settings.title,
        "data": data,
        **({"labels": plain["labels"]} if plain.get("labels") else {}),
        **{name: plain[name] for name in study.settings.plugins},
        **({"index": index} if index else {}),
        **_with_names(_written_design(study.design), named),
        "sampler": _sampler(study, fitted),
        "report": report,
        **{key: plain[key] for key in ("beside", "figures", "tables", "run") if plain.get(key)},
        "checks": {**plain.get("checks", {}), "run": list(study.checks)},
    }
    head = (
        f"# The study as run by bayes_nqp {versions()['bayes-nqp']}, every default spelt out.\n\n"
    )
    write_text(path, head + tomli_w.dumps(study_as_run))


def _sampler(study: Study, fitted: Fit) -> dict[str, Any]:
    """Return the sampler with its seed; unchanged if draws of several fits are pooled."""
    if not pooled_over(fitted):
        return _written(fitted.sampler)
    return _written(study.sampler) if study.sampler is not None else {}


def _written(value: object) -> dict[str, Any]:
    """Write a value as a TOML table, without nulls."""
    table: dict[str, Any] = _without_null(encode(value))
    return table


def _without_null(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {
            key: NONE if item is None else _without_null(item)
            for key, item in data.items()
            if item is not None or key == "varying"
        }
    return [_without_null(item) for item in data] if isinstance(data, list) else data


def _written_design(design: Design) -> dict[str, Any]:
    """Write a design as the tables that `design_of` reads.

    Returns
    -------
    dict
        ``design``, and ``channels`` and ``priors`` if they apply.
    """
    facts, table = _written(design), _written(design.outcome_design)
    priors = table.pop(PRIORS, None)
    tables = {"design": table}
    if design.facts.channels:
        tables["channels"] = {k: x for k, x in facts.items() if k not in (TAG, "design")}
    if priors is not None:
        tables[PRIORS] = {k: x for k, x in priors.items() if k != TAG}
    return tables


def _with_names(table: Mapping[str, Any], plain: Values) -> dict[str, Any]:
    """Replace values by their names, as in the study file."""
    named: dict[str, Any] = {}
    for key, item in table.items():
        # Tables are recognized by their type; the name of the argument does not matter.
        every = plain.values() if isinstance(item, Mapping) else [plain.get(key, {})]
        name = next((name for values in every for name, x in values.items() if x == item), None)
        inner = _with_names(item, plain) if isinstance(item, Mapping) else item
        named[key] = inner if name is None else name
    return named


def _relative(source: Path, out: Path) -> str:
    """Return the path of a file relative to a folder; absolute if on another drive."""
    try:
        return Path(os.path.relpath(source.resolve(), out.resolve())).as_posix()
    except ValueError:
        return source.resolve().as_posix()


def write_provenance(
    study: Study, fitted: Fit, checks: list[CheckResult], folder: Path, command: str, seconds: float
) -> None:
    """Write the provenance of the results, with a checksum of every file in the folder."""
    source = study.source
    posterior = fitted.posterior
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    record = {
        "title": study.settings.title,
        "study": study.path.name,
        "command": command or "bayes_nqp.studies.run",
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 2),
        "seed": fitted.sampler.seed,
        "chains": posterior.sizes["chain"],
        "draws": posterior.sizes["draw"],
        "gate": str(fitted.gate),
        "checks": {c.name: {"verdict": c.verdict, "digest": c.digest} for c in checks},
        "data": {
            "digest": study.panel.digest,
            "file": source.name if source else None,
            "dataset": study.settings.data.dataset,
            "source": study.settings.data.source,
            "simulation": study.settings.data.simulation,
            "sha256": checksum(source) if source else None,
            "rows": study.panel.n_rows,
            "units": study.panel.n_units,
            "notes": list(study.panel.notes),
        },
        "files_read": {
            ".".join(keys): {"file": file.name, "sha256": checksum(file)}
            for keys, file in study.files.items()
        },
        "design_notes": list(study.notes),
        "omissions": [str(omission.sentence) for omission in recorded()],
        "fit_digest": fitted.digest,
        "versions": dict(fitted.versions),
        "platform": platform.platform(),
        "files": {p.relative_to(folder).as_posix(): checksum(p) for p in files},
    }
    text = json.dumps(record, ensure_ascii=False, indent=2)
    write_text(folder / "provenance.json", f"{text}\n")
