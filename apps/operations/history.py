"""Backups in the history: one sentence for each verb."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.audit.sentences import Sentence

SENTENCES = {
    "backup.made": Sentence(_("A backup was made: %(file)s"), "archive"),
    "backup.restored": Sentence(
        _("This database was restored from the backup %(file)s of %(made_at)s"),
        "arrow-counterclockwise",
    ),
}
