"""What is known at points of a chunk is gone once the chunk is done."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from bayes_nqp.numerics.linear_gaussian.batches import in_chunks


@dataclass(eq=False)
class Known:
    """Values that remember what was made of them, as those of a density do."""

    x: np.ndarray
    known: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, at: Any) -> Known:
        return Known(self.x[at])


class Factor:
    """What a chunk makes of itself."""


@pytest.mark.parametrize("threads", [1, 2])
def test_what_a_chunk_knows_goes_with_it(threads: int) -> None:
    factors: list[weakref.ref[Factor]] = []
    alive: list[int] = []

    def squares(part: Known) -> np.ndarray:
        part.known["factor"] = Factor()
        factors.append(weakref.ref(part.known["factor"]))
        alive.append(sum(x() is not None for x in list(factors)))
        return part.x**2

    x = np.arange(50.0)
    assert in_chunks(squares, Known(x), size=5, threads=threads).tolist() == (x**2).tolist()
    assert len(alive) == 10
    assert max(alive) <= threads
