"""The words of the history for people and teams."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.audit.sentences import Sentence

SENTENCES = {
    "person.added": Sentence(_("<b>%(actor)s</b> added %(target)s"), "person-plus"),
    "person.edited": Sentence(_("<b>%(actor)s</b> edited %(target)s"), "person"),
    "person.second_step_removed": Sentence(
        _("<b>%(actor)s</b> removed the second step of %(target)s"), "lock"
    ),
    "team.added": Sentence(_("<b>%(actor)s</b> added the team %(target)s"), "people"),
    "team.edited": Sentence(_("<b>%(actor)s</b> edited the team %(target)s"), "people"),
    "token.created": Sentence(
        _("<b>%(actor)s</b> made the API token %(target)s, valid until %(until)s"), "lock"
    ),
    "token.revoked": Sentence(_("<b>%(actor)s</b> revoked the API token %(target)s"), "lock"),
    "team.deleted": Sentence(_("<b>%(actor)s</b> deleted the team %(target)s"), "people"),
}
