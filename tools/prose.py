"""Measure the prose of the project: docstrings, messages, README and pages.

    python -m tools.prose               prints the numbers next to their limits
    python -m tools.prose --write       lowers each limit to the number that is measured

Four numbers are counted for each folder of the package, for the messages of the catalogue, for
README and for the pages of the documentation:

- ``idioms``: clipped idioms per 1,000 words, such as "what", "whose", "holds", "beside";
- ``opens``: docstrings, or paragraphs of pages, that begin with a question word or a preposition,
  in per cent;
- ``long``: sentences with more than 30 words, in per cent;
- ``private``: words that only this project uses, per 1,000 words.

``tools/prose.toml`` has the limits. A test compares them with the numbers: they may fall and
never rise. The lists below are no style guide. A sentence is good if a reader of the field
understands it at the first reading.
"""

from __future__ import annotations

import ast
import math
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIMITS = Path(__file__).with_suffix(".toml")
SOURCE = ROOT / "src" / "bayes_nqp"
CATALOGUE = SOURCE / "_core" / "i18n" / "locale" / "zh" / "LC_MESSAGES" / "bayes_nqp.po"
LONG = 30
"""Words of the longest sentence that is not counted."""
NUMBERS = ("idioms", "opens", "long", "private")


def pattern(*words: str) -> re.Pattern[str]:
    """Return a pattern of whole words and phrases, in any case."""
    return re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)


IDIOMS = pattern(
    "what", "whether", "whose", "beside", "else", "by itself", "so many", "as far as",
    "of (?:its|their|one's) own", "h(?:eld|olds?)", "t(?:ells?|old)", "sa(?:ys?|id)",
    "st(?:ands?|ood)", "l(?:ies|ay)", "knows?", "known by", "asks?", "asked", "sp(?:eaks?|oken)",
    "b(?:ears?|orne)", "rests? (?:up)?on", "leans? on", "com(?:es?|ing) of", "made of",
    "go(?:es)? with", "nobody", "nothing but",
)  # fmt: skip
PRIVATE = pattern(
    "earned", "worlds?", "dealt", "deals?", "rooms?", "doors?", "house", "battery", "carries",
    "league", "withheld", "straddles?", "untold", "could not tell", "in force", "those who adopt",
    "legs?", "drifts?", "crowd(?:ed|ing) out", "rebased", "summits?", "named next", "waist",
    "wrong and silent", "loud adopters", "nats?",
)  # fmt: skip
OPENINGS = {
    "as", "how", "of", "say", "says", "so", "tell", "tells", "those", "what", "where", "whether",
    "which", "who", "whose",
}  # fmt: skip
"""First words of a docstring that hide its subject."""
_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_END = re.compile(r"(?<=[.!?])[\"')*_]*\s+(?=[A-Z\d`*(\[\"'])|\n\s*\n|\n\s*(?:[-*]|\d+\.) ")
_NO_PROSE = re.compile(
    r"^```.*?^```[^\n]*$|\$\$.*?\$\$|<!--.*?-->|^:::.*?$"  # code, formulas, comments
    r"|^\s*(?:\||>>>|\.\.\. |#|:\w|!\[).*?$"  # tables, examples, headings, options, figures
    r"|^\s*[-=]{3,}\s*$",
    re.MULTILINE | re.DOTALL,
)
_INLINE = (
    (re.compile(r"\$[^$\n]+\$"), "x"),
    (re.compile(r"``[^`]*``|`[^`]*`"), "x"),
    (re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), r"\1"),
)


def prose(text: str) -> str:
    """Return a text without code, formulas, tables, headings and the addresses of links."""
    text = _NO_PROSE.sub("\n\n", text)
    for found, replacement in _INLINE:
        text = found.sub(replacement, text)
    return text


def sentences(text: str) -> list[str]:
    """Split a text into its sentences of at least three words."""
    return [part for part in _END.split(prose(text)) if len(_WORD.findall(part)) >= 3]


def paragraphs(text: str) -> list[str]:
    """Split a page into paragraphs, without list items."""
    parts = (part.strip() for part in re.split(r"\n\s*\n", prose(text)))
    return [part for part in parts if part and not re.match(r"[-*\d]", part)]


@dataclass
class Counts:
    """Counts of one kind of text.

    Parameters
    ----------
    words, sentences, idioms, private, long : int
        Numbers of words, of sentences, of words of both lists, and of long sentences.
    units, opens : int
        Numbers of docstrings or paragraphs, and of those with an opening of the list.
    """

    words: int = 0
    sentences: int = 0
    idioms: int = 0
    private: int = 0
    long: int = 0
    units: int = 0
    opens: int = 0

    def add(self, text: str, units: Iterable[str]) -> None:
        """Count a text, and the openings of its docstrings or paragraphs."""
        for sentence in sentences(text):
            size = len(_WORD.findall(sentence))
            self.words += size
            self.sentences += 1
            self.long += size > LONG
            self.idioms += len(IDIOMS.findall(sentence))
            self.private += len(PRIVATE.findall(sentence))
        for unit in units:
            first = _WORD.search(unit)
            self.units += 1
            self.opens += first is not None and first[0].lower() in OPENINGS

    def numbers(self) -> dict[str, float]:
        """Return the rates that are limited."""
        words, number = max(self.words, 1), max(self.sentences, 1)
        return {
            "idioms": 1000 * self.idioms / words,
            "opens": 100 * self.opens / max(self.units, 1),
            "long": 100 * self.long / number,
            "private": 1000 * self.private / words,
        }


def docstrings(path: Path) -> Iterator[str]:
    """Yield the docstrings of a file: of the module, of classes and of functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield text


def messages(path: Path = CATALOGUE) -> Iterator[str]:
    """Yield the English messages of a catalogue."""
    text = path.read_text(encoding="utf-8")
    for block in re.findall(r'^msgid(?:_plural)? ((?:".*"\n)+)', text, flags=re.MULTILINE):
        message = "".join(ast.literal_eval(line) for line in block.splitlines())
        if message:
            yield re.sub(r"\{[^{}]*\}", "x", message)


def pages() -> list[Path]:
    """Return the English pages of the documentation."""
    docs = ROOT / "docs"
    return sorted([*docs.glob("*.md"), *docs.glob("checks/*.md")])


def measured() -> dict[str, dict[str, float]]:
    """Return the numbers of every kind of text."""
    counts: dict[str, Counts] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).parts
        count = counts.setdefault(f"src/{parts[0] if len(parts) > 1 else '.'}", Counts())
        for text in docstrings(path):
            count.add(text, [text])
    count = counts.setdefault("messages", Counts())
    for text in messages():
        count.add(text, [text])
    for name, files in (("README", [ROOT / "README.md"]), ("docs", pages())):
        count = counts.setdefault(name, Counts())
        for path in files:
            text = path.read_text(encoding="utf-8")
            count.add(text, paragraphs(text))
    return {name: count.numbers() for name, count in sorted(counts.items())}


def limits() -> dict[str, dict[str, float]]:
    """Read the limits of every kind of text."""
    return tomllib.loads(LIMITS.read_text(encoding="utf-8")) if LIMITS.exists() else {}


def rounded(number: float) -> float:
    """Round a number up to one decimal, so that it does not exceed its own limit."""
    return math.ceil(round(10 * number, 6)) / 10


def lowered(
    old: dict[str, dict[str, float]], new: dict[str, dict[str, float]]
) -> dict[str, dict[str, float]]:
    """Return limits that fall to the measured numbers and never rise.

    A kind of text that is new gets its numbers as limits; one that is gone loses them.
    """
    return {
        name: {
            key: min(old.get(name, {}).get(key, math.inf), rounded(numbers[key])) for key in NUMBERS
        }
        for name, numbers in new.items()
    }


def exceeded(
    limit: dict[str, dict[str, float]], numbers: dict[str, dict[str, float]]
) -> dict[str, tuple[float, float]]:
    """Return the numbers above their limits, each with the limit."""
    return {
        f"{name}: {key}": (round(numbers[name][key], 2), most)
        for name, row in limit.items()
        if name in numbers
        for key, most in row.items()
        if numbers[name][key] > most + 1e-9
    }


def written(table: dict[str, dict[str, float]]) -> str:
    """Write limits as TOML."""
    parts = [
        "# Limits of the prose, by kind of text: python -m tools.prose --write lowers them.",
        "# idioms and private: per 1,000 words; opens and long: per cent.",
    ]
    for name, row in table.items():
        parts += ["", f'["{name}"]', *(f"{key} = {value:g}" for key, value in row.items())]
    return "\n".join(parts) + "\n"


def main(arguments: list[str]) -> int:
    """Print the numbers, or lower the limits."""
    numbers, limit = measured(), limits()
    print(f"{'':20}" + "".join(f"{key:>16}" for key in NUMBERS))
    for name, row in numbers.items():
        cells = (f"{row[k]:.1f} ({limit.get(name, {}).get(k, math.nan):g})" for k in NUMBERS)
        print(f"{name:20}" + "".join(f"{cell:>16}" for cell in cells))
    if "--write" in arguments:
        LIMITS.write_text(written(lowered(limit, numbers)), encoding="utf-8")
        return 0
    above = exceeded(limit, numbers)
    for name, (number, most) in above.items():
        print(f"{name} is {number:g}, above the limit of {most:g}")
    return int(bool(above))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
