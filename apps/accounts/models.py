"""People, teams as a tree, and the roles people hold at a team."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.choices import Role, Theme, TokenReach, Visibility
from apps.common.models import Timestamped


class Team(models.Model):
    """A unit of the organisation. `path` holds the keys from the root, as `/1/4/`."""

    name = models.CharField(_("name"), max_length=120)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("belongs to"),
    )
    path = models.CharField(max_length=200, editable=False, db_index=True)

    class Meta:
        ordering = ["path"]
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        constraints = [
            models.UniqueConstraint(fields=["parent", "name"], name="team_name_once_per_parent")
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        path = f"{self.parent.path if self.parent else '/'}{self.pk}/"
        if path != self.path:
            self.path = path
            type(self).objects.filter(pk=self.pk).update(path=path)
            for child in self.children.all():
                child.save()

    @property
    def depth(self) -> int:
        return self.path.count("/") - 2


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, name: str, password: str | None = None, **extra: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), name=name, **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, name: str, password: str | None = None) -> User:
        return self.create_user(email, name, password, is_staff=True, is_superuser=True)


class Standing:
    """The roles a person holds, read once: which role at which part of the tree."""

    def __init__(self, assignments: list[tuple[str, str]]) -> None:
        self._paths: dict[str, list[str]] = {}
        for role, path in assignments:
            self._paths.setdefault(role, []).append(path)

    def __bool__(self) -> bool:
        return bool(self._paths)

    def roles_at(self, team: Team) -> set[str]:
        return {
            role
            for role, paths in self._paths.items()
            if any(team.path.startswith(path) for path in paths)
        }

    def paths_of(self, roles: frozenset[str] | set[str]) -> list[str]:
        return sorted({path for role in roles for path in self._paths.get(role, [])})

    @property
    def roles(self) -> set[str]:
        """The roles held anywhere."""
        return set(self._paths)


class User(AbstractBaseUser, PermissionsMixin, Timestamped):
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may open the reference data"), default=False)
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, blank=True, default=""
    )
    theme = models.CharField(_("theme"), max_length=5, choices=Theme, default=Theme.AUTO)
    time_zone = models.CharField(_("time zone"), max_length=40, blank=True, default="")
    home_team = models.ForeignKey(
        Team,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("team"),
    )

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        """Two letters of a Latin name; the last two characters of a Chinese one."""
        words = self.name.replace("-", " ").split()
        if not self.name.isascii() and len(words) == 1:
            return self.name[-2:]
        return "".join(word[0] for word in words[:2]).upper()

    @cached_property
    def standing(self) -> Standing:
        return Standing(list(self.assignments.values_list("role", "team__path")))


class RoleAssignment(models.Model):
    """A person's role at a team; it holds for the teams below as well."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="assignments", verbose_name=_("person")
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, verbose_name=_("team"))
    role = models.CharField(_("role"), max_length=20, choices=Role)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.UniqueConstraint(fields=["user", "team", "role"], name="role_once_per_team")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}, {self.team}"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, user: User | AnonymousUser) -> ApiTokenQuerySet:
        """A person's own. An administrator's view of all: `apps.accounts.tokens.seen_by`."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        return self.filter(owner=user)

    def live(self, now: dt.datetime) -> ApiTokenQuerySet:
        return self.filter(revoked_at__isnull=True, expires_at__gt=now)


class ApiToken(Timestamped):
    """What a program shows to act as its person, within a narrower reach and until a day.

    Only the SHA-256 of the secret is stored: 256 random bits need no slow hash, and who reads
    this table cannot use what stands in it.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_tokens"
    )
    name = models.CharField(_("name"), max_length=80)
    # The first signs of the secret, by which a person tells their tokens apart.
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    may_write = models.BooleanField(_("may add observations"), default=False)
    reach = models.CharField(
        _("reaches"), max_length=10, choices=TokenReach, default=TokenReach.EVERYTHING
    )
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("team"),
    )  # fmt: skip
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    last_used_at = models.DateTimeField(null=True, blank=True)
    # The rate limit: how often it was used in one minute (minutes since 1970).
    minute = models.PositiveBigIntegerField(default=0, editable=False)
    uses_in_minute = models.PositiveIntegerField(default=0, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        constraints = [
            models.CheckConstraint(
                condition=~Q(reach=TokenReach.TEAM) | Q(team__isnull=False),
                name="token_of_a_team_names_it",
            ),
            models.CheckConstraint(
                condition=Q(reach__in=TokenReach.values), name="token_reach_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def ended(self, now: dt.datetime) -> str:
        """Why it opens nothing any more: "revoked", "expired", or empty while it does."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= now else ""


class TeamOwnedQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """What a person may see: the organisation's records, their teams', and their own."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        seen = self.related_to(user)
        if user.standing:
            seen |= Q(visibility=Visibility.ORGANISATION)
            for path in user.standing.paths_of(user.standing.roles):
                seen |= Q(team__path__startswith=path)
        return self.filter(seen)

    def related_to(self, user: User) -> Q:
        """Records a person stands in a relation to; a model with relations overrides it."""
        return Q(pk__in=[])


class TeamOwned(models.Model):
    """A record that belongs to a team and is shown to it, or to the whole organisation."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, verbose_name=_("team"))
    visibility = models.CharField(
        _("visible to"), max_length=15, choices=Visibility, default=Visibility.ORGANISATION
    )

    class Meta:
        abstract = True

    def relations_of(self, user: User) -> set[str]:
        """What `user` is to this record (see `Relation`); overridden where there are any."""
        return set()
