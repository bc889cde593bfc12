from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.translation import gettext_lazy as _


class OperationsConfig(AppConfig):
    name = "apps.operations"
    label = "operations"
    verbose_name = _("operations")

    def ready(self) -> None:
        from apps.operations.secret import check_secret

        register(check_secret, Tags.security)
