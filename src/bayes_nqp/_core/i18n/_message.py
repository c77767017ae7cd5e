"""Messages: English templates in the code, translated by catalogues."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from string import Formatter
from typing import Any, Self

from bayes_nqp._core.i18n._catalogue import ENGLISH, catalogue_of
from bayes_nqp._core.i18n._typesetting import Numeral, in_digits, localised, typeset, typography
from bayes_nqp._core.labels import UNLABELLED, Labels
from bayes_nqp._core.texts import narrowed, one_line, printable

_ITEM = 200
"""Characters that a name in a list has at most."""


class Message(str):
    """English text that can be rendered in every language with a catalogue.

    Parameters
    ----------
    template : str
        Template of ``str.format``, or plain text without parts: English, and the key of the
        catalogues.
    *parts, **named
        Values of the template; messages among them are rendered in the same language.
    plural : str, default ""
        Template if the part ``n`` is not one.
    context : str, default ""
        Context of equal English texts that have different translations.

    Attributes
    ----------
    varies : bool
        If True, a part depends on who reads it (Python or study files), and the message is
        rendered again for each reader, also in English.
    """

    __slots__ = ("context", "named", "parts", "plural", "template", "varies")
    template: str
    parts: tuple[object, ...]
    named: dict[str, object]
    plural: str
    context: str
    varies: bool

    def __new__(
        cls, template: str, /, *parts: object, plural: str = "", context: str = "", **named: object
    ) -> Self:
        """Render in English, and keep template and parts for other languages."""
        text = _filled(_english(template, plural, named), parts, named, ENGLISH)
        instance = super().__new__(cls, text)
        instance.template, instance.parts, instance.named = str(template), parts, named
        instance.plural, instance.context = plural, context
        instance.varies = any(getattr(x, "varies", False) for x in (*parts, *named.values()))
        return instance

    def __getnewargs_ex__(self) -> tuple[tuple[object, ...], dict[str, object]]:
        """Copy and pickle template and parts."""
        named = {**self.named, "plural": self.plural, "context": self.context}
        return (self.template, *self.parts), named

    def __getstate__(self) -> None:
        """Return no further state."""

    def fill(self, *parts: object, **named: object) -> Message:
        """Fill the template of a message without parts.

        Parameters
        ----------
        *parts, **named
            Values of the template.
        """
        how: dict[str, Any] = {"plural": self.plural, "context": self.context, **named}
        return Message(self.template, *parts, **how)

    def in_(self, language: str, labels: Labels = UNLABELLED) -> str:
        """Render in a language; missing or invalid translations stay English.

        Parameters
        ----------
        labels : Labels, optional
            Labels of names among the parts.
        """
        if not self.template or (language == ENGLISH and not labels and not self.varies):
            return str(self)
        try:
            template = typography(language).opened(self._template(language))
            filled = _filled(template, self.parts, self.named, language, labels)
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
    """Translator to one language, including labels of names.

    Parameters
    ----------
    labels : Labels, optional
        Labels of variables, levels and units.
    widest : int, optional
        Maximal width of a name in Latin characters, as on an axis; longer names are cut.
    """

    __slots__ = ("labels", "language", "widest")

    def __init__(
        self, language: str, labels: Labels = UNLABELLED, widest: int | None = None
    ) -> None:
        self.language, self.labels, self.widest = language, labels, widest

    def __call__(self, template: str, /, *parts: object, **how: object) -> str:
        """Render a template, or a message without parts, in the language.

        Parameters
        ----------
        template : str
            Template, or a Message without parts.
        *parts, **how
            As for `Message`.
        """
        if isinstance(template, Message) and (parts or how):
            filled = template.fill(*parts, **how)
        else:
            filled = message(template, *parts, **how)
        return printable(filled.in_(self.language, self.labels))

    @property
    def sample(self) -> str:
        """Return a character of the script that fonts must support."""
        return typography(self.language).sample

    def name(self, value: object, column: str = "") -> str:
        """Render a message, or the name of a variable, a level or a unit by its label.

        Parameters
        ----------
        column : str, default ""
            Column of the level, if known.
        """
        if isinstance(value, Message):
            return printable(value.in_(self.language, self.labels))
        integral = isinstance(value, float) and value.is_integer()
        text = f"{value:.0f}" if integral else str(value)
        name = printable(self.labels.name(text, self.language, column))
        return name if self.widest is None else narrowed(one_line(name), self.widest)

    def names(self, levels: Mapping[str, object]) -> str:
        """Return the label of a group from its levels by column."""
        return " × ".join(self.name(level, column) for column, level in levels.items())


class _Writer(Formatter):
    """Formatter of templates that typesets numbers but not names."""

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
        """Typeset numbers."""
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


def message(template: str, /, *parts: object, **how: Any) -> Message:
    """Convert text to a message; messages are not changed.

    Parameters
    ----------
    *parts, **how
        As for `Message`.
    """
    if isinstance(template, Message) and not parts and not how:
        return template
    return Message(template, *parts, **how)


def cut(text: str, most: int = _ITEM) -> str:
    """Shorten a long text in the middle.

    Parameters
    ----------
    most : int, default 200
        Maximal number of remaining characters.
    """
    if len(text) <= most:
        return text
    return f"{text[: most - most // 4 - 3]} … {text[-(most // 4) :]}"
