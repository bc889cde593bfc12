"""Roles, relations and what a preference may be."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """What a person is, at a team and everything below it."""

    ADMINISTRATOR = "administrator", _("Administrator")
    QUALITY_LEAD = "quality_lead", _("Quality lead")
    MANAGER = "manager", _("Manager")
    TEAM_MEMBER = "team_member", _("Team member")
    STAFF = "staff", _("Staff")


class Relation(TextChoices):
    """What a person is to one record."""

    OWNER = "owner", _("Owner")
    MEMBER = "member", _("Member")
    SPONSOR = "sponsor", _("Sponsor")
    APPROVER = "approver", _("Approver")


class Visibility(TextChoices):
    ORGANISATION = "organisation", _("Everyone in the organisation")
    TEAM = "team", _("Only this team")


class Theme(TextChoices):
    AUTO = "auto", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class TokenReach(TextChoices):
    """Which of the records that its person may see a token reaches."""

    EVERYTHING = "everything", _("All that I may see")
    TEAM = "team", _("One team and the teams below it")
    CHOSEN = "chosen", _("Chosen characteristics")
