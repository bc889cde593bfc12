"""API tokens that reach chosen characteristics."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import services as accounts
from apps.accounts.choices import TokenReach
from apps.accounts.models import ApiToken, Team, User
from apps.common.errors import Refused
from apps.measurements.models import Characteristic, TokenCharacteristic


def create_token(
    *,
    actor: User,
    name: str,
    may_write: bool,
    reach: str,
    days: int,
    team: Team | None = None,
    characteristics: Sequence[Characteristic] = (),
) -> tuple[ApiToken, str]:
    """A new token and its secret. What is chosen must be visible to the person now."""
    if (reach == TokenReach.CHOSEN) != bool(characteristics):
        raise Refused(_("Choose the characteristics that the token reaches."))
    chosen = sorted({one.pk for one in characteristics})
    if Characteristic.objects.visible_to(actor).filter(pk__in=chosen).count() != len(chosen):
        raise Refused(_("Choose among the characteristics that you may see."))
    with transaction.atomic():
        token, secret = accounts.create_token(
            actor=actor,
            name=name,
            may_write=may_write,
            reach=reach,
            days=days,
            team=team,
            details={"characteristics": chosen},
        )
        TokenCharacteristic.objects.bulk_create(
            TokenCharacteristic(token=token, characteristic_id=pk) for pk in chosen
        )
    return token, secret
