"""Pictures and files for download: they hold whatever people type, and can do no harm."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from apps import stats
from apps.accounts.models import User
from apps.charts import drawing
from apps.charts.drawing import RenderFailed, describe, render_analysis, render_apart, render_chart
from apps.charts.exports import inert
from apps.charts.pictures import clean, draw
from apps.charts.recompute import recompute
from apps.charts.services import annotate_point, start_phase
from tests.factories import Org, make_chart, piston_rings, steady

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]

HOSTILE = (
    "$$",
    r"$\frac{",
    "<script>alert(1)</script>",
    "長" * 100,
    "a\x07b\x1b[31mc",
    "=1+1",
    "%s {0} %(x)s",
)


def is_png(drawn: bytes) -> bool:
    return drawn.startswith(b"\x89PNG\r\n\x1a\n") and drawn.endswith(b"IEND\xaeB`\x82")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_drawn(org: Org, name: str) -> None:
    chart = make_chart(
        org.lead,
        org.desk,
        [*steady(30), 20.0],
        name=name.replace("\x07", "").replace("\x1b", ""),
        unit="$",
    )
    start_phase(actor=org.lead, chart=chart, start_sequence=11, name=name[:80], reason="x")
    annotate_point(actor=org.lead, chart=chart, sequence=5, text=name)
    recompute(chart.pk)
    chart.refresh_from_db()
    described = describe(chart, language="zh-hant", subtitle=name)
    described["title"] = name
    assert is_png(draw(described, "png"))
    drawn = draw(described, "svg")
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(drawn).iter()}
    assert "script" not in tags


def test_titles_lose_control_signs_and_are_cut_to_a_width() -> None:
    assert clean("a\x07b\nc\u202ed") == "a b c d"
    assert clean("x" * 300, 20) == "x" * 19 + "…"
    assert len(clean("長" * 300, 20)) <= 11


def test_pictures_are_drawn_in_a_process_apart_and_kept(org: Org) -> None:
    chart = piston_rings(org.lead, org.desk)
    first = render_chart(chart, format="png", language="en")
    assert is_png(first)
    folder = settings.DATA_DIR / "pictures" / str(chart.pk)
    assert [path.suffix for path in folder.iterdir()] == [".png"]
    assert render_chart(chart, format="png", language="en") == first
    assert ElementTree.fromstring(render_chart(chart, format="svg", language="en")) is not None


def test_a_picture_that_takes_too_long_is_given_up(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "RENDER_SECONDS", 0.05)
    with pytest.raises(RenderFailed):
        render_apart(b"{}", "png")


def test_a_broken_description_is_refused_not_raised() -> None:
    with pytest.raises(RenderFailed):
        render_apart(b"not json", "png")


def test_the_drawing_process_gets_no_secret() -> None:
    assert not {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"} & set(drawing._environment())


def test_the_pages_hand_out_pictures_as_attachments(org: Org, client_as: SignIn) -> None:
    chart = piston_rings(org.lead, org.desk)
    client = client_as(org.staff)
    for name, kind in (("png", "image/png"), ("svg", "image/svg+xml")):
        answer = client.get(reverse(f"charts:{name}", args=[chart.pk]))
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == kind
        assert (
            answer.headers["Content-Disposition"]
            == f'attachment; filename="piston-ring-diameter.{name}"'
        )
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_chart_without_points_is_drawn_too(org: Org, client_as: SignIn) -> None:
    chart = make_chart(org.lead, org.desk)
    assert client_as(org.staff).get(reverse("charts:png", args=[chart.pk])).status_code == 200


def test_ten_thousand_points_are_drawn_decimated(org: Org) -> None:
    chart = make_chart(org.lead, org.desk, steady(10_000))
    described = describe(chart, language="en")
    assert len(described["x"]["values"]) < 4_001
    assert is_png(draw(described, "png"))


def test_an_analysis_from_the_shell_is_drawn() -> None:
    judged = stats.chart("xbar-r", np.random.default_rng(1).normal(5, 1, 100), subgroup_size=5)
    assert is_png(render_analysis(judged, title="$$ <b>", format="png", lsl=1.0, usl=9.0))


# --- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_text_that_a_spreadsheet_would_execute_is_made_inert(text: str) -> None:
    assert inert(text) == f"'{text}"


def test_the_values_as_csv(org: Org, client_as: SignIn) -> None:
    values = [-1.5, 2.25, *steady(30)]
    labels = ["=HYPERLINK(1)", *[f"s{i}" for i in range(1, 32)]]
    chart = make_chart(
        org.lead, org.desk, [v for v in values for _twice in range(2)], subgrouping="column",
        subgroups=[label for label in labels for _twice in range(2)],
    )  # fmt: skip
    answer = client_as(org.staff).get(reverse("charts:csv", args=[chart.pk]))
    text = answer.getvalue().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 32
    assert rows[0]["Subgroup"] == "'=HYPERLINK(1)"
    assert rows[0]["Mean"] == "-1.5"
    assert float(rows[1]["UCL"]) == chart.result.content["phases"][0]["panels"][1]["ucl"]
