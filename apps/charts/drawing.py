"""Pictures of charts for download, print and the shell.

The web process never draws: matplotlib would add some 80 MB to each process that once drew, and
a hostile title could hold a worker thread. `render_apart` draws in a short-lived process under a
time limit, one at a time; its memory goes back to the machine with it, and downloads work while
broker and worker are down.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps import stats
from apps.charts.display import display_of
from apps.charts.models import ChartResult, ControlChart
from apps.charts.payload import payload
from apps.charts.stratifying import MIXED, NOT_GIVEN
from apps.charts.wording.rules import panel_title
from apps.common.errors import Refused
from apps.common.templatetags.formats import moment, number

TOKENS = settings.BASE_DIR / "static" / "tokens.json"
FONTS = settings.BASE_DIR / "static" / "fonts"
RENDER_SECONDS = 30
# Pictures of older versions are removed when a chart has more files than this.
FILES_PER_CHART = 12

_one_at_a_time = threading.Lock()


class RenderFailed(Refused):
    """The picture could not be drawn in time."""


def describe(
    chart: ControlChart, *, language: str, subtitle: str = "", by: str = ""
) -> dict[str, Any]:
    """The description that `pictures` draws, in a language; `by` a factor the points are told apart."""
    with translation.override(language):
        described = payload(chart)
        result: ChartResult | None = getattr(chart, "result", None)
        display = display_of(chart)
        words, factors = described.pop("words"), described.pop("factors", [])
        chosen = next((factor for factor in factors if factor["name"] == by), None)
        return (
            described
            | {
                "subtitle": subtitle
                or " · ".join(
                    part
                    for part in (chart.get_kind_display(), display.unit, str(chart.team))
                    if part
                ),
                "footer": _footer(chart, result),
                "factor": _legend_of(chosen, words) if chosen else None,
            }
            | _look(language)
        )


def _legend_of(factor: dict[str, Any], words: dict[str, str]) -> dict[str, Any]:
    """The factor with the codes that occur and their names, in the order of the page's legend."""
    levels = factor["levels"]
    names = dict(enumerate(levels)) | {
        len(levels): words["level_further"].replace("{n}", str(factor["further"])),
        NOT_GIVEN: words["level_none"],
        MIXED: words["level_mixed"],
    }
    present = set(factor["codes"])
    return {
        "name": factor["name"],
        "codes": factor["codes"],
        "legend": [[code, name] for code, name in names.items() if code in present],
    }


def _look(language: str) -> dict[str, Any]:
    """Colours of the light theme and the fonts; print and export are always light."""
    faces = ["noto-sans-sc.ttf", "noto-sans-tc.ttf"]
    if language == "zh-hant":
        faces.reverse()
    return {
        "language": language,
        "colours": json.loads(TOKENS.read_text())["light"],
        "fonts": [str(FONTS / face) for face in faces],
    }


def _footer(chart: ControlChart, result: ChartResult | None) -> str:
    if result is None:
        return ""
    return _("Improve · data version %(data)d, settings version %(settings)d, %(time)s") % {
        "data": result.data_version,
        "settings": result.settings_version,
        "time": moment(timezone.localtime(result.computed_at)),
    }


def render_chart(
    chart: ControlChart, *, format: str, language: str = "en", subtitle: str = "", by: str = ""
) -> bytes:
    """The chart as PNG or SVG bytes, drawn apart or read from the cache."""
    described = describe(chart, language=language, subtitle=subtitle, by=by)
    return _cached(chart.pk, described, format)


def _cached(chart_id: int, described: dict[str, Any], format: str) -> bytes:
    """Drawn once for each description: the same versions, notes and language, the same file."""
    content = json.dumps(described, sort_keys=True, allow_nan=False).encode()
    digest = hashlib.sha256(content).hexdigest()[:24]
    folder = Path(settings.DATA_DIR) / "pictures" / str(chart_id)
    path = folder / f"{digest}.{format}"
    if path.exists():
        return path.read_bytes()
    drawn = render_apart(content, format)
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{digest}.{os.getpid()}.{threading.get_ident()}"
    draft.write_bytes(drawn)
    draft.replace(path)
    _tidy(folder)
    return drawn


def _tidy(folder: Path) -> None:
    files = sorted(folder.glob("[0-9a-f]*.*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in files[FILES_PER_CHART:]:
        old.unlink(missing_ok=True)


def render_apart(content: bytes, format: str) -> bytes:
    """Draw a description in a process of its own, under a time limit."""
    if not _one_at_a_time.acquire(timeout=RENDER_SECONDS):
        raise RenderFailed(_("Other pictures are being drawn. Try again in a moment."))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "apps.charts.pictures", format],
            input=content,
            capture_output=True,
            timeout=RENDER_SECONDS,
            cwd=settings.BASE_DIR,
            env=_environment(),
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise RenderFailed(_("The picture took too long to draw.")) from None
    except subprocess.CalledProcessError as error:
        raise RenderFailed(_("The picture could not be drawn.")) from error
    finally:
        _one_at_a_time.release()
    return done.stdout


def _environment() -> dict[str, str]:
    """What the process needs and no more: no secret, and a place for the font index."""
    cache = Path(settings.DATA_DIR) / "matplotlib"
    cache.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"MPLCONFIGDIR": str(cache), "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "agg"}


# --- A chart that is not stored -------------------------------------------------------------------


def render_analysis(
    chart: stats.ControlChart,
    *,
    title: str,
    format: str,
    unit: str = "",
    decimals: int = 3,
    lsl: float | None = None,
    target: float | None = None,
    usl: float | None = None,
    language: str = "en",
) -> bytes:
    """A judged chart of the engine as PNG or SVG bytes, for the shell."""
    single = chart.panels[0].name == "individuals"
    described = {
        "title": title,
        "subtitle": " · ".join(part for part in (chart.kind, unit) if part),
        "decimals": decimals,
        "x": {"kind": "order", "values": list(range(1, chart.n_points + 1))},
        "panels": [{"title": panel_title(panel.name)} | panel.to_dict() for panel in chart.panels],
        "phases": _analysis_phases(chart, decimals),
        "signals": _analysis_signals(chart),
        "excluded": [int(point) for point in chart.excluded.nonzero()[0]],
        "target": target if single else None,
        "spec": {"lsl": lsl, "usl": usl} if single else {},
        "footer": "Improve",
    } | _look(language)
    return render_apart(json.dumps(described, allow_nan=False).encode(), format)


def _analysis_phases(chart: stats.ControlChart, decimals: int) -> list[dict[str, Any]]:
    panels = [panel.to_dict() for panel in chart.panels]
    return [
        {
            "name": phase.name,
            "start": phase.start,
            "end": phase.stop - 1,
            "current": phase is chart.phases[-1],
            "limits": [
                {"panel": place}
                | {
                    key: f"{name} {number(panel[key][phase.stop - 1], decimals)}"
                    for key, name in (("ucl", "UCL"), ("center", "CL"), ("lcl", "LCL"))
                    if panel[key][phase.stop - 1] is not None
                }
                for place, panel in enumerate(panels)
            ],
        }
        for phase in chart.phases
    ]


def _analysis_signals(chart: stats.ControlChart) -> list[dict[str, Any]]:
    names = [panel.name for panel in chart.panels]
    return [
        {
            "panel": names.index(signal.panel),
            "number": signal.rule.partition(":")[2],
            "kind": "limit" if signal.first == signal.last else "run",
            "point": signal.point,
            "first": signal.first,
            "last": signal.last,
        }
        for signal in chart.signals[:2_000]
    ]
