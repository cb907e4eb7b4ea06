"""`filter(id__in_set=ids)`: the ORM's `in` with one parameter for any number of values."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, ForeignKey, Lookup
from django.db.models.sql.compiler import SQLCompiler

from events.db.arrays import any_of


class InSet(Lookup[Any]):
    """Lookup of whole numbers or texts; the right side is a collection of them."""

    lookup_name = "in_set"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        lhs, params = self.process_lhs(compiler, connection)
        # Without the column's own type a set of small numbers becomes smallint[], which PostgreSQL searches row by row.
        condition, values = any_of(lhs, self.rhs, db_type=self.lhs.output_field.cast_db_type(connection))
        return condition, (*params, *values)


def register() -> None:
    """Give every field the lookup; once, at start-up."""
    Field.register_lookup(InSet)
    ForeignKey.register_lookup(InSet)
