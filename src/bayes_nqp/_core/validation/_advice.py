"""Suggestions for values of the wrong kind."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Final

from bayes_nqp._core.plugins import needed, registered, registered_as
from bayes_nqp._core.safe_calls import reply
from bayes_nqp._core.validation._kinds import ArgumentKind
from bayes_nqp._core.validation._values import LARGEST, SURROGATE, class_names

_PANEL = "nqp.Panel.from_frame(df, unit=…, time=…, cohort=…, outcome=…) makes a panel"
_FILE = "nqp.Panel.from_file(path, unit=…, time=…, cohort=…, outcome=…) reads a panel"
_DRAWS = "an estimand of it gives draws: nqp.att(fit), nqp.att(fit, by='region')"

MADE_BY: Final = {
    "Panel": f"{_PANEL}; nqp.Panel.from_file reads one",
    "Fit": "nqp.fit(design, panel) makes a fit; nqp.load(path) reads one",
    "Mediated": "nqp.mediate(df, outcome=…, treatment=…, mediators=…) makes one",
    "Calibration": "nqp.calibrate(design, panel) makes one",
    "CheckResult": "nqp.check(fit, 'pretrends') makes one",
    "Table": "nqp.table(fit) makes one",
    "MergedZones": "nqp.merge_zones(df, prefecture=…) makes one",
    "Index": "nqp.ProductivityIndex(system).build(df, unit=…, time=…) makes one",
    "SpatialWeights": "nqp.spatial_weights.nearest(panel, k=5), or .matrix(frame) of your own",
    "Simulated": "nqp.simulation.staggered() makes one",
    "Study": "nqp.studies.validate(path) makes one",
    "Outcome": "nqp.studies.run(path, out) makes one",
}
"""Classes that nobody makes by hand, and the calls that do."""

EXAMPLES: Final = {
    "rope": "a range that does not matter: nqp.rope(draws, (-0.5, 0.5)), or nqp.rope(draws, 0.5)",
    "contrast": "levels by the name of their dim: "
    "nqp.contrast(draws, region='inland', minus='coastal')",
}
"""Calls whose arguments are often given otherwise, by an example."""

_STRATA = (
    "groups are strata of the panel, and {0} estimates all of their effects: nqp.{0}(); "
    "nqp.att(fit, by='region') has them"
)
_SCALES = "level= is the scale of the average effect, contrast= that of differences between groups"
KEYWORDS: Final = {
    **{(name, word): _STRATA.format(name)
       for name in ("NoPooling", "CompletePooling") for word in ("strata", "by", "groups",
       "group")},
    ("Mediation", "lags"): "lag=1 is the delay of effects of mediators, in periods",
    **{("Priors", word): _SCALES for word in ("effect", "tau", "att", "beta", "sd", "scale")},
}  # fmt: skip
"""Hints for keywords that a call does not have, where no other call has them."""
_ARGUMENTS: Final = {
    ("table", "kind", "Fit"): "several fits in a list: nqp.table([fit, other])",
    ("compare", "by", "Fit"): "several fits in a list: nqp.compare([fit, other])",
    ("compare", "fits", "Fit"): "several fits in a list: nqp.compare([fit, other])",
    ("loo", "by", "Fit"): "several fits are compared by nqp.compare([fit, other])",
    ("mediation_table", "by", "Fit"): "one fit of channels; nqp.table([fit, other]) sets several "
    "side by side",
    ("model_average", "fit", "list"): "one fit: nqp.model_average(fit); nqp.compare([fit, other]) "
    "compares several",
    ("contrast", "levels", "str"): EXAMPLES["contrast"],
    ("contrast", "levels", "DataArray"): "levels of one set of draws; nqp.table([fit, other]) sets "
    "two fits side by side",
    (
        "trend_sensitivity",
        "regions",
        "Fit",
    ): "nqp.plots.trend_sensitivity(nqp.trend_sensitivity(fit))",
    ("summary", "draws", "list"): "one estimand at a time: nqp.summary(nqp.att(fit, by='region'))",
    ("StaggeredDiD", "effect", "list"): "effect=nqp.PartialPooling(['region'])",
    ("StaggeredDiD", "controls", "list"): "control variables are covariates=['ln_gdp']; controls= "
    "is 'all' or 'never', the units to compare with",
    ("StaggeredDiD", "errors", "str"): "errors are modelled, not clustered: errors=nqp.AR1(), the "
    "default, or errors=nqp.IID()",
    ("NoPooling", "varying", "list"): _STRATA.format("NoPooling"),
    ("CompletePooling", "varying", "list"): _STRATA.format("CompletePooling"),
    ("Mediation", "design", "Panel"): "a design first, nqp.Mediation(design), then "
    "nqp.fit(nqp.Mediation(design), panel)",
}
"""Hints for values of the wrong kind, by call, argument and class."""

_INSTEAD: Final = {
    ("Panel", "DataFrame"): _PANEL,
    ("Panel", "str"): _FILE,
    ("Panel", "PurePath"): _FILE,
    ("Panel", "Simulated"): "its panel: simulated.panel",
    ("Panel", "Fit"): "the panel of a fit: fit.panel",
    ("Panel", "Index"): "index.panel(cohort=…) makes a panel",
    ("Panel", "MergedZones"): "its frame, merged.frame, as a panel: " + _PANEL,
    ("Fit", "Panel"): "fit it first: nqp.fit(design, panel)",
    ("Fit", "DataArray"): "the fit that these draws are of",
    ("Fit", "str"): "nqp.load(path) reads a fit",
    ("Fit", "PurePath"): "nqp.load(path) reads a fit",
    ("Fit", "Outcome"): "the fit of a study's run: outcome.fit",
    ("DataArray", "Fit"): _DRAWS,
    ("DataArray", "Mediated"): "an estimand of it gives draws: nqp.nie(mediated)",
    ("DataArray", "Dataset"): "an estimand of it gives draws: nqp.att(effects)",
    ("DataArray", "DataFrame"): "draws, not their summary: nqp.att(fit)",
    ("DataFrame", "Panel"): "the panel's rows: panel.frame",
    ("DataFrame", "str"): "pandas.read_csv(path), or pandas.read_excel(path)",
    ("CheckResult", "Fit"): "nqp.check(fit, 'pretrends') gives one",
    ("CheckResult", "str"): "the check itself, nqp.check(fit, 'pretrends')",
    ("CheckResult", "DataFrame"): "one check, nqp.check(fit, 'pretrends'), not their table",
    ("Index", "DataFrame"): "nqp.ProductivityIndex(system).build(df, unit=…, time=…) makes one",
    ("Index", "ProductivityIndex"): "recipe.build(df, unit=…, time=…) makes an index",
    ("Table", "DataFrame"): "nqp.table(fit) makes a table",
    ("Table", "Fit"): "nqp.table(fit) makes a table",
}  # fmt: skip
_EFFECTS: Final = {
    "Panel": _INSTEAD["Fit", "Panel"],
    "DataArray": "these are draws already: nqp.summary(draws), nqp.contrast(draws, …); plots and "
    "tables take the fit",
    "str": "nqp.load(path) reads a fit",
    "PurePath": "nqp.load(path) reads a fit",
    "Design": "fit it first: nqp.fit(design, panel)",
    "DataFrame": "make a panel of it and fit a design: nqp.fit(design, panel)",
}
_LONG = 60


def told(value: object) -> str:
    """Return a value in a few words: itself if it is short, otherwise its type."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, int) and abs(value) > LARGEST:
        return "a whole number beyond 64 bits"
    plain = isinstance(value, str | bytes | int | float | tuple | list | dict | set | None)
    short = plain or _bare(type(value))
    text = reply(lambda: repr(value), lambda _: "") if short else ""
    if text and len(text) <= _LONG and "\n" not in text:
        return text
    name = type(value).__name__
    return f"{'an' if name[:1] in 'AEIOaeio' else 'a'} {name}"


def advice(kind: ArgumentKind, value: object, label: str, argument: str = "") -> str:
    """Return a suggestion for a value of the wrong kind.

    Parameters
    ----------
    kind : ArgumentKind
        Kind of the argument.
    value : object
        Value that was passed.
    label : str
        Name of the call.
    argument : str, optional
        Name of the argument.
    """
    if isinstance(value, type):
        name = value.__name__
        if name in _leaves(kind):
            return MADE_BY.get(name, f"{_call(name)} with brackets")
        return f"{kind.words}, not a class"
    if callable(value) and not class_names(value).get("type") and "Callable" not in kind.leaves:
        name = getattr(value, "__name__", "")
        if name:
            return f"{kind.words}; call the function, {name}(), if it makes one"
    for ancestor in class_names(value):
        stated = isinstance(value, str) and value in _leaves(kind)
        if (label, argument, ancestor) in _ARGUMENTS and not stated:
            return _ARGUMENTS[label, argument, ancestor]
    several = isinstance(value, list | tuple) and value and "Fit" in class_names(value[0])
    if several and {"Fit", "HasEffects"} & set(kind.leaves):
        return "one fit at a time; nqp.table([fit, other]) sets several side by side"
    design = any(base.__name__ == "Design" for leaf in kind.classes for base in leaf.__mro__)
    for ancestor in class_names(value):
        if "HasEffects" in kind.leaves and ancestor in _EFFECTS:
            return _EFFECTS[ancestor]
        if (ancestor == "Design" and "Panel" in kind.leaves) or (ancestor == "Panel" and design):
            return f"the design comes first: nqp.{label}(design, panel)"
        if ancestor == "Fit" and design:
            return "the design of a fit: fit.design"
        for leaf in kind.leaves:
            if (leaf, ancestor) in _INSTEAD:
                return _INSTEAD[leaf, ancestor]
    if "Term" in kind.leaves and registered(argument):
        return " or ".join(map(_stated, registered(argument)))
    return _plain(kind, value)


def _stated(name: str) -> str:
    """Write the call of a term with its required arguments."""
    call = _call(name).removesuffix(")")
    return f"{call}{', '.join(f'{lack}=…' for lack in needed(registered()[name]))})"


def _leaves(kind: ArgumentKind) -> tuple[str, ...]:
    """Return the names of the classes of a kind, including registered classes."""
    return (*(name for leaf in kind.classes for name in registered_as(leaf)), *kind.leaves)


def _bare(kind: type) -> bool:
    """Return True if a class can be called without arguments and has a short representation."""
    return is_dataclass(kind) and not needed(kind)


def _call(name: str) -> str:
    """Write the call of a class; user-defined classes have no prefix ``nqp``."""
    kind = registered().get(name)
    ours = kind is None or kind.__module__.startswith("bayes_nqp.")
    return f"nqp.{name}()" if ours else f"{name}()"


def _plain(kind: ArgumentKind, value: object) -> str:
    kinds = {**registered()} | {item.__name__: item for item in kind.classes}
    instances = [x for x in dict.fromkeys(_leaves(kind)) if x in kinds and _bare(kinds[x])]
    if isinstance(value, str) and SURROGATE.search(value):
        return f"{kind.words} without halves of characters, which no file can hold"
    if isinstance(value, str) and value in instances:
        return f"{_call(value)} with brackets"
    if isinstance(value, str) and {"int", "float"} & set(kind.leaves) and _number(value):
        return f"{value.strip()} without quotes"
    if isinstance(value, bool) and {"int", "float"} & set(kind.leaves):
        return f"{kind.words}, not a truth value"
    if isinstance(value, int) and abs(value) > LARGEST:
        return f"{kind.words}, and one of fewer digits"
    if isinstance(value, float) and value != value:
        return f"{kind.words}; nan is no number"
    calls = [MADE_BY[leaf] for leaf in kind.leaves if leaf in MADE_BY]
    if calls:
        return calls[0]
    return " or ".join(map(_call, instances)) if instances else kind.words


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
