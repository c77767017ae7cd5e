"""What cannot be made costs itself, where somebody collects that, and is told with its reason."""

from __future__ import annotations

import errno

import pytest

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import writing
from bayes_nqp._core.partial_failures import collected, omitted, recorded, warn

WHAT = Message("The figure {}", "forest")


def test_errors_are_raised_where_nobody_collects_them() -> None:
    with pytest.raises(ZeroDivisionError), omitted(WHAT):
        _ = 1 / 0
    assert recorded() == ()


def test_each_is_told_once_in_words_of_the_language() -> None:
    with collected() as omissions:
        for _ in range(2):
            with omitted(WHAT):
                raise ValueError("no \x1b[31mink\nat all")
        with omitted(Message("The table {}", "effects")):
            raise StudyError(Message("'prob' is {}", 2), hint="0.95")
        assert recorded() == tuple(omissions)
    assert [str(omission.sentence) for omission in omissions] == [
        "The figure forest could not be created: ValueError: no [31mink at all",
        "The table effects could not be created: 'prob' is 2",
    ]
    assert omissions[0].sentence.in_("zh").startswith("图 forest 未能生成：ValueError")
    assert isinstance(omissions[0].error, ValueError)
    assert omissions[0].error.__traceback__ is not None
    with pytest.warns(UserWarning, match="The figure forest could not be created: ValueError"):
        warn(omissions[:1], "en")
    with collected() as outer:
        warn(omissions, "en")
    assert outer == omissions


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_what_is_true_of_all_files_is_raised(number: int) -> None:
    with collected() as omissions, pytest.raises(StudyError), omitted(WHAT), writing("x.png"):
        raise OSError(number, "the system says")
    assert omissions == []


def test_a_name_that_the_disk_does_not_take_costs_one_file() -> None:
    with collected() as omissions, omitted(WHAT), writing("x.png"):
        raise OSError(errno.ENAMETOOLONG, "File name too long")
    assert len(omissions) == 1


def test_who_stops_the_program_is_heard() -> None:
    with collected() as omissions, pytest.raises(KeyboardInterrupt), omitted(WHAT):
        raise KeyboardInterrupt
    assert omissions == []
