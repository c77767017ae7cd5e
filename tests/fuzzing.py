"""What fuzz tests share: which errors are ours, and how many inputs were valid and taken."""

from __future__ import annotations

from collections import Counter

from bayes_nqp._core.exceptions import NQPError

TALLIES: dict[str, Counter[str]] = {}
"""Examples of every test by what became of them; told at the end of a run."""


class Tally:
    """Counts what became of the examples of a test."""

    def __init__(self, test: str) -> None:
        self.run: Counter[str] = Counter()
        self.total = TALLIES.setdefault(test, Counter())

    def count(self, fate: str) -> None:
        """Count an example, such as one that was ``valid`` or ``refused``."""
        self.run[fate] += 1
        self.total[fate] += 1

    def require(self, fate: str, share: float) -> None:
        """Fail if fewer than a share of the examples of this run met a fate."""
        examples = sum(self.run.values())
        assert self.run[fate] >= share * examples > 0, dict(self.run)


def assert_worded(error: NQPError, *names: str) -> None:
    """Assert that an error says what is wrong, names one of what is concerned, and a way out."""
    text = str(error)
    assert error.what.strip(), "nothing is said to be wrong"
    assert error.hint.strip(), f"no way out: {text}"
    assert len(text) < 5_000
    text.encode()
    assert not names or any(name in text for name in names), f"none of {names} is named: {text}"
