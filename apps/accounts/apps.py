from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"
    verbose_name = _("people")

    def ready(self) -> None:
        from apps.accounts.history import SENTENCES
        from apps.audit.sentences import register

        register(SENTENCES)
