"""Every page of the example organisation: both themes, three languages, three widths."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.examples import PASSWORD
from apps.accounts.models import User
from apps.approvals.models import Round
from apps.charts.models import ControlChart
from apps.portfolio.demo.making import make_example
from apps.portfolio.demo.organisation import Organisation
from apps.projects.models import Deliverable, Project

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def example(transactional_db: None) -> Organisation:
    return make_example(timezone.localdate(), lambda step: None)


def addresses() -> dict[str, list[str]]:
    """The pages each of the example people looks at."""
    dmaic = Project.objects.filter(methodology__key="dmaic").earliest("number")
    pdca = Project.objects.filter(methodology__key="pdca", state="active").get()
    waiting = Round.objects.filter(state="open").order_by("pk")
    chart = ControlChart.objects.get(targets__project=dmaic)
    deliverable = Deliverable.objects.filter(stage__project__state="active", state="in_progress")
    blocked = Project.objects.get(target__chart__characteristic__name__startswith="Disputed")
    shared = ["/", "/charts/", f"/charts/{chart.pk}/", f"/projects/{dmaic.number}/"]
    return {
        "manager": [
            *shared, "/reviews/", *(f"/reviews/{item.pk}/" for item in waiting),
            "/notifications/", "/portfolio/search/?q=response", "/settings/",
        ],
        "lead": [
            *shared, "/projects/", "/projects/new/", f"/projects/{pdca.number}/",
            f"/projects/{blocked.number}/", f"/projects/{dmaic.number}/history/",
            f"/projects/{dmaic.number}/edit/", f"/projects/{blocked.number}/actions/",
            f"/projects/{blocked.number}/deliverables/{deliverable.first().pk}/",
            f"/projects/{blocked.number}/gate/submit/", f"/charts/{chart.pk}/settings/",
            f"/charts/{chart.pk}/table/", "/characteristics/new/",
            f"/characteristics/{chart.characteristic_id}/import/", "/help/",
        ],
        "member": ["/", "/charts/", "/projects/", f"/projects/{blocked.number}/actions/", "/settings/tokens/", "/settings/tokens/new/", "/help/api/"],
        "admin": ["/", "/projects/", "/settings/", "/settings/tokens/everyone/"],
        "staff": [*shared, "/projects/", "/charts/?view=list"],
    }  # fmt: skip


# Each width, theme and language at least once, not every combination; axe once in each theme.
LOOKS: list[dict[str, Any]] = [
    {"width": 1440, "dark": False, "language": "en", "axe": True},
    {"width": 1920, "dark": True, "language": "zh-hant", "axe": False},
    {"width": 360, "dark": False, "language": "zh-hans", "axe": False},
    {"width": 360, "dark": True, "language": "en", "axe": True},
]


def test_every_page_is_accessible_and_fits(
    visit: Callable[..., Any], example: Organisation
) -> None:
    for look, (role, paths) in product(LOOKS, addresses().items()):
        width, language = look["width"], look["language"]
        theme = "dark" if look["dark"] else "light"
        User.objects.update(language=language, theme=theme)
        with visit(**look) as site:
            site.sign_in(example[role], PASSWORD)
            for path in paths:
                site.go(path)
                if site.page.locator(".control-chart").count():
                    site.page.wait_for_selector(".control-chart canvas")
                name = path.strip("/").replace("/", "-").split("?")[0] or "home"
                site.check(f"{role}-{name}-{width}-{theme}-{language}")


def test_the_sign_in_page(visit: Callable[..., Any], db: None) -> None:
    for width in (360, 1440):
        with visit(width=width) as site:
            site.go("/accounts/login/")
            site.check(f"sign-in-{width}")
