"""What a token reaches: never more than its person may see, and no more than it was made for."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from apps.accounts.choices import TokenReach
from apps.accounts.models import ApiToken, User
from apps.accounts.policies import Action, may, teams_where
from apps.measurements.models import Characteristic


def reached_by(token: ApiToken) -> QuerySet[Characteristic]:
    """The characteristics that the token reaches, of those its person may see now."""
    seen: QuerySet[Characteristic] = Characteristic.objects.visible_to(token.owner)
    if token.reach == TokenReach.TEAM and token.team is not None:
        return seen.filter(team__path__startswith=token.team.path)
    if token.reach == TokenReach.CHOSEN:
        return seen.filter(pk__in=token.characteristics.values("characteristic"))
    return seen


def may_append(token: ApiToken, characteristic: Characteristic) -> bool:
    """Whether the token adds observations to a characteristic that it reaches."""
    return token.may_write and may(token.owner, Action.IMPORT_DATA, characteristic)


def appendable(characteristics: QuerySet[Characteristic], user: User) -> QuerySet[Characteristic]:
    """Those to which a person may add observations; says the same as `may`, many at once."""
    teams = teams_where(user, Action.IMPORT_DATA)
    return characteristics.filter(Q(team__in=teams) | Q(owner=user), archived_at__isnull=True)
