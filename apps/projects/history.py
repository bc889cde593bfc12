"""The history of a project in words: one sentence for each verb that its services record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.audit.sentences import Sentence, field_names
from apps.projects.models import Project


def _changed_fields(details: Mapping[str, Any]) -> dict[str, str]:
    return {"fields": field_names(Project, details.get("changed", {}))}


SENTENCES = {
    # The initiative
    "project.logged": Sentence(_("<b>%(actor)s</b> logged the initiative"), "lightbulb"),
    "project.edited": Sentence(
        _("<b>%(actor)s</b> edited the project: %(fields)s"), "pencil", words=_changed_fields
    ),
    "project.submitted": Sentence(_("<b>%(actor)s</b> submitted the initiative"), "send"),
    "project.sent_back": Sentence(
        _("<b>%(actor)s</b> sent the initiative back: “%(reason)s”"), "arrow-return-left"
    ),
    "project.declined": Sentence(
        _("<b>%(actor)s</b> declined the initiative: “%(reason)s”"), "x-octagon"
    ),
    "project.marked_duplicate": Sentence(
        _("<b>%(actor)s</b> marked it as a duplicate of %(of)s: “%(reason)s”"), "files"
    ),
    "project.accepted": Sentence(_("<b>%(actor)s</b> accepted the initiative"), "check-circle"),
    # The project
    "project.started": Sentence(
        _("<b>%(actor)s</b> started the project with %(methodology)s version %(version)s"),
        "play-circle",
    ),
    "project.held": Sentence(
        _("<b>%(actor)s</b> put the project on hold: “%(reason)s”"), "pause-circle"
    ),
    "project.resumed": Sentence(_("<b>%(actor)s</b> resumed the project"), "play-circle"),
    "project.cancelled": Sentence(
        _("<b>%(actor)s</b> cancelled the project: “%(reason)s”"), "slash-circle"
    ),
    "project.completed": Sentence(
        _("The project is completed: all gates have passed"), "check-circle"
    ),
    "project.sustained": Sentence(_("The result is now watched"), "eye"),
    "project.closed": Sentence(_("<b>%(actor)s</b> closed the project: “%(reason)s”"), "archive"),
    "project.reopened": Sentence(
        _("<b>%(actor)s</b> reopened the project: “%(reason)s”"), "arrow-counterclockwise"
    ),
    "project.member_added": Sentence(
        _("<b>%(actor)s</b> named %(person)s as %(capacity)s"), "person-plus"
    ),
    "project.member_removed": Sentence(
        _("<b>%(actor)s</b> took %(person)s off as %(capacity)s"), "person-dash"
    ),
    "target.added": Sentence(
        _("<b>%(actor)s</b> added the secondary target %(target)s"), "bullseye"
    ),
    "target.removed": Sentence(
        _("<b>%(actor)s</b> removed the secondary target %(target)s"), "bullseye"
    ),
    "target.set": Sentence(_("<b>%(actor)s</b> set the target %(target)s"), "bullseye"),
    # Stages
    "stage.started": Sentence(_("%(stage)s started"), "play-circle"),
    "stage.finished": Sentence(_("<b>%(actor)s</b> finished %(stage)s"), "check-circle"),
    "stage.passed": Sentence(
        _("%(stage)s passed in round %(round)s. Packet %(short_hash)s"), "check-circle"
    ),
    "stage.sent_back": Sentence(
        _("%(stage)s was sent back in round %(round)s: “%(reason)s”"), "arrow-return-left"
    ),
    "stage.declined": Sentence(
        _("%(stage)s was declined in round %(round)s: “%(reason)s”"), "x-octagon"
    ),
    "stage.skipped": Sentence(
        _("<b>%(actor)s</b> skipped %(stage)s: “%(reason)s”"), "skip-forward"
    ),
    "stage.reopened": Sentence(
        _("<b>%(actor)s</b> reopened %(stage)s: “%(reason)s”"), "arrow-counterclockwise"
    ),
    "stage.became_stale": Sentence(
        _("%(stage)s became stale, its gate is asked again: “%(reason)s”"), "exclamation-triangle"
    ),
    # Gates
    "gate.submitted": Sentence(
        _("<b>%(actor)s</b> submitted %(stage)s for review, round %(round)s"), "send"
    ),
    "gate.withdrawn": Sentence(
        _("<b>%(actor)s</b> withdrew the request for %(stage)s: “%(reason)s”"),
        "arrow-counterclockwise",
    ),
    "condition.set_aside": Sentence(
        _("<b>%(actor)s</b> waived a condition of %(stage)s (%(condition)s): “%(reason)s”"),
        "shield-minus",
    ),
    "condition.counts_again": Sentence(
        _("<b>%(actor)s</b> revoked a waiver of %(stage)s (%(condition)s): “%(reason)s”"),
        "shield-check",
    ),
    # Work
    "deliverable.edited": Sentence(
        _("<b>%(actor)s</b> edited %(deliverable)s, version %(version)s"), "pencil"
    ),
    "deliverable.completed": Sentence(
        _("<b>%(actor)s</b> completed %(deliverable)s"), "check-circle"
    ),
    "deliverable.reopened": Sentence(
        _("<b>%(actor)s</b> reopened %(deliverable)s"), "arrow-counterclockwise"
    ),
    "attachment.added": Sentence(
        _("<b>%(actor)s</b> attached %(file)s to %(deliverable)s"), "paperclip"
    ),
    "attachment.removed": Sentence(
        _("<b>%(actor)s</b> removed %(file)s from %(deliverable)s"), "paperclip"
    ),
    "action.added": Sentence(
        _("<b>%(actor)s</b> added an action for %(person)s: %(title)s"), "list-check"
    ),
    "action.edited": Sentence(_("<b>%(actor)s</b> edited the action %(title)s"), "list-check"),
    "action.moved": Sentence(
        _("<b>%(actor)s</b> moved the action %(title)s to %(to)s"), "list-check"
    ),
    # Cycles
    "cycle.planned": Sentence(
        _("<b>%(actor)s</b> wrote down what cycle %(cycle)s tries and predicts: %(tried)s"),
        "pencil",
    ),
    "cycle.started": Sentence(_("Cycle %(cycle)s started"), "arrow-repeat"),
    "cycle.adopted": Sentence(
        _("<b>%(actor)s</b> adopted the change of cycle %(cycle)s: “%(standard)s”"), "check-circle"
    ),
    "cycle.adapted": Sentence(
        _("<b>%(actor)s</b> ended cycle %(cycle)s to adapt it: “%(lesson)s”"), "arrow-repeat"
    ),
    "cycle.abandoned": Sentence(
        _("<b>%(actor)s</b> abandoned the change of cycle %(cycle)s: “%(lesson)s”"), "slash-circle"
    ),
}
