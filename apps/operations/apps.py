from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.translation import gettext_lazy as _


class OperationsConfig(AppConfig):
    name = "apps.operations"
    label = "operations"
    verbose_name = _("operations")

    def ready(self) -> None:
        from apps.audit import sentences
        from apps.operations.history import SENTENCES
        from apps.operations.secret import check_secret

        sentences.register(SENTENCES)
        register(check_secret, Tags.security)
