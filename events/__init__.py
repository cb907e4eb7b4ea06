"""Ground floor: what happened."""

import django_stubs_ext

# Makes Django's generic classes (Lookup, ModelAdmin, ...) subscriptable at run time, as their types are.
django_stubs_ext.monkeypatch()
