"""Sentences of the history and of notices."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.audit.sentences import Sentence as AuditSentence
from apps.notifications.sentences import Sentence as NoticeSentence

AUDIT_SENTENCES = {
    "chart.opened": AuditSentence(_("<b>%(actor)s</b> opened the control chart"), "graph-up"),
    "chart.settings_changed": AuditSentence(
        _("<b>%(actor)s</b> changed the chart settings"), "sliders"
    ),
    "chart.phase_started": AuditSentence(
        _("<b>%(actor)s</b> started the phase %(name)s: “%(reason)s”"), "flag"
    ),
    "chart.phase_removed": AuditSentence(_("<b>%(actor)s</b> removed the phase %(name)s"), "flag"),
    "chart.limits_frozen": AuditSentence(
        _("<b>%(actor)s</b> froze the limits of %(name)s: “%(reason)s”"), "lock"
    ),
    "chart.limits_released": AuditSentence(
        _("<b>%(actor)s</b> released the limits of %(name)s: “%(reason)s”"), "lock"
    ),
    "chart.point_excluded": AuditSentence(
        _("<b>%(actor)s</b> left point %(point)s out of the limits: “%(reason)s”"),
        "slash-circle-fill",
    ),
    "chart.point_included": AuditSentence(
        _("<b>%(actor)s</b> took point %(point)s into the limits again"), "plus-lg"
    ),
    "chart.point_annotated": AuditSentence(
        _("<b>%(actor)s</b> noted on point %(point)s: “%(text)s”"), "chat-left-text"
    ),
    "chart.signals_raised": AuditSentence(
        _("<b>%(actor)s</b> raised a signal: %(rules)s"), "signal"
    ),
    "signal.assigned": AuditSentence(
        _(
            "<b>%(actor)s</b> asked <b>%(person)s</b> for the cause of a signal, %(rule)s at point %(point)s"
        ),
        "person",
    ),
    "signal.explained": AuditSentence(
        _("<b>%(actor)s</b> explained a signal, %(rule)s at point %(point)s: “%(cause)s”"),
        "check-circle",
    ),
}

NOTICE_SENTENCES = {
    "signal.raised": NoticeSentence(
        _("A new signal on %(target)s: %(rules)s."),
        "signal",
        about=_("A characteristic of mine has a signal"),
    ),
    "signal.assigned": NoticeSentence(
        _("<b>%(actor)s</b> asks you for the cause of a signal on %(target)s."),
        "signal",
        about=_("I am asked for the cause of a signal"),
    ),
}
