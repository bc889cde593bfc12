"""The chart types: one line each, naming the module that holds it and its name there."""

from importlib import import_module

from apps.stats.errors import InvalidSpecification
from apps.stats.model import ChartType

CHART_TYPES = {
    "i-mr": "individuals:I_MR",
    "xbar-r": "xbar:XBAR_R",
    "xbar-s": "xbar:XBAR_S",
    "p": "attributes:P",
    "np": "attributes:NP",
    "c": "attributes:C",
    "u": "attributes:U",
}


def chart_type(kind: str) -> ChartType:
    """The chart type of that name.

    Raises
    ------
    InvalidSpecification
        If there is none.

    Examples
    --------
    >>> chart_type("i-mr").estimators
    ('mr-mean', 'mr-median')
    """
    if kind not in CHART_TYPES:
        raise InvalidSpecification("unknown_chart", {"kind": kind, "known": ", ".join(CHART_TYPES)})
    module, name = CHART_TYPES[kind].split(":")
    found: ChartType = getattr(import_module(f"apps.stats.charts.{module}"), name)
    return found
