from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApprovalsConfig(AppConfig):
    name = "apps.approvals"
    label = "approvals"
    verbose_name = _("approvals")

    def ready(self) -> None:
        from apps.approvals.history import SENTENCES
        from apps.audit.sentences import register

        register(SENTENCES)
