"""ASGI entry point."""

import os

from django.core.asgi import get_asgi_application

from apps.operations.secret import require_secret

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "improve.settings")

require_secret()
application = get_asgi_application()
