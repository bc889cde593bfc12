"""The pages that nobody plans to see: signed out, second step, errors, records that ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail as outbox
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from playwright.sync_api import expect

from apps.accounts.models import User
from apps.approvals.choices import Outcome
from apps.measurements import importing, reading
from apps.measurements.models import Characteristic, Import
from apps.measurements.services import (
    append_observations,
    confirm_import,
    receive_import,
    reverse_import,
)
from apps.projects import services as projects
from apps.projects.models import Deliverable, Methodology, Target
from tests.factories import (
    PASSWORD,
    Org,
    approve_all,
    decide,
    make_chart,
    make_org,
    make_project,
    present,
    stage_now,
    steady,
    submit,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = pytest.mark.parametrize(
    "look",
    [
        {"width": 1440, "dark": False, "language": "en"},
        {"width": 360, "dark": True, "language": "zh-hant"},
    ],
    ids=["light", "dark-phone-zh-hant"],
)
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.fixture
def company(transactional_db: None) -> Org:
    cache.clear()
    return make_org()


@pytest.fixture
def opened(visit: Callable[..., Any], look: dict[str, Any]) -> Callable[..., Any]:
    """The site in one look; each picture bears its name."""

    def open_site() -> Any:
        User.objects.update(language=look["language"], theme="dark" if look["dark"] else "light")
        return visit(**look)

    return open_site


def look_at(site: Any, look: dict[str, Any], *paths: str, status: int = 200) -> None:
    for path in paths:
        site.go(path, status)
        if site.page.locator(".control-chart").count():
            site.page.wait_for_selector(".control-chart canvas")
        check(site, look, re.sub(r"\W+", "-", path).strip("-"))


def check(site: Any, look: dict[str, Any], name: str) -> None:
    site.check(f"state-{name}-{look['width']}-{'dark' if look['dark'] else 'light'}")


# --- signing in -------------------------------------------------------------------------------


@LOOKS
def test_signed_out(opened: Callable[..., Any], company: Org, look: dict[str, Any]) -> None:
    with opened() as site:
        page = site.go("/accounts/login/")
        page.locator("#id_login").fill(company.lead.email)
        page.locator("#id_password").fill("not the password")
        page.locator("form:has(#id_password) button.btn-primary").click()
        expect(page.get_by_role("alert")).to_be_visible()
        check(site, look, "sign-in-refused")

        page = site.go("/accounts/password/reset/")
        check(site, look, "password-reset")
        page.locator("#id_email").fill(company.lead.email)
        page.locator("button.btn-primary").click()
        check(site, look, "password-reset-sent")
        link = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", outbox.outbox[0].body)
        assert link is not None
        site.go(link.group(1))
        page.locator("#id_password1").fill("1234567890")
        page.locator("#id_password2").fill("1234567891")
        page.locator("button.btn-primary").click()
        check(site, look, "password-new-refused")
        for field in ("#id_password1", "#id_password2"):
            page.locator(field).fill("a much better phrase 7")
        page.locator("button.btn-primary").click()
        check(site, look, "password-new-saved")
        look_at(site, look, link.group(1), "/accounts/inactive/")
        look_at(site, look, "/accounts/3rdparty/login/cancelled/")
        look_at(site, look, "/accounts/3rdparty/login/error/", status=401)


@LOOKS
def test_the_second_step(opened: Callable[..., Any], company: Org, look: dict[str, Any]) -> None:
    with opened() as site:
        site.sign_in(company.lead, PASSWORD)
        look_at(site, look, "/settings/", "/accounts/password/change/", "/accounts/2fa/")
        page = site.go("/accounts/2fa/totp/activate/")
        if page.locator("#id_password").count():
            check(site, look, "confirm-it-is-you")
            page.locator("#id_password").fill(PASSWORD)
            page.locator("button.btn-primary").click()
        expect(page.locator("img.qr")).to_be_visible()
        page.locator("#id_code").fill("000000")
        page.locator("form:has(#id_code) button.btn-primary").click()
        check(site, look, "second-step-wrong-code")
        secret = page.locator("code").first.inner_text()
        counter = next(iter(yield_hotp_counters_from_time()))
        page.locator("#id_code").fill(format_hotp_value(hotp_value(secret, counter)))
        page.locator("form:has(#id_code) button.btn-primary").click()
        check(site, look, "second-step-on")
        look_at(
            site, look, "/accounts/2fa/", "/accounts/2fa/recovery-codes/",
            "/accounts/2fa/recovery-codes/generate/", "/accounts/2fa/totp/deactivate/",
        )  # fmt: skip

    TOTP.activate(company.manager, get_adapter().encrypt(SECRET))
    codes = RecoveryCodes.activate(company.manager)
    with opened() as site:
        page = site.go("/accounts/login/")
        page.locator("#id_login").fill(company.manager.email)
        page.locator("#id_password").fill(PASSWORD)
        page.locator("form:has(#id_password) button.btn-primary").click()
        page.locator("#id_code").fill("000000")
        page.locator("form:has(#id_code) button.btn-primary").click()
        expect(page.locator("#id_code")).to_be_visible()
        check(site, look, "second-step-refused")
        page.locator("#id_code").fill(codes.get_unused_codes()[0])
        page.locator("form:has(#id_code) button.btn-primary").click()
        expect(page).to_have_url(f"{site.url}/")


# --- errors -----------------------------------------------------------------------------------


@LOOKS
def test_errors(
    opened: Callable[..., Any], company: Org, look: dict[str, Any], monkeypatch, settings
) -> None:
    project = make_project(company)
    deliverable = Deliverable.objects.filter(stage__project=project).earliest("pk")
    with opened() as site:
        site.sign_in(company.staff, PASSWORD)
        look_at(site, look, f"/projects/{project.number}/hold/", status=403)
        look_at(site, look, "/nothing/", "/projects/999999/", status=404)
        look_at(site, look, "/projects/?page=x", status=400)

    with opened() as site:
        site.sign_in(company.member, PASSWORD)
        page = site.go(f"/projects/{project.number}/deliverables/{deliverable.pk}/")
        projects.edit_deliverable(
            actor=company.lead, deliverable=deliverable, version=deliverable.version,
            body="Written meanwhile",
        )  # fmt: skip
        page.locator("[name=body]").fill("What I had typed")
        page.locator("form:has([name=body]) button[type=submit]").click()
        expect(page.get_by_text("What I had typed")).to_be_visible()
        check(site, look, "conflict")
        site.go(f"/projects/{project.number}/deliverables/{deliverable.pk}/")
        page.context.clear_cookies(name="csrftoken")
        page.locator("form:has([name=body]) button[type=submit]").click()
        expect(page.locator("body.plain")).to_be_visible()
        check(site, look, "csrf")

        def fail(*_args: Any) -> None:
            raise RuntimeError("shown to nobody")

        monkeypatch.setattr("apps.projects.views.reviews.reviews_waiting_for", fail)
        look_at(site, look, "/reviews/", status=500)
        assert "shown to nobody" not in page.content()

    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    with opened() as site:
        for _try in range(2):
            page = site.go("/accounts/login/")
            page.locator("#id_login").fill(company.staff.email)
            page.locator("#id_password").fill("wrong")
            page.locator("form:has(#id_password) button.btn-primary").click()
        check(site, look, "too-many")
    cache.clear()


# --- reference data ---------------------------------------------------------------------------


@LOOKS
def test_reference_data(opened: Callable[..., Any], company: Org, look: dict[str, Any]) -> None:
    project = make_project(company)
    methodology = Methodology.objects.get(key="dmaic", in_use=True)
    person = f"/reference/accounts/user/{company.lead.pk}"
    with opened() as site:
        site.sign_in(company.administrator, PASSWORD)
        look_at(
            site, look, "/reference/", "/reference/accounts/user/", f"{person}/change/",
            f"{person}/history/", f"{person}/password/", "/reference/accounts/user/add/",
            "/reference/accounts/team/", "/reference/accounts/team/add/",
            f"/reference/accounts/team/{company.network.pk}/delete/",
            "/reference/projects/project/", f"/reference/projects/project/{project.pk}/change/",
            f"/reference/projects/methodology/{methodology.pk}/change/",
            "/reference/projects/stagetemplate/add/",
        )  # fmt: skip
        page = site.go("/reference/accounts/user/add/")
        page.locator("#id_email").fill("not an address")
        page.locator("[name=_save]").click()
        expect(page.locator(".errornote")).to_be_visible()
        check(site, look, "reference-refused")


# --- records that ended -----------------------------------------------------------------------


@LOOKS
def test_records_that_ended(opened: Callable[..., Any], company: Org, look: dict[str, Any]) -> None:
    chart = make_chart(company.lead, company.desk, steady(40), name="Wait", unit="min", usl=12)
    on_hold, cancelled, decided = (make_project(company) for _ in range(3))
    for one in (on_hold, cancelled, decided):
        projects.set_target(
            actor=company.member, project=one, version=Target.objects.get(project=one).version,
            chart=chart, from_value=10.0, to_value=8.0, due=one.planned_end,
        )  # fmt: skip
    projects.hold(
        actor=company.manager, project=on_hold, version=on_hold.version, reason="No data until May"
    )
    projects.cancel(
        actor=company.manager, project=cancelled, version=cancelled.version, reason="Merged"
    )
    back = submit(stage_now(decided), company.member)
    decide(back, company.manager, Outcome.SEND_BACK, comment="Show the goal as a number.")
    passed = submit(stage_now(decided), company.member)
    approve_all(passed)
    with opened() as site:
        site.sign_in(company.lead, PASSWORD)
        look_at(
            site, look, f"/projects/{on_hold.number}/", f"/projects/{cancelled.number}/",
            f"/projects/{decided.number}/", f"/projects/{decided.number}/history/",
            f"/reviews/{back.pk}/", f"/reviews/{passed.pk}/", "/reviews/?state=approved",
            "/projects/?state=cancelled", "/projects/?q=nothing+like+it", "/reviews/?q=nothing",
            "/charts/?q=nothing",
        )  # fmt: skip
    assert present(cancelled).state == "cancelled"


@LOOKS
def test_imports_that_ended(opened: Callable[..., Any], company: Org, look: dict[str, Any]) -> None:
    chart = make_chart(company.lead, company.desk, steady(20), name="Wait", unit="min")
    thing = chart.characteristic
    rows = "".join(f"2026-11-{day:02d} 08:00,{4 + day % 3}\n" for day in range(1, 21))
    done = committed(company, thing, f"time,value\n{rows}")
    taken_back = committed(company, thing, f"time,value\n{rows}2026-11-21 08:00,5\n")
    reverse_import(
        actor=company.lead, import_=taken_back, version=taken_back.version, reason="Wrong machine"
    )
    append_observations(actor=company.lead, characteristic=thing, values=[5.0])
    warned = read(company, thing, f"time,value\n{rows}02/03/2026,4.5\n2026-11-23 08:00,\n")
    wrong = read(company, thing, f"time,value\n{rows}2026-11-22 08:00,n/a\n")
    with opened() as site:
        site.sign_in(company.lead, PASSWORD)
        look_at(
            site, look,
            *(f"/characteristics/imports/{one.pk}/" for one in (done, taken_back, warned, wrong)),
            f"/characteristics/imports/{done.pk}/reverse/", f"/characteristics/{thing.pk}/",
            f"/characteristics/{thing.pk}/limits/", f"/characteristics/{thing.pk}/archive/",
        )  # fmt: skip


def read(company: Org, thing: Characteristic, text: str) -> Import:
    file = SimpleUploadedFile("response.csv", text.encode())
    import_ = receive_import(actor=company.member, characteristic=thing, file=file)
    assert reading.read(import_.pk)
    return Import.objects.get(pk=import_.pk)


def committed(company: Org, thing: Characteristic, text: str) -> Import:
    import_ = read(company, thing, text)
    confirm_import(
        actor=company.member, import_=import_, version=import_.version,
        accept_refused=True, guesses_confirmed=True, again=True,
    )  # fmt: skip
    assert importing.import_rows(import_.pk)
    return Import.objects.get(pk=import_.pk)
