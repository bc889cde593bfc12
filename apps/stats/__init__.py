"""Statistics for quality work: control charts, capability, measurement systems, evidence.

Arrays in, frozen dataclasses of plain numbers out; nothing here knows of the web.  Names load on
first use, so importing the package costs nothing.

Examples
--------
>>> from apps.stats import chart
>>> chart("i-mr", [5.0, 6.0, 5.5, 6.5, 5.0, 6.0, 12.0]).signals[0].point
6
"""

from importlib import import_module
from typing import Any

# One name per line: public name -> module that holds it.
_EXPORTS = {
    "DEFAULT_RULES": "rules",
    "ControlChart": "results",
    "DegenerateData": "errors",
    "FrozenLimits": "results",
    "InvalidSpecification": "errors",
    "NotEnoughData": "errors",
    "Notice": "results",
    "Panel": "results",
    "Phase": "results",
    "PhaseSummary": "results",
    "Rule": "rules",
    "Signal": "results",
    "StatsError": "errors",
    "chart": "engine",
    "false_alarm_rate": "rules",
    "rule_set": "rules",
}

__all__ = sorted(_EXPORTS)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)


def __dir__() -> list[str]:
    return __all__
