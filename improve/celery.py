"""The Celery application; every setting about reliability stands in `improve.settings`."""

import os

from apps.operations import worker
from apps.operations.publishing import HintingCelery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "improve.settings")

app = HintingCelery("improve")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
worker.install(app)
