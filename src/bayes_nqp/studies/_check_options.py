"""The table [checks]: which checks run, and their options."""

from __future__ import annotations

from typing import Any

from bayes_nqp._core.exceptions import StudyError, brief, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import columns_among
from bayes_nqp._core.validation import held_arguments
from bayes_nqp.checks import CHECKS
from bayes_nqp.data.panel import Panel
from bayes_nqp.model.designs import Design
from bayes_nqp.studies._decode import options_of, with_values
from bayes_nqp.studies._parse import key_hint
from bayes_nqp.studies._plugins import value_keys
from bayes_nqp.studies._schema import Checks
from bayes_nqp.studies._study_table import Values


def check_options(
    checks: Checks, names: tuple[str, ...], values: Values
) -> dict[str, dict[str, Any]]:
    """Decode the options of each check; a check that uses a named value receives the default one.

    Parameters
    ----------
    names : tuple of str
        Checks that run.
    values : mapping of str to mapping
        Values that options may name.
    """
    stated = {
        name: options_of(options, CHECKS[name].find, values, f"checks.{name}")
        for name, options in _options(checks).items()
    }
    usual = with_values(_usual(checks), values, "checks")
    for name in names if usual else ():
        taken = {key: x for key, x in usual.items() if key in CHECKS[name].options}
        if taken:
            stated[name] = taken | stated.get(name, {})
    return stated


def _usual(checks: Checks) -> dict[str, Any]:
    """Return the default names of values for checks without an own option, by option."""
    extra = checks.model_extra or {}
    return {key: extra[key] for key in value_keys() if key in extra}


def _options(checks: Checks) -> dict[str, Any]:
    """Return the options by the name of the check."""
    return {key: x for key, x in (checks.model_extra or {}).items() if key not in value_keys()}


def checks_with_options(checks: Checks) -> tuple[str, ...]:
    """Return the checks with a table of options in the file, which may be empty."""
    return tuple(name for name in _options(checks) if name in CHECKS)


def check_checks(checks: Checks, design: Design, values: Values) -> None:
    """Test that all checks, their options and the values that they name exist.

    Raises
    ------
    StudyError
        If one of them does not exist.
    """
    with_values(_usual(checks), values, "checks")
    for name in checks.run or ():
        if name not in CHECKS:
            raise StudyError(
                Message("'checks.run' contains {!r}, which is not the name of a check", name),
                hint=nearest(name, CHECKS),
            )
        if CHECKS[name].of == "channels" and not design.facts.channels:
            raise StudyError(
                Message(
                    "'checks.run' contains {!r}, which applies to mediation models only, "
                    "and this study has no mediators",
                    name,
                ),
                hint='add [channels] with mediators = ["…"], or leave this check out',
            )
    for name, options in _options(checks).items():
        if name not in CHECKS:
            raise StudyError(
                Message("[checks] has the unknown key {!r}", name),
                hint=key_hint(name, ["run", *value_keys(), *CHECKS], "checks"),
            )
        if not isinstance(options, dict):
            raise StudyError(
                Message("'checks.{}' is {}", name, brief(options)),
                hint=Message("write the options as a table: [checks.{}]", name),
            )
        options_known = CHECKS[name].options
        for option in options:
            if option not in options_known:
                raise StudyError(
                    Message("'checks.{}.{}' is not an option of this check", name, option),
                    hint=nearest(option, options_known)
                    if options_known
                    else "this check has no options",
                )
        find, where = CHECKS[name].find, f"checks.{name}"
        held_arguments(find, options_of(options, find, values, where), where)


def check_columns(checks: Checks, panel: Panel) -> None:
    """Find the columns that options name, before any sampling.

    Raises
    ------
    StudyError
        If a column is not in the data.
    """
    for name, options in _options(checks).items():
        for option, columns_named in columns_among(CHECKS[name].find, options).items():
            place = f"checks.{name}.{option}"
            for column in columns_named:
                columns = [*panel.frame.columns, *panel.roles.strata]
                if column not in columns:
                    raise StudyError(
                        Message(
                            "'{}' contains {!r}, which is not a column of the data", place, column
                        ),
                        hint=nearest(column, columns),
                    )
