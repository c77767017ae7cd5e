"""Messages: English in the code, rendered in other languages through their catalogues."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from numbers import Real
from string import Formatter
from typing import Any, Final, Self

from bayes_nqp._core.i18n._catalogue import ENGLISH, catalogue_of
from bayes_nqp._core.i18n._typesetting import Numeral, in_digits, localised, typeset, typography
from bayes_nqp._core.labels import UNLABELLED, Labels
from bayes_nqp._core.texts import narrowed, one_line, printable

_ITEM = 200
"""Characters that a name in a list has at most."""
_MARKS: Final = ("advice", "detail")
"""Contexts of sentences that are not part of a finding."""


class Message(str):
    """English text that renders in any language that has a catalogue.

    Parameters
    ----------
    template : str
        Of ``str.format`` where there are parts, else plain text: English, and the key of the
        catalogues.
    *parts, **named
        What the template holds; a part that is itself a message is rendered in the same language.
    plural : str, default ""
        The template where the part ``n`` is not one.
    context : str, default ""
        Tells apart equal English that other languages word differently.
    """

    __slots__ = ("context", "named", "parts", "plural", "template")
    template: str
    parts: tuple[object, ...]
    named: dict[str, object]
    plural: str
    context: str

    def __new__(
        cls, template: str, /, *parts: object, plural: str = "", context: str = "", **named: object
    ) -> Self:
        """Render in English, and keep what other languages need."""
        text = _filled(_english(template, plural, named), parts, named, ENGLISH)
        instance = super().__new__(cls, text)
        instance.template, instance.parts, instance.named = str(template), parts, named
        instance.plural, instance.context = plural, context
        return instance

    def __getnewargs_ex__(self) -> tuple[tuple[object, ...], dict[str, object]]:
        """Copy and pickle what it was made from."""
        named = {**self.named, "plural": self.plural, "context": self.context}
        return (self.template, *self.parts), named

    def __getstate__(self) -> None:
        """Hold nothing beyond that."""

    def fill(self, *parts: object, **named: object) -> Message:
        """Fill a message that waits for its parts.

        Parameters
        ----------
        *parts, **named
            What the template holds.
        """
        how: dict[str, Any] = {"plural": self.plural, "context": self.context, **named}
        return Message(self.template, *parts, **how)

    def in_(self, language: str, labels: Labels = UNLABELLED) -> str:
        """Render in a language; what its catalogue does not have, or misplaces, stays English.

        Parameters
        ----------
        labels : Labels, optional
            What names among its parts are called in the language.
        """
        if not self.template or (language == ENGLISH and not labels):
            return str(self)
        try:
            filled = _filled(self._template(language), self.parts, self.named, language, labels)
        except (LookupError, ValueError):  # a translation with other places, or half of one
            english = _english(self.template, self.plural, self.named)
            filled = _filled(english, self.parts, self.named, language, labels)
        return typography(language).closed(filled)

    def _template(self, language: str) -> str:
        catalogue = catalogue_of(language)
        if self.plural:
            n: Any = self.named["n"]
            if self.context:
                return catalogue.npgettext(self.context, self.template, self.plural, n)
            return catalogue.ngettext(self.template, self.plural, n)
        if self.context:
            return catalogue.pgettext(self.context, self.template)
        return catalogue.gettext(self.template)


class Translator:
    """Renders in one language: the one place where names become words.

    Parameters
    ----------
    labels : Labels, optional
        What variables, levels and units are called.
    widest : int, optional
        Latin characters that a name may take, as on an axis; longer ones are cut.
    """

    __slots__ = ("labels", "language", "widest")

    def __init__(
        self, language: str, labels: Labels = UNLABELLED, widest: int | None = None
    ) -> None:
        self.language, self.labels, self.widest = language, labels, widest

    def __call__(self, template: str, /, *parts: object, **how: object) -> str:
        """Render a template, or a message that waits for its parts, in the language.

        Parameters
        ----------
        template : str
            Or a Message without parts.
        *parts, **how
            As `Message` takes them.
        """
        if isinstance(template, Message) and (parts or how):
            filled = template.fill(*parts, **how)
        else:
            filled = message(template, *parts, **how)
        return printable(filled.in_(self.language, self.labels))

    @property
    def sample(self) -> str:
        """A character of the script that fonts must have."""
        return typography(self.language).sample

    def name(self, value: object, column: str = "") -> str:
        """Render a message, or the name of a variable, a level or a unit by its label.

        Parameters
        ----------
        column : str, default ""
            Of which the value is a level, where that is known.
        """
        if isinstance(value, Message):
            return printable(value.in_(self.language, self.labels))
        integral = isinstance(value, float) and value.is_integer()
        text = f"{value:.0f}" if integral else str(value)
        name = printable(self.labels.name(text, self.language, column))
        return name if self.widest is None else narrowed(one_line(name), self.widest)

    def names(self, levels: Mapping[str, object]) -> str:
        """Name a group by its levels, given by column."""
        return " × ".join(self.name(level, column) for column, level in levels.items())


class _Writer(Formatter):
    """Formats templates; numbers, but no names, are set as in print."""

    def __init__(self, language: str, labels: Labels) -> None:
        self.language, self.labels = language, labels

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> object:
        """Render messages in the same language, and names by their labels."""
        value = super().get_value(key, args, kwargs)
        if isinstance(value, Message):
            return value.in_(self.language, self.labels)
        if isinstance(value, Numeral):
            return localised(typeset(value), self.language)
        return self.labels.name(value, self.language) if isinstance(value, str) else value

    def format_field(self, value: Any, format_spec: str) -> str:
        """Set numbers."""
        if not isinstance(value, Real):
            return format(value, format_spec)
        return localised(in_digits(value, format_spec), self.language)


def _english(template: str, plural: str, named: Mapping[str, object]) -> str:
    return plural if plural and named["n"] != 1 else template


def _filled(
    template: str,
    parts: tuple[object, ...],
    named: dict[str, object],
    language: str,
    labels: Labels = UNLABELLED,
) -> str:
    if not parts and not named:
        return template
    return _Writer(language, labels).vformat(template, parts, named)


NOTHING: Final = Message("")
"""Where there is nothing to say."""


def message(template: str, /, *parts: object, **how: Any) -> Message:
    """Make text a message; one that is a message already stays it.

    Parameters
    ----------
    *parts, **how
        As `Message` takes them.
    """
    if isinstance(template, Message) and not parts and not how:
        return template
    return Message(template, *parts, **how)


def joined(sentences: Iterable[str]) -> Message:
    """Put sentences one after another.

    Parameters
    ----------
    sentences : iterable of str
        Empty ones are left out.
    """
    return _chained(
        (x for x in sentences if x), lambda a, b: Message("{} {}", a, b, context="sentences")
    )


def advised(sentence: str) -> Message:
    """Mark a sentence as advice to the person who runs the study."""
    return Message("{}", sentence, context="advice")


def detailed(sentence: str) -> Message:
    """Mark a sentence as a detail, which is shown below the finding and not as part of it."""
    return Message("{}", sentence, context="detail")


def unadvised(sentence: str) -> Message:
    """Return a chain of sentences without advice."""
    return _with(sentence, "", "detail")


def undetailed(sentence: str) -> Message:
    """Return a chain of sentences without details, advice last."""
    return joined([_with(sentence, ""), _with(sentence, "advice")])


def advice_of(sentence: str) -> Message:
    """Return the advice in a chain of sentences."""
    return _with(sentence, "advice")


def details_of(sentence: str) -> Message:
    """Return the details in a chain of sentences, without their mark."""
    details = (x.parts[0] for x in _links(sentence) if x.context == "detail")
    return joined(x for x in details if isinstance(x, str))


def _with(sentence: str, *marks: str) -> Message:
    """Return the sentences of a chain that have one of several marks; "" is for no mark."""
    return joined(
        x for x in _links(sentence) if (x.context if x.context in _MARKS else "") in marks
    )


def _links(sentence: str) -> Iterator[Message]:
    """Yield the sentences of a chain in order; a mark on a chain is a mark on each sentence."""
    text = message(sentence)
    if text.context == "sentences":
        for part in text.parts:
            if isinstance(part, str):
                yield from _links(part)
    elif text.context in _MARKS and isinstance(text.parts[0], str):
        for part in _links(text.parts[0]):
            yield part if part.context in _MARKS else Message("{}", part, context=text.context)
    elif text:
        yield text


def separated(parts: Iterable[str]) -> Message:
    """Join parts by semicolons."""
    return _chained(parts, lambda a, b: Message("{}; {}", a, b))


def listed(items: Iterable[object], most: int = 6) -> Message:
    """List the first items, and say how many more there are.

    Parameters
    ----------
    most : int, default 6
        How many to spell out.
    """
    names = [_name(item) for item in items]
    first = _chained(names[:most], lambda a, b: Message("{}, {}", a, b))
    left_out = len(names) - most
    return Message("{}, and {} more", first, left_out) if left_out > 0 else first


def crossed(columns: Iterable[object]) -> Message:
    """Join the names of columns by crosses, each called by its own label, not by a level's."""
    return _chained(map(_name, columns), lambda a, b: Message("{} × {}", a, b))


def either(items: Iterable[str]) -> Message:
    """List what may stand in one place, each once."""
    return _chained(dict.fromkeys(items), lambda a, b: Message("{} or {}", a, b))


def enumerated(items: Iterable[object]) -> Message:
    """List all items as a sentence does, the last of them behind an "and"."""
    names = [_name(item) for item in items]
    if len(names) < 2:
        return listed(names)
    return Message("{} and {}", listed(names[:-1], len(names)), names[-1])


def _name(item: object) -> str:
    return item if isinstance(item, Message) else cut(str(item))


def _chained(parts: Iterable[str], pair: Callable[[str, str], Message]) -> Message:
    texts = list(parts)
    chain = reduce(pair, texts) if texts else NOTHING
    return chain if isinstance(chain, Message) else Message("{}", chain)


def cut(text: str, most: int = _ITEM) -> str:
    """Leave out the middle of a long text.

    Parameters
    ----------
    most : int, default 200
        Characters that are left at most.
    """
    if len(text) <= most:
        return text
    return f"{text[: most - most // 4 - 3]} … {text[-(most // 4) :]}"
