"""Migrations that old code can stand: what a roll's old processes write is taken, and what they read is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import migrations
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

# Up to these, databases are of checkouts from before the first release that is rolled.
BASELINE = {"carillon_events": "0021", "carillon_notifications": "0018", "carillon_delivery": "0014"}
UPGRADING = (Path(__file__).resolve().parents[2] / "UPGRADING.md").read_text()
TAKING = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelTable,
)


@pytest.fixture
def later(db: None) -> list[migrations.Migration]:
    """Migrations behind the baseline. One of before asks the database's clock when it is first loaded."""
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    found = sorted(loader.disk_migrations.items())
    return [one for (app, name), one in found if app in BASELINE and name[:4] > BASELINE[app]]


def test_a_column_that_is_added_takes_the_rows_of_code_that_does_not_know_it(later):
    added = [one for migration in later for one in migration.operations if isinstance(one, migrations.AddField)]
    unfilled = [one for one in added if not one.field.null and one.field.db_default is NOT_PROVIDED]
    assert added
    assert unfilled == [], "each needs a db_default, or to be nullable"


def test_what_takes_away_a_table_or_column_is_named_among_the_steps_of_upgrading(later):
    taking = [one for one in later if any(isinstance(step, TAKING) for step in one.operations)]
    named = [f"`{one.app_label.removeprefix('carillon_')}/{one.name[:4]}`" for one in taking]
    assert named
    assert [name for name in named if name not in UPGRADING] == []
