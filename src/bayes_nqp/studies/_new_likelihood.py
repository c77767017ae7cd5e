"""Lines of a proposed study on the distribution of the outcome."""

from __future__ import annotations

from typing import Final

from bayes_nqp._core.i18n import NOTHING, Message, listed
from bayes_nqp.data.column_inference import Guess
from bayes_nqp.studies._new_toml import comment, key_line, toml_text

_ERRORS: Final = Message("errors are autocorrelated within units")
_NOISY: Final = Message(
    "autocorrelated log rates, with overdispersion that is independent over time"
)
_EXPOSURE: Final = Message(
    "Delete the # to model events per unit of an exposure, such as the population at risk."
)
_OTHERS: Final = Message("Candidates: {}")
_LOG_ODDS: Final = Message("Log odds: delete the # of both lines, and the outcome above")


def likelihood_keys(proposal: Guess) -> list[str]:
    """Return the lines of [data] on the outcome's distribution, all of them comments."""
    translate = proposal.translate
    if proposal.exposures:
        lines = comment(translate(_EXPOSURE))
        if proposal.exposures[1:]:
            lines += comment(translate(_OTHERS, listed(proposal.exposures)))
        return [*lines, f"# exposure = {toml_text(proposal.exposures[0])}"]
    if proposal.likelihood or "likelihood" not in proposal.reasons:
        return []
    lines = comment(translate.name(proposal.reasons["likelihood"]))
    if proposal.log_odds:
        outcome = proposal.roles["outcome"]
        column = f"col({toml_text(outcome)})"
        name = f"logit_{outcome}"
        derive = toml_text({name: f"log({column} / (1 - {column}))"})
        lines += comment(translate(_LOG_ODDS))
        lines += [f"# outcome = {toml_text(name)}", f"# derive = {derive}"]
    return lines


def likelihood_lines(proposal: Guess) -> list[str]:
    """Return the lines of [design] on errors and likelihood; the latter may only be offered."""
    translate = proposal.translate
    if not proposal.likelihood:
        return [key_line("errors", "AR1", translate(_ERRORS))]
    lines = comment(translate.name(proposal.reasons.get("likelihood", NOTHING)))
    likelihood = f"likelihood = {toml_text(proposal.likelihood)}"
    if proposal.withheld:
        lines += comment(translate("first correct this: {}", proposal.withheld))
        lines.append(f"# {likelihood}")
        return [*lines, key_line("errors", "AR1", translate(_ERRORS))]
    return [*lines, likelihood, key_line("errors", "AR1PlusNoise", translate(_NOISY))]
