"""The history of a round in words: one sentence for each verb that its services record."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.audit.sentences import Sentence

SENTENCES = {
    "round.opened": Sentence(
        _("<b>%(actor)s</b> opened round %(number)s; its content is fixed"), "lock"
    ),
    "round.withdrawn": Sentence(
        _("<b>%(actor)s</b> withdrew round %(number)s: “%(reason)s”"), "arrow-counterclockwise"
    ),
    "round.approved": Sentence(_("<b>%(actor)s</b> approved round %(number)s"), "check-circle"),
    "round.approved_with_conditions": Sentence(
        _("<b>%(actor)s</b> approved round %(number)s with conditions"), "check-circle"
    ),
    "round.sent_back": Sentence(
        _("<b>%(actor)s</b> sent round %(number)s back: “%(reason)s”"), "arrow-return-left"
    ),
    "round.declined": Sentence(
        _("<b>%(actor)s</b> declined round %(number)s: “%(reason)s”"), "x-octagon"
    ),
    "round.seat_delegated": Sentence(
        _("<b>%(actor)s</b> delegated a seat in round %(number)s to %(to)s: “%(reason)s”"),
        "person-plus",
    ),
    "condition.met": Sentence(
        _("<b>%(actor)s</b> settled the condition %(text)s: “%(reason)s”"), "check-circle"
    ),
    "condition.waived": Sentence(
        _("<b>%(actor)s</b> waived the condition %(text)s: “%(reason)s”"), "shield-minus"
    ),
    "signature.refused": Sentence(
        _("A signature of <b>%(actor)s</b> was refused: wrong password"), "shield-exclamation"
    ),
}
