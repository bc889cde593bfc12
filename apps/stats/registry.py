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
    "laney-p": "laney:LANEY_P",
    "laney-u": "laney:LANEY_U",
    "i-mr-rs": "between_within:I_MR_RS",
    "z-mr": "short_run:Z_MR",
    "ma": "time_weighted:MOVING_AVERAGE",
    "ewma": "time_weighted:EWMA",
    "cusum": "time_weighted:CUSUM",
    "g": "rare_events:G",
    "t": "rare_events:T",
    "run": "run_chart:RUN",
    "t2": "multivariate:T2",
    "mewma": "multivariate:MEWMA",
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
