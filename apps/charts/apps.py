from django.apps import AppConfig


class ChartsConfig(AppConfig):
    name = "apps.charts"
    label = "charts"

    def ready(self) -> None:
        from apps.audit import sentences as audit_sentences
        from apps.charts.receivers import queue_recompute
        from apps.charts.wording.history import AUDIT_SENTENCES, NOTICE_SENTENCES
        from apps.measurements.signals import data_changed
        from apps.notifications import sentences as notice_sentences

        audit_sentences.register(AUDIT_SENTENCES)
        notice_sentences.register(NOTICE_SENTENCES)
        data_changed.connect(queue_recompute, dispatch_uid="charts.queue_recompute")
