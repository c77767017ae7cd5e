"""Write benchmarks/results/gallery.md: every study of models/, with what it finds.

    python tools/gallery.py [NAME …]

Fits each study as its file says, without its checks, and draws it. With names, those alone: what
the page says of the others stands.
"""

import re
import sys
from pathlib import Path

import matplotlib as mpl

import bayes_nqp as nqp
from bayes_nqp.checks import reported_posterior
from bayes_nqp.output.plots import PLOTS, Scene
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import posterior_of
from bayes_nqp.output.reports._sentences import change

mpl.use("Agg")
ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "docs" / "figures" / "gallery"
_DPI = 110
_SECTION = re.compile(r"^## .*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^`bayes-nqp run (\w+)`$", re.MULTILINE)


def about(path: Path) -> str:
    """Take the study's own words: the comment at its head, without the command."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#:"):
            continue
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    parts = "\n".join(lines).split("\n\n")
    return "\n\n".join(part for part in parts if not part.startswith("bayes-nqp run"))


def found(path: Path) -> tuple[str, list[str]]:
    """Fit a study and draw it: what it found, and what its figures show."""
    study = nqp.studies.validate(path)
    fit = nqp.fit(study.design, study.panel, study.sampler, progress=False)
    report = study.settings.report
    outcome = report.outcome or Context(fit, ()).usual_outcome
    effects = reported_posterior(fit).effects.assign_attrs(
        outcome=outcome, outcome_unit=report.outcome_unit or ""
    )
    att = posterior_of(nqp.att(effects), report.prob)
    moved = Context(fit, ()).moved
    text = change(
        att, outcome, "en", report.outcome_unit or "", **moved,
    )  # fmt: skip
    simulated = study.prepared.simulated
    if simulated is not None:
        text += (
            f" The truth of this simulated panel is {float(nqp.att(simulated.truth).mean()):.4f}."
        )
    text += f" Convergence diagnostics: {fit.gate}."
    factor = study.factors[0] if study.factors else None
    figures = {}
    if study.staggered:
        names = {"outcome": outcome, "unit": report.outcome_unit or ""}
        scene = Scene(fit, (), by=study.factors[:1], weights=report.weights, **names)
        figures["event_study"] = list(PLOTS["event_study"].sketches(scene))[-1].make()
    else:
        figures["forest"] = nqp.plots.forest(effects, by=factor)
    if study.mediators:
        figures["paths"] = nqp.plots.paths(fit)
    for name, figure in figures.items():
        figure.savefig(FIGURES / f"{path.stem}_{name}.png", dpi=_DPI)
    return text, list(figures)


def section(path: Path, title: str) -> str:
    """Write what the page says of a study."""
    print(path.stem, flush=True)
    text, names = found(path)
    parts = [f"## {title}", f"`bayes-nqp run {path.stem}`", about(path), text]
    for name in names:
        label = name.replace("_", " ")
        parts.append(f"![{title}: {label}](../../docs/figures/gallery/{path.stem}_{name}.png)")
    return "\n\n".join(parts)


def written(page: Path) -> dict[str, str]:
    """Sections of the page as it is, by study."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    sections = [part.strip() for part in _SECTION.findall(text)]
    return {name[1]: part for part in sections if (name := _COMMAND.search(part))}


def main(names: list[str]) -> None:
    FIGURES.mkdir(parents=True, exist_ok=True)
    page = ROOT / "benchmarks" / "results" / "gallery.md"
    titles, known = nqp.studies.titles(ROOT / "models"), written(page) if names else {}
    parts = [
        "# Gallery",
        "Every study of `models/`, as its file describes it, with what it finds. Made by "
        "`python tools/gallery.py`; without the checks, which `bayes-nqp run NAME` adds.",
    ]
    for path, title in sorted(titles.items()):
        kept = None if path.stem in names else known.get(path.stem)
        parts.append(kept or section(path, title))
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
