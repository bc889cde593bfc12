"""Who may ask which URL, and what they get. A view that is not in this table fails a test.

People are letters: A administrator, L quality lead, G manager (sponsor of the project), M team
member (owner of project and characteristic), S staff, N team member of another team, O signed in
without any role. The records belong to the service desk and are visible to it alone, so for N
and O they are not there: 404. Who sees a record but may not do something gets 403.
"""

from __future__ import annotations

from dataclasses import dataclass

ALL = "ALGMSNO"
DESK = "ALGMS"

# What a role or relation at the desk may do (see apps.accounts.policies.GRANTS).
WORK = EDIT = "ALM"
GATE = "LM"
PAUSE = "AG"
TRIAGE = "ALG"
WAIVE = "G"
SEAT = "G"
SETTLE = IMPORT = "ALM"
EXPLAIN = "ALGM"


@dataclass(frozen=True)
class Row:
    """`get` and `post`: who gets an answer that is not a refusal. None: the method is refused.

    `at`: the record of the world (see test_permissions) that the URL names. `sees`: for whom
    that record exists.
    """

    get: str | None
    post: str | None = None
    at: str = ""
    sees: str = ALL


@dataclass(frozen=True)
class Bearer:
    """An address for programs: sessions count for nothing, a token acts for its person.

    `get` and `post`: whose token (made for everything, for writing) gets an answer. None: 405.
    """

    get: str | None
    post: str | None = None
    at: str = ""
    sees: str = ALL


@dataclass(frozen=True)
class Open:
    """A page for who is not signed in: the status of a GET for them, and for everyone else."""

    anonymous: int
    signed_in: int
    at: str = ""


def project(get: str | None, post: str | None = None, at: str = "project") -> Row:
    return Row(get, post, at, DESK)


def chart(get: str | None, post: str | None = None, at: str = "chart") -> Row:
    return Row(get, post, at, DESK)


PEOPLE: dict[str, Row | Open | Bearer] = {
    "home": Row(ALL),
    "set_language": Row(None, ALL),
    "accounts:settings": Row(ALL, ALL),
    "accounts:theme": Row(None, ALL),
    "notifications:list": Row(ALL),
    "notifications:open": Row(None, "M", "notice", "M"),
    "notifications:read": Row(None, "M", "notice", "M"),
    "notifications:read_all": Row(None, ALL),
    "notifications:preferences": Row(ALL, ALL),
    "portfolio:search": Row(ALL),
    "help:glossary": Row(ALL),
    "help:charts": Row(ALL),
    "help:api": Row(ALL),
    "tokens:list": Row(ALL),
    "tokens:everyone": Row("A"),
    "tokens:create": Row(ALL, ALL),
    "tokens:revoke": Row("AM", "AM", "token", "AM"),
}

PROJECTS: dict[str, Row | Open | Bearer] = {
    "projects:list": Row(ALL),
    "projects:create": Row("ALGMN", "ALGMN"),
    "projects:detail": project(DESK),
    "projects:history": project(DESK),
    "projects:edit": project(EDIT, EDIT),
    "projects:target": project(EDIT, EDIT),
    "projects:secondary_add": project(None, EDIT),
    "projects:secondary_remove": project(None, EDIT, "secondary"),
    "projects:members": project(DESK, EDIT),
    "projects:member_remove": project(None, EDIT, "member"),
    "projects:submit": project(EDIT, EDIT),
    "projects:accept": project(TRIAGE, TRIAGE),
    "projects:send_back": project(TRIAGE, TRIAGE),
    "projects:decline": project(TRIAGE, TRIAGE),
    "projects:start": project(EDIT, EDIT),
    "projects:hold": project(PAUSE, PAUSE),
    "projects:resume": project(PAUSE, PAUSE),
    "projects:cancel": project(PAUSE, PAUSE),
    "projects:reopen": project(PAUSE, PAUSE),
    "projects:gate_submit": project(GATE, GATE),
    "projects:gate_withdraw": project(GATE, GATE),
    "projects:waive": project(WAIVE, WAIVE, "gate_condition"),
    "projects:stage_finish": project(GATE, GATE),
    "projects:condition_settle": project(WORK, WORK, "condition"),
    "projects:cycle_plan": project(EDIT, EDIT, "cyclic"),
    "projects:cycle_decide": project("ALGM", "ALGM", "cyclic"),
    "projects:deliverable": project(DESK, WORK, "deliverable"),
    "projects:deliverable_complete": project(None, WORK, "deliverable"),
    "projects:deliverable_reopen": project(None, WORK, "deliverable"),
    "projects:attachment_add": project(None, WORK, "deliverable"),
    "projects:attachment": project(DESK, None, "attachment"),
    "projects:attachment_remove": project(None, WORK, "attachment"),
    "projects:actions": project(DESK),
    "projects:action_add": project(None, WORK),
    "projects:action_move": project(None, WORK, "action"),
    "reviews:list": Row(ALL),
    "reviews:detail": project(DESK, None, "round"),
    "reviews:decide": project(None, SEAT, "round"),
    "reviews:delegate": project(SEAT, SEAT, "round"),
    "reviews:packet": project(DESK, None, "round"),
}

CHARTS: dict[str, Row | Open | Bearer] = {
    "charts:wall": Row(ALL),
    "charts:for_characteristic": chart(DESK, SETTLE, "bare"),
    "charts:detail": chart(DESK),
    "charts:data": chart(DESK),
    "charts:provisional": chart(None, IMPORT, "characteristic"),
    "charts:status": chart(DESK),
    "charts:signals": chart(DESK),
    "charts:history": chart(DESK),
    "charts:table": chart(DESK),
    "charts:png": chart(DESK),
    "charts:svg": chart(DESK),
    "charts:csv": chart(DESK),
    "charts:settings": chart(SETTLE, SETTLE),
    "charts:phase_start": chart(SETTLE, SETTLE),
    "charts:phase_remove": chart(SETTLE, SETTLE, "phase"),
    "charts:limits_release": chart(SETTLE, SETTLE, "phase"),
    "charts:limits_freeze": chart(SETTLE, SETTLE, "numbered_phase"),
    "charts:point_exclude": chart(SETTLE, SETTLE),
    "charts:point_include": chart(SETTLE, SETTLE, "point"),
    "charts:point_annotate": chart(EXPLAIN, EXPLAIN),
    "charts:signal_assign": chart(EXPLAIN, EXPLAIN, "signal"),
    "charts:signal_explain": chart(EXPLAIN, EXPLAIN, "signal"),
    "measurements:create": Row("ALMN", "ALMN"),
    "measurements:detail": chart(DESK, None, "characteristic"),
    "measurements:edit": chart(EDIT, EDIT, "characteristic"),
    "measurements:limits": chart(EDIT, EDIT, "characteristic"),
    "measurements:rename_factor": chart(EDIT, EDIT, "characteristic"),
    "measurements:sampling": chart(EDIT, EDIT, "characteristic"),
    "measurements:sampling_end": chart(None, EDIT, "characteristic"),
    "measurements:sheet": chart(IMPORT, IMPORT, "characteristic"),
    "measurements:correct": chart(EDIT, EDIT, "observation"),
    "measurements:archive": chart(EDIT, EDIT, "characteristic"),
    "measurements:restore": chart(EDIT, EDIT, "characteristic"),
    "measurements:profile_forget": chart(None, IMPORT, "profile"),
    "measurements:import": chart(IMPORT, IMPORT, "characteristic"),
    "measurements:import_detail": chart(DESK, None, "import"),
    "measurements:import_progress": chart(DESK, None, "import"),
    "measurements:import_remap": chart(None, IMPORT, "import"),
    "measurements:import_confirm": chart(None, IMPORT, "import"),
    "measurements:import_cancel": chart(None, IMPORT, "import"),
    "measurements:import_reverse": chart(EDIT, EDIT, "import"),
    "measurements:import_refused": chart(DESK, None, "import"),
}

PROGRAMS: dict[str, Row | Open | Bearer] = {
    "api:characteristics": Bearer(ALL),
    "api:characteristic": Bearer(DESK, None, "api_characteristic", DESK),
    "api:status": Bearer(DESK, None, "api_characteristic", DESK),
    "api:observations": Bearer(None, IMPORT, "api_characteristic", DESK),
    "api:document": Open(200, 200),
    "api:root": Open(404, 404),
    "api:unknown": Open(404, 404, "api_unknown"),
}

# Allauth's pages answer by what the person has set up; here nobody has a second step.
SIGNING_IN: dict[str, Row | Open | Bearer] = {
    "account_login": Open(200, 302),
    "account_logout": Open(302, 200),
    "account_inactive": Open(200, 200),
    "account_reauthenticate": Open(302, 200),
    "account_change_password": Open(302, 200),
    "account_set_password": Open(302, 302),
    "account_reset_password": Open(200, 200),
    "account_reset_password_done": Open(200, 200),
    "account_reset_password_from_key": Open(200, 200, "reset_key"),
    "account_reset_password_from_key_done": Open(200, 200),
    "mfa_index": Open(302, 200),
    "mfa_authenticate": Open(302, 302),
    "mfa_reauthenticate": Open(302, 302),
    "mfa_activate_totp": Open(302, 302),
    "mfa_deactivate_totp": Open(302, 404),
    "mfa_view_recovery_codes": Open(302, 404),
    "mfa_generate_recovery_codes": Open(302, 302),
    "mfa_download_recovery_codes": Open(302, 404),
    "openid_connect_login": Open(404, 404, "provider"),
    "openid_connect_callback": Open(404, 404, "provider"),
    "socialaccount_login_cancelled": Open(200, 200),
    "socialaccount_login_error": Open(401, 401),
    "account_signup": Open(404, 404),
    "account_email": Open(404, 404),
    "account_email_verification_sent": Open(404, 404),
    "account_confirm_email": Open(404, 404, "key"),
    "account_confirm_login_code": Open(404, 404),
    "socialaccount_signup": Open(404, 404),
    "socialaccount_connections": Open(404, 404),
    "operations:live": Open(200, 200),
    "operations:ready": Open(503, 503),
}

TABLE: dict[str, Row | Open | Bearer] = {
    **PEOPLE, **PROJECTS, **CHARTS, **PROGRAMS, **SIGNING_IN,
}  # fmt: skip
