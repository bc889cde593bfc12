"""Observations and characteristics for programs, under /api/v1/."""

from apps.measurements.api.endpoints import router

__all__ = ["router"]
