"""Names of all dimensions, coordinates and paths of the library."""

from typing import Final, Literal

CHAIN: Final = "chain"
DRAW: Final = "draw"
PATH: Final = "path"
CELL: Final = "cell"
MEMBER: Final = "member"
MEMBERSHIP: Final = "membership"

UNIT: Final = "unit"
TIME: Final = "time"
COHORT: Final = "cohort"
EVENT_TIME: Final = "event_time"
INDEX_DRAW: Final = "index_draw"
EQUATION: Final = "equation"
STRATUM: Final = "stratum"

EFFECT: Final = "effect"
DEVIATION: Final = "deviation"
OBSERVED: Final = "observed"
IDENTIFIED: Final = "identified"
ANTICIPATED: Final = "anticipated"
"""Whether an average lies before adoption, under a design with anticipation."""
ROWS: Final = "rows"
UNITS: Final = "units"
WEIGHT: Final = "weight"
MEMBERSHIP_CELL: Final = "membership_cell"
MEMBERSHIP_MEMBER: Final = "membership_member"
MEMBERSHIP_ROWS: Final = "membership_rows"

TOTAL: Final = "total"
DIRECT: Final = "direct"
INDIRECT: Final = "indirect"
SPILLOVER: Final = "spillover"
MEDIATOR: Final = "mediator"

PATH_ROLE: Final = "path_role"
"""What a path is: total, direct, indirect or spillover."""
ROLE: Final = "role"
"""Units of a cell: treated, near treated ones, or no longer treated."""
TREATED: Final = "treated"
NEIGHBOUR: Final = "neighbour"
AFTER: Final = "after"
"""Cells of units whose treatment has ended."""

EXIT_TIME: Final = "exit_time"
"""Periods since exit, by which effects after a treatment are averaged."""
FIRST_SWITCH: Final = "first_switch"
"""Periods since the first entry, whether or not the treatment has ended since."""
SPELL: Final = "spell"
"""Number of the spell of treatment that a cell belongs to, or follows."""

MODERATION: Final = "moderation"
POWER: Final = "power"
MODERATOR: Final = "moderator"
MODERATOR_CENTRE: Final = "moderator_centre"
MODERATOR_SIZE: Final = "moderator_size"
MODERATOR_RANGE: Final = "moderator_range"
SCALE: Final = "scale"
SUMMED: Final = "summed"
"""Whether units are what others are summed up in."""
OUTCOME_UNITS: Final = "outcome units"
PROBABILITY: Final = "probability"

type Link = Literal["identity", "log", "logit"]
"""The scale of the expected outcome on which effects are."""
LINK: Final = "link"
IDENTITY: Final = "identity"
LOG: Final = "log"
LOGIT: Final = "logit"
UNTREATED: Final = "untreated"
TRIALS: Final = "trials"
EXPOSURE: Final = "exposure"
"""Sum of the exposures of counts in a cell."""

GATE: Final = "gate"
PASSED: Final = "passed"
UNVERIFIED: Final = "unverified"

IMPORTANCE_ESS: Final = "importance_ess"
KHAT: Final = "khat"
EVIDENCE: Final = (GATE, IMPORTANCE_ESS, KHAT)
"""Scalar coordinates that travel with draws: whether, and how far, they can be used."""

SAMPLE_DIMS: Final = (CHAIN, DRAW)

RING: Final = "ring"
VIA: Final = "via"
"""Effects through mediators by whose treatment, and through whose mediator."""
TREATMENT_OF: Final = "treatment_of"
MEDIATOR_OF: Final = "mediator_of"
OWN: Final = "own"
OTHERS: Final = "others"
RECEIVED: Final = "received"

RESERVED: Final = frozenset(
    {
        CHAIN, DRAW, CELL, MEMBER, PATH, UNIT, TIME, COHORT, EVENT_TIME, TOTAL, DIRECT, EFFECT,
        DEVIATION, OBSERVED, IDENTIFIED, ROWS, UNITS, WEIGHT, GATE, MEMBERSHIP, MEMBERSHIP_CELL,
        MEMBERSHIP_MEMBER, MEMBERSHIP_ROWS, INDEX_DRAW, RING, RECEIVED, IMPORTANCE_ESS, KHAT,
        PATH_ROLE, ROLE, POWER, VIA, TREATMENT_OF, MEDIATOR_OF, UNTREATED, TRIALS, EXIT_TIME,
        FIRST_SWITCH, SPELL,
    }
)  # fmt: skip
"""Labels that a user's own strata must not take."""
