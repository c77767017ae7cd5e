"""Methods that designs had, and what took their place."""

from __future__ import annotations

from typing import NoReturn

from bayes_nqp.errors import StudyError

__all__ = ["Moved"]


class Moved:
    """Names that are refused with the one to use instead."""

    __slots__ = ()

    def build(self, *arguments: object, **options: object) -> NoReturn:
        """Refuse: the row-by-row model is made by `nqp.build`.

        Parameters
        ----------
        *arguments, **options
            Whatever is given.

        Raises
        ------
        StudyError
            Always.
        """
        raise StudyError("'design.build' is no more", hint="nqp.build(design, panel)")

    def collapsed(self, *arguments: object, **options: object) -> NoReturn:
        """Refuse: the compressed model has no PyMC form.

        Parameters
        ----------
        *arguments, **options
            Whatever is given.

        Raises
        ------
        StudyError
            Always.
        """
        raise StudyError(
            "'design.collapsed' is no more",
            hint="nqp.build(design, panel), the same model row by row",
        )
