"""The words of the history: one sentence for each verb, registered by the app that uses it.

An app calls `register` from its `AppConfig.ready` with lazy translations, e.g.
`{"project.submitted": _("<b>%(actor)s</b> submitted the initiative")}`. A sentence takes
`actor`, `target`, `reason` and the keys of the entry's details; a detail `{"msgid": "Define"}`
is translated for the reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.audit.models import Entry


@dataclass(frozen=True)
class Sentence:
    text: str | Promise
    icon: str = "circle"


_sentences: dict[str, Sentence] = {}


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
    escaped = {key: format_html("{}", value) for key, value in named.items()}
    return mark_safe(str(known.text) % escaped)  # noqa: S308  the sentence is ours, each value escaped


def _word(value: object) -> object:
    """A detail as it is written; `{"msgid": …}` is a name of ours, in the reader's language."""
    if isinstance(value, dict) and set(value) == {"msgid"}:
        return _(value["msgid"])
    return value
