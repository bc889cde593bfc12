"""The words of a notice: one sentence for each kind, registered by the app that sends it.

An app calls `register` from its `AppConfig.ready` with lazy translations, e.g.
`{"gate.waiting": Sentence(_("<b>%(actor)s</b> asks for your decision on %(target)s."),
"hourglass-split", about=_("A gate waits for my decision"))}`. A sentence takes the keys of the
notice's params: text and numbers as they stand, dates in the reader's writing.
`about` names the kind in the mail preferences, for itself and for the kinds that follow it in
the same registration without an `about` of their own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import conditional_escape, format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from apps.notifications.models import Notification

DATE = "date"
MSGID = "msgid"


@dataclass(frozen=True)
class Sentence:
    text: str | Promise
    icon: str = "bell"
    about: str | Promise = ""


class Forgiving(dict[str, Any]):
    """A word that an old notice does not have yet must not break the page it stands on."""

    def __missing__(self, key: str) -> str:
        return "–"


_sentences: dict[str, Sentence] = {}
_topics: dict[str, str] = {}


def register(sentences: Mapping[str, Sentence]) -> None:
    topic = ""
    for kind, sentence in sentences.items():
        topic = kind if sentence.about else topic
        _topics[kind] = topic or kind
        _sentences[kind] = sentence


def topic_of(kind: str) -> str:
    """The kind under which a person chooses mail for this one."""
    return _topics.get(kind, kind)


def kinds_to_choose() -> list[tuple[str, str | Promise]]:
    """The kinds a person may want mail for or not, in the order of registration."""
    return [(kind, one.about) for kind, one in _sentences.items() if one.about]


def icon_of(notification: Notification) -> str:
    known = _sentences.get(notification.kind)
    return known.icon if known else "bell"


def sentence_of(notification: Notification) -> SafeString:
    """The notice as a sentence in the reader's language; user text is escaped."""
    known = _sentences.get(notification.kind)
    if known is None:
        return format_html("{}", notification.kind)
    words = {key: conditional_escape(word) for key, word in _words(notification.params).items()}
    return mark_safe(str(known.text) % Forgiving(words))  # noqa: S308  the sentence is ours, each value escaped


def plain_sentence_of(notification: Notification) -> str:
    """The notice in plain text, on one line, for the subject and body of a mail."""
    known = _sentences.get(notification.kind)
    if known is None:
        return notification.kind
    words = Forgiving(_words(notification.params))
    return " ".join((strip_tags(str(known.text)) % words).split())


def stored(kind: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The params as they are stored; a kind or a word that is missing is an error at once."""
    values = {key: _store(value) for key, value in params.items()}
    str(_sentences[kind].text) % _words(values)
    return values


def _store(value: Any) -> Any:
    if isinstance(value, dt.date):
        return {DATE: value.isoformat()[:10]}
    if isinstance(value, Mapping) and set(value) == {MSGID}:
        return {MSGID: str(value[MSGID])}
    return value if isinstance(value, int | float) else str(value)


def _words(params: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _word(value) for key, value in params.items()}


def _word(value: Any) -> Any:
    """A date in the reader's writing, a name of ours (`{"msgid": …}`) in the reader's language."""
    match value:
        case {"date": day}:
            return date_format(dt.date.fromisoformat(day), "DATE_FORMAT")
        case {"msgid": name}:
            return gettext(name)
    return value
