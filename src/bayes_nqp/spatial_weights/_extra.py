"""Packages that come with the extra "space", and what to install where they are absent."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from bayes_nqp.errors import StudyError
from bayes_nqp.language import Message


def geopandas_for(asked_by: str) -> Any:
    """Import geopandas.

    Parameters
    ----------
    asked_by : str
        Function to name in the message.

    Raises
    ------
    StudyError
        If it is not installed.
    """
    return _module("geopandas", asked_by)


def graph_class(asked_by: str) -> Any:
    """Import libpysal's class of graphs.

    Parameters
    ----------
    asked_by : str
        Function to name in the message.

    Raises
    ------
    StudyError
        If it is not installed.
    """
    _module("libpysal", asked_by)
    return import_module("libpysal.graph").Graph


def _module(name: str, asked_by: str) -> Any:
    if find_spec(name) is None:
        raise StudyError(
            Message("{}() needs the package {}, which is not installed", asked_by, name),
            hint="pip install 'bayes-nqp[space]'",
        )
    return import_module(name)
