"""Writing to the trail."""

from apps.audit.services.recording import record

__all__ = ["record"]
