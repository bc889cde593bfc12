from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MeasurementsConfig(AppConfig):
    name = "apps.measurements"
    label = "measurements"
    verbose_name = _("measurements")

    def ready(self) -> None:
        from apps.audit import sentences
        from apps.measurements.wording.history import AUDIT_SENTENCES, NOTICE_SENTENCES
        from apps.notifications import sentences as notice_sentences

        sentences.register(AUDIT_SENTENCES)
        notice_sentences.register(NOTICE_SENTENCES)
