"""Reading charts: what other apps and the pages ask for."""

from apps.charts.selectors.evidence import (
    Comparison,
    KeyFigure,
    PhaseFigure,
    Stability,
    capability_of,
    comparison_of,
    key_figure,
    packet_of,
    stability,
)
from apps.charts.selectors.freshness import Freshness, freshness
from apps.charts.selectors.points import Columns, Point, columns_between, point_at, point_with
from apps.charts.selectors.signals import (
    listed_signals,
    newest_signals,
    signals_waiting_for,
)
from apps.charts.selectors.wall import Card, Wall, WallFilters, wall

__all__ = [
    "Card",
    "Columns",
    "Comparison",
    "Freshness",
    "KeyFigure",
    "PhaseFigure",
    "Point",
    "Stability",
    "Wall",
    "WallFilters",
    "capability_of",
    "columns_between",
    "comparison_of",
    "freshness",
    "key_figure",
    "listed_signals",
    "newest_signals",
    "packet_of",
    "point_at",
    "point_with",
    "signals_waiting_for",
    "stability",
    "wall",
]
