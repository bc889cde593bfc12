"""What people are told: in the app, and by mail. Each is a row before it is sent."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: Any) -> Self:
        """What a person was told is theirs alone."""
        return self.filter(user=user) if user.is_authenticated else self.none()

    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)


class Notification(models.Model):
    """One thing told to one person. `key` makes a repeated event one notice."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    key = models.CharField(max_length=120)
    kind = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(_("time"), auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="notification_once_per_event")
        ]
        indexes = [models.Index(fields=["user", "read_at"])]

    def __str__(self) -> str:
        return f"{self.kind} → {self.user_id}"


class MailState(models.TextChoices):
    OWED = "owed", _("to be sent")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")


class Mail(models.Model):
    """A mail owed for a notification, worked off by the sender task; sent once."""

    notification = models.OneToOneField(Notification, on_delete=models.CASCADE)
    state = models.CharField(max_length=6, choices=MailState, default=MailState.OWED)
    attempts = models.PositiveSmallIntegerField(default=0)
    # While a sender works on it, and after a failure: nobody tries before this time.
    not_before = models.DateTimeField(null=True)
    failure = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state"])]

    def __str__(self) -> str:
        return f"{self.state} {self.notification_id}"


class Preference(models.Model):
    """Whether a person wants mail, and of which kinds not."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_preference"
    )
    by_mail = models.BooleanField(_("send me mail as well"), default=True)
    muted_kinds = models.JSONField(default=list, blank=True)

    def __str__(self) -> str:
        return f"{self.user_id}"

    def wants_mail(self, kind: str) -> bool:
        return self.by_mail and kind not in self.muted_kinds
