from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChartsConfig(AppConfig):
    name = "apps.charts"
    label = "charts"
    verbose_name = _("control charts")

    def ready(self) -> None:
        from apps.audit import sentences as audit_sentences
        from apps.charts.receivers import queue_recompute
        from apps.charts.wording.history import AUDIT_SENTENCES, NOTICE_SENTENCES
        from apps.measurements.signals import data_changed
        from apps.notifications import sentences as notice_sentences

        audit_sentences.register(AUDIT_SENTENCES)
        notice_sentences.register(NOTICE_SENTENCES)
        data_changed.connect(queue_recompute, dispatch_uid="charts.queue_recompute")
