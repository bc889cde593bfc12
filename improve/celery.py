"""The Celery application; every setting about reliability stands in `improve.settings`."""

import os

from celery import Celery

from apps.operations import worker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "improve.settings")

app = Celery("improve")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
worker.install(app)
