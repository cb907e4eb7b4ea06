"""PostgreSQL: the seed's foreign-key rules, `updated_at` triggers and DEFAULT NOW(). On SQLite the ORM gives the same.

Each app calls `put_rules` for its own tables, in a migration after the one that makes them: Django adds their keys at
that one's end. For a table that gets a key later it is called again.
"""

from typing import Any

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION trigger_set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at = NOW();
    RETURN NEW;
END
$$
"""
CONSTRAINT = """
SELECT con.conname, att.attname, target.relname, key.attname FROM pg_constraint con
JOIN pg_class rel ON rel.oid = con.conrelid
JOIN pg_class target ON target.oid = con.confrelid
JOIN pg_attribute att ON att.attrelid = con.conrelid AND att.attnum = con.conkey[1]
JOIN pg_attribute key ON key.attrelid = con.confrelid AND key.attnum = con.confkey[1]
WHERE con.contype = 'f' AND rel.oid = %s::regclass
"""
NOW_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = %s AND column_name IN ('created_at', 'updated_at')
"""


def put_rules(schema_editor: Any, rules: dict[str, dict[str, str]]) -> None:
    """`rules`: table -> foreign-key column -> what ON DELETE does. Every key gets ON UPDATE CASCADE."""
    if schema_editor.connection.vendor != "postgresql":
        return
    # A pending deferred check on these tables would refuse the ALTER TABLE.
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    schema_editor.execute(FUNCTION)
    quote = schema_editor.quote_name
    with schema_editor.connection.cursor() as cursor:
        for table, on_delete in rules.items():
            cursor.execute(CONSTRAINT, [table])
            for name, column, target, key in cursor.fetchall():
                cursor.execute(
                    f"ALTER TABLE {quote(table)} DROP CONSTRAINT {quote(name)}, "
                    f"ADD CONSTRAINT {quote(name)} FOREIGN KEY ({quote(column)}) "
                    f"REFERENCES {quote(target)} ({quote(key)}) "
                    f"ON DELETE {on_delete[column]} ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED"
                )
            cursor.execute(NOW_COLUMNS, [table])
            columns = [column for (column,) in cursor.fetchall()]
            for column in columns:
                cursor.execute(f"ALTER TABLE {quote(table)} ALTER COLUMN {quote(column)} SET DEFAULT NOW()")
            if "updated_at" in columns:
                cursor.execute(f"DROP TRIGGER IF EXISTS set_updated_at ON {quote(table)}")
                cursor.execute(
                    f"CREATE TRIGGER set_updated_at BEFORE UPDATE ON {quote(table)} "
                    "FOR EACH ROW EXECUTE FUNCTION trigger_set_updated_at()"
                )


def forwards(apps: Any, schema_editor: Any) -> None:
    put_rules(
        schema_editor,
        {
            "event_types": {},
            "events": {"event_type_id": "RESTRICT", "actor_user_id": "SET NULL"},
            "memberships": {"user_id": "CASCADE"},
            "subscribers": {},
            "parked_events": {"subscriber_id": "CASCADE", "event_id": "CASCADE"},
            "api_keys": {"user_id": "CASCADE"},
            "log_gaps": {"subscriber_id": "CASCADE"},
        },
    )


class Migration(migrations.Migration):
    dependencies = [("carillon_events", "0002_seeded_types")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
