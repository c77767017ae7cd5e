"""Lagrange multiplier tests of a spatial lag and of spatial errors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, detailed, equality, joined
from bayes_nqp.checks.shared import DOUBT, HOLDS, REPORTED, Finding, Guide, Verdict, asks
from bayes_nqp.data.spatial_weights import SpatialWeights, located
from bayes_nqp.inference.fitting import ADDITIVE, ROWS, UNITS, Fit, panel_of
from bayes_nqp.model.designs import parameters_of
from bayes_nqp.numerics.linear_gaussian import LogDeterminant
from bayes_nqp.space.checks._balanced import Balanced, balanced
from bayes_nqp.space.checks._neighbour_weights import left_out, named, weights_by
from bayes_nqp.space.checks._spatial_ml import Forms
from bayes_nqp.space.checks._statistics import TESTS, as_printed, whitened
from bayes_nqp.space.terms import SpatialLag

_LEVEL = 0.05
"""Size of the tests; half of it for each of the lag and of the errors."""
_OF_ERRORS = Message(
    "The tests refer to the model without spatial errors; 'spatial_form' tests "
    "whether spatial errors are the right specification."
)


@asks(
    "Does the model need a spatial lag or spatial errors?",
    "spatial LM tests",
    of="outcome",
    place=172,
    needs=(ROWS, UNITS, ADDITIVE),
    suits=located,
    guide=Guide(
        statistic=Message(
            "Lagrange multiplier tests of a spatial lag and of spatial errors, and "
            "their robust versions, on contrasts of each unit whitened by the fitted "
            "errors; also as printed in papers, with errors independent over time."
        ),
        thresholds=Message(
            "Caution: one of the two whitened tests rejects at {0:.1%}. If the model "
            "has a spatial lag, caution if the test of spatial errors rejects at "
            "{1:.0%}. Reported only if the model has spatial errors.",
            0.5 * _LEVEL,
            _LEVEL,
        ),
        failure=Message(
            "The outcome or the errors depend on those of neighbours, so spillovers "
            "are omitted or intervals are too narrow."
        ),
        remedy=Message(
            "fit again with {0} in the design, and compare the specifications with {1}",
            Code(
                "spillovers=nqp.SpatialLag(weights)",
                '[design] spillovers = { type = "SpatialLag", weights = "weights" }',
            ),
            Code('nqp.check(again, "spatial_form")', '[checks] run = ["spatial_form"]'),
        ),
        code=(
            "weights = nqp.spatial_weights.nearest(panel, k=5)\n"
            "again = nqp.fit(design.replace(spillovers=nqp.SpatialLag(weights)), panel)\n"
            'nqp.check(again, "spatial_form")'
        ),
        literature="Anselin (1988); Anselin, Le Gallo and Jayet (2008); Elhorst (2010)",
        limits=Message(
            "The tests depend on the weights and do not prove spillovers of the policy."
        ),
    ),
)
def spatial_lm(fit: Fit, *, weights: SpatialWeights | None = None) -> Finding:
    """Compute Lagrange multiplier tests of a spatial lag and of spatial errors, also robust ones.

    There are two versions. As printed in papers, residuals net of unit and time effects are taken
    as independent over time; with autocorrelated errors, or time effects by level, these tests
    reject too often (sizes in docs/spatial.md). The verdict uses the other version, on contrasts of
    each unit whitened by the errors of the fit, centred for the time effects by level.

    For a fit with a spatial lag they are tests of the model without the lag, as papers print them
    before they choose it. The verdict then uses the test of spatial errors given the lag, with its
    coefficient estimated from the same observations. For a fit with spatial errors they are only
    reported, and `spatial_form` tests the form.

    If mediators of linked units enter the equation of the outcome, the check uses that equation,
    given mediators; in the total effect their innovations would be shocks shared by linked units.

    Parameters
    ----------
    weights : SpatialWeights, optional
        Spatial weights; by default the five nearest units, in either direction, if the panel has
        ``longitude`` and ``latitude``.

    References
    ----------
    Anselin, L. (1988). Spatial econometrics: methods and models. Anselin, L., Le Gallo, J. and
    Jayet, H. (2008). Spatial panel econometrics. Elhorst, J. P. (2010). Spatial panel data models.
    In Handbook of applied spatial analysis.
    """
    matrix, term = weights_by(fit, weights), fit.facts.term(SpatialLag)
    if term is not None and len(matrix.ids) < fit.model_frame.codes.n_units:
        # A lag covers all units: those without coordinates keep the links of the design.
        matrix = weights_by(fit, term.weights)
    rows = balanced(fit, matrix)
    printed = as_printed(rows.outcome, rows.columns, rows.matrix)
    ours = whitened(rows.outcome, rows.columns, rows.levels, rows.matrix, _covariance(fit))
    table = pd.DataFrame(
        [
            {"test": name, "statistic": ours[name][0], "p": ours[name][1],
             "printed_statistic": printed[name][0], "printed_p": printed[name][1]}
            for name in TESTS
        ]
    )  # fmt: skip
    lag, error = ours["lag"], ours["error"]
    figure = Message(
        "LM lag {:.1f} (p {}), LM error {:.1f} (p {}); with errors independent "
"over time {:.1f} and {:.1f}",
        lag[0], equality(lag[1]), error[0], equality(error[1]),
        printed["lag"][0], printed["error"][0],
    )  # fmt: skip
    doubt = min(lag[1], error[1]) < 0.5 * _LEVEL
    verdict: Verdict = DOUBT if doubt else HOLDS
    sentence = _sentence(doubt, ours)
    if term is not None and term.error:
        verdict, sentence = REPORTED, _OF_ERRORS
    elif term is not None and term.lag:
        beside, p = _beside_lag(fit, rows, term)
        table.loc[len(table)] = {"test": "error beside lag", "statistic": beside, "p": p}
        verdict, sentence = DOUBT if p < _LEVEL else HOLDS, _sentence_of_lag(p < _LEVEL)
        figure = Message(
            "LM error given the lag {:.1f} (p {}); without the lag: {}",
            beside, equality(p), figure,
        )  # fmt: skip
    table.attrs |= named(matrix, fit)
    gone = left_out(panel_of(fit), matrix.ids)
    sentence = sentence if gone is None else joined([sentence, detailed(gone)])
    return Finding(verdict, figure, sentence, table)


def _beside_lag(fit: Fit, rows: Balanced, term: SpatialLag) -> tuple[float, float]:
    """Test spatial errors given the lag of a fit: statistic and p."""
    lag = fit.model_frame.model.equations[0].lag
    assert lag is not None
    assert isinstance(lag.log_determinant, LogDeterminant)
    links = term.weights.aligned(panel_of(fit).unit_labels[rows.units]).matrix
    forms = Forms.of_lag(
        rows.outcome, rows.columns, rows.levels, links, _covariance(fit), lag.log_determinant
    )
    return forms.errors_beside_lag(rows.levels, links, rows.matrix)


def _sentence_of_lag(doubt: bool) -> Message:
    if doubt:
        return joined(
            [
                Message("The residuals of the model with a spatial lag are spatially correlated."),
                Message(
                    "Neighbours share shocks, or the weights of the lag are misspecified, so "
                    "intervals may be too narrow."
                ),
            ]
        )
    return Message("The residuals of the model with a spatial lag are not spatially correlated.")


def _sentence(doubt: bool, tests: dict[str, tuple[float, float]]) -> Message:
    if not doubt:
        return Message(
            "The tests reject neither the absence of a spatial lag nor that of spatial errors."
        )
    lag, error = tests["robust lag"][1], tests["robust error"][1]
    if min(lag, error) >= _LEVEL or max(lag, error) < _LEVEL:
        finding = Message(
            "The residuals are spatially correlated, and the tests do not distinguish "
            "a spatial lag from spatial errors."
        )
    elif lag < error:
        finding = Message(
            "The residuals are spatially correlated, and the robust tests favour a "
            "spatial lag of the outcome."
        )
    else:
        finding = Message(
            "The residuals are spatially correlated, and the robust tests favour "
            "spatial errors (shared shocks)."
        )
    meaning = Message("Spillovers are omitted, or intervals are too narrow.")
    return joined([finding, meaning])


def _covariance(fit: Fit) -> npt.NDArray[np.float64]:
    """Return the covariance of a unit's errors at posterior means of their parameters (T, T)."""
    noise, n_periods = fit.facts.noise, fit.model_frame.codes.n_periods
    parameters = parameters_of(noise, n_periods, fit.facts.priors)
    name = fit.model_frame.equations[0].name
    means = [float(fit.posterior[f"{name}__{p.name}"].mean()) for p in parameters]
    values = np.array(means).reshape(1, -1)
    return np.asarray(noise.covariance(n_periods, values)[0])
