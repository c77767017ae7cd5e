"""Example panels from published studies, and lists of policies to merge with a panel.

Each file has its source. `data.column_inference` and all higher packages may import it.
"""

from bayes_nqp.data.datasets._bank_branching import bank_branching
from bayes_nqp.data.datasets._castle_doctrine import castle_doctrine
from bayes_nqp.data.datasets._files import read_toml as read_toml
from bayes_nqp.data.datasets._medicaid import medicaid
from bayes_nqp.data.datasets._minimum_wage import minimum_wage
from bayes_nqp.data.datasets._pilot_zones import pilot_zones
from bayes_nqp.data.datasets._prefectures import prefectures
from bayes_nqp.data.datasets._prefectures import province_names as province_names

__all__ = [
    "bank_branching",
    "castle_doctrine",
    "medicaid",
    "minimum_wage",
    "pilot_zones",
    "prefectures",
]


def __getattr__(name: str) -> object:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from bayes_nqp._core.validation import absent

    raise absent("nqp.datasets", name, __all__)
