"""Results of checks as bytes, for reuse by later runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pandas as pd
import xarray as xr

from bayes_nqp._core.compat import current
from bayes_nqp._core.i18n import decoded, encoded, message
from bayes_nqp._core.labels import Labels
from bayes_nqp.checks.shared import CheckResult, Verdict
from bayes_nqp.inference.fitting import (
    dataset_from,
    dataset_parts,
    frame_from,
    frame_parts,
    packed,
    unpacked,
)


def result_bytes(result: CheckResult) -> bytes:
    """Return a result with its evidence as bytes, without labels.

    Raises
    ------
    TypeError
        If its evidence contains anything but arrays, tables and text.
    """
    evidence = result.evidence
    named = (result.question, result.figure, result.sentence, result.details)
    texts = [message(x) for x in named]
    if list(map(str, decoded(encoded(texts)))) != list(map(str, texts)):
        raise TypeError("a message with parts that have no plain form")
    head: dict[str, Any] = {
        "name": result.name, "verdict": result.verdict, "kind": result.kind,
        "texts": encoded(texts), "evidence": type(evidence).__name__,
    }  # fmt: skip
    if evidence is None:
        return packed(head, [])
    if isinstance(evidence, pd.DataFrame):
        parts, arrays = frame_parts(evidence)
    elif isinstance(evidence, xr.DataArray):
        head["array"] = evidence.name
        parts, arrays = dataset_parts(evidence.to_dataset(name="array"))
    else:
        parts, arrays = dataset_parts(evidence)
    return packed({**head, "parts": parts}, arrays)


def result_from(content: bytes, labels: Labels) -> CheckResult:
    """Return the result from its bytes."""
    head, arrays = unpacked(content)
    question, figure, sentence, *details = decoded(head["texts"])
    result = CheckResult(
        current("check", head["name"]), question,
        cast("Verdict", current("verdict", head["verdict"])), figure, sentence, None,
        current("plot", head["kind"]), labels, next(iter(details), ""),
    )  # fmt: skip
    if head["evidence"] == "NoneType":
        return result
    if head["evidence"] == "DataFrame":
        return replace(result, evidence=frame_from(head["parts"], arrays))
    dataset = dataset_from(head["parts"], arrays)
    if head["evidence"] == "DataArray":
        return replace(result, evidence=dataset["array"].rename(head["array"]))
    return replace(result, evidence=dataset)
