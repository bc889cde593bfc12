"""WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

from apps.operations.secret import require_secret

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "improve.settings")

require_secret()
application = get_wsgi_application()
