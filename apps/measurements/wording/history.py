"""Sentences of the history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.audit.sentences import Sentence, field_names
from apps.measurements.models import Characteristic
from apps.notifications.sentences import Sentence as NoticeSentence


def _changed_fields(details: Mapping[str, Any]) -> dict[str, str]:
    return {"names": field_names(Characteristic, details.get("fields", []))}


NOTICE_SENTENCES = {
    "sampling.overdue": NoticeSentence(
        _("Data of %(target)s are overdue since %(date)s. Type them in, or change the plan."),
        "clock-history",
        about=_("Data of a characteristic of mine are overdue"),
    ),
    "token.expires": NoticeSentence(
        _(
            "Your API token %(target)s expires on %(date)s. Make a new one in time, and give it to"
            " the program."
        ),
        "key",
        about=_("An API token of mine is about to expire"),
    ),
}

AUDIT_SENTENCES = {
    "characteristic.created": Sentence(
        _("<b>%(actor)s</b> added the characteristic %(name)s"), "plus-lg"
    ),
    "characteristic.edited": Sentence(
        _("<b>%(actor)s</b> changed: %(names)s"), "pencil", words=_changed_fields
    ),
    "factor.renamed": Sentence(
        _("<b>%(actor)s</b> renamed the factor %(before)s to %(after)s"), "pencil"
    ),
    "characteristic.archived": Sentence(
        _("<b>%(actor)s</b> archived the characteristic: “%(reason)s”"), "lock"
    ),
    "characteristic.restored": Sentence(
        _("<b>%(actor)s</b> took the characteristic into use again: “%(reason)s”"),
        "arrow-counterclockwise",
    ),
    "sampling.planned": Sentence(
        _("<b>%(actor)s</b> set the sampling plan: %(size)s each time, every %(every)s × %(unit)s"),
        "calendar3",
    ),
    "sampling.ended": Sentence(_("<b>%(actor)s</b> ended the sampling plan"), "calendar3"),
    "specification.set": Sentence(
        _("<b>%(actor)s</b> set specification limits from %(valid_from)s"), "bullseye"
    ),
    "specification.took_effect": Sentence(
        _("<b>%(actor)s</b> brought new specification limits into effect"), "bullseye"
    ),
    "observations.appended": Sentence(
        _("<b>%(actor)s</b> added %(count)s observations"), "database"
    ),
    "observations.received": Sentence(
        _("<b>%(actor)s</b> sent %(count)s observations with the API token %(token)s"), "database"
    ),
    "observation.corrected": Sentence(
        _(
            "<b>%(actor)s</b> corrected observation %(sequence)s from %(before)s to %(after)s:"
            " “%(reason)s”"
        ),
        "pen",
    ),
    "profile.forgotten": Sentence(
        _("<b>%(actor)s</b> removed the import profile %(name)s"), "trash"
    ),
    "import.received": Sentence(_("<b>%(actor)s</b> uploaded %(file)s"), "upload"),
    "import.confirmed": Sentence(
        _("<b>%(actor)s</b> confirmed %(file)s: %(count)s rows to import, %(refused)s refused"),
        "check-lg",
    ),
    "import.imported": Sentence(
        _("<b>%(actor)s</b> imported %(count)s observations from %(file)s"), "database"
    ),
    "import.refused": Sentence(_("<b>%(actor)s</b> refused %(file)s"), "slash-circle-fill"),
    "import.cancelled": Sentence(_("<b>%(actor)s</b> cancelled the import of %(file)s"), "x-lg"),
    "import.reversed": Sentence(
        _("<b>%(actor)s</b> reversed the import of %(file)s, %(count)s observations: “%(reason)s”"),
        "arrow-counterclockwise",
    ),
}
