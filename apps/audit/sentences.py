"""The words of the history: one sentence for each verb, registered by the app that uses it.

An app calls `register` from its `AppConfig.ready` with lazy translations, e.g.
`{"project.submitted": _("<b>%(actor)s</b> submitted the initiative")}`. A sentence takes
`actor`, `target`, `reason` and the keys of the entry's details; a detail `{"msgid": "Define"}`
is translated for the reader. What has to be worked out of the details is given by `words`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.audit.models import Entry


@dataclass(frozen=True)
class Sentence:
    text: str | Promise
    icon: str = "circle"
    words: Callable[[Mapping[str, Any]], Mapping[str, object]] | None = None


_sentences: dict[str, Sentence] = {}
# From here on a number is read in groups of three; below lie years and versions.
FIVE_DIGITS = 10_000


def register(sentences: Mapping[str, Sentence]) -> None:
    _sentences.update(sentences)


def icon_of(entry: Entry) -> str:
    return _sentences[entry.verb].icon if entry.verb in _sentences else "circle"


def sentence_of(entry: Entry) -> SafeString:
    """The entry as a sentence in the reader's language; user text is escaped."""
    actor = entry.actor_name or _("System")
    words = {key: _word(value) for key, value in entry.details.items()}
    named = words | {"actor": actor, "target": entry.target_label, "reason": entry.reason}
    known = _sentences.get(entry.verb)
    if known is None:
        return format_html("<b>{}</b> {} {}", actor, entry.verb, entry.target_label)
    if known.words is not None:
        named |= known.words(entry.details)
    escaped = {key: format_html("{}", value) for key, value in named.items()}
    return mark_safe(str(known.text) % escaped)  # noqa: S308  the sentence is ours, each value escaped


def field_names(model: type[models.Model], fields: Iterable[str]) -> str:
    """The names of a record's fields as a person reads them, in their language.

    Entries keep the names of the code, which do not change with the language; a field that is no
    more is told by that name.
    """
    return ", ".join(sorted(_field_name(model, field) for field in fields))


def _field_name(model: type[models.Model], field: str) -> str:
    try:
        return str(model._meta.get_field(field).verbose_name)  # type: ignore[union-attr]  # fields of our records, no relations from elsewhere
    except FieldDoesNotExist:
        return field.replace("_", " ")


def _word(value: object) -> object:
    """A detail as it is read; `{"msgid": …}` is a name of ours, in the reader's language."""
    if isinstance(value, dict) and set(value) == {"msgid"}:
        return _(value["msgid"])
    if isinstance(value, int) and value >= FIVE_DIGITS:
        return f"{value:,}"
    return value
