"""The database itself refuses to change or delete an entry."""

from __future__ import annotations

SQLITE = [
    "CREATE TRIGGER audit_entry_no_{verb} BEFORE {verb} ON audit_entry "
    "BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END"
]
POSTGRES = [
    "CREATE OR REPLACE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'audit entries are append-only'; END $$",
    "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry "
    "FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()",
]


def create_statements(vendor: str) -> list[str]:
    if vendor == "sqlite":
        return [SQLITE[0].format(verb=verb) for verb in ("UPDATE", "DELETE")]
    return list(POSTGRES)


def drop_statements(vendor: str) -> list[str]:
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS audit_entry_no_{verb}" for verb in ("UPDATE", "DELETE")]
    return [
        "DROP TRIGGER IF EXISTS audit_entry_append_only ON audit_entry",
        "DROP FUNCTION IF EXISTS audit_entry_refuse()",
    ]
