"""The Improve project: settings, URLs, the Celery application."""

from improve.celery import app as celery_app

__all__ = ["celery_app"]
