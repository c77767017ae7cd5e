"""Map of the effects: a toy that `tools/price.py` puts into the house.

Goes to src/bayes_nqp/output/exhibits/_rows_maps.py
"""

from bayes_nqp._core.i18n import Message
from bayes_nqp.output.exhibits._registry import exhibit

exhibit(
    "effects_of_units",
    Message("Effects of all units"),
    "mechanisms",
    "nqp.plots.caterpillar(fit)",
    place=95,
)
