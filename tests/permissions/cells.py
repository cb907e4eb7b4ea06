"""One cell: a request by somebody, of which the database keeps nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import transaction
from django.test import Client

from tests.permissions.cast import Cast, outcome
from tests.permissions.routes import path_of
from tests.permissions.scene import MARK, Scene


@dataclass(frozen=True)
class Answer:
    outcome: str
    shows_the_owner_s: bool
    changed_the_owner_s: bool


class Stage:
    """The cast in its scene."""

    def __init__(self, cast: Cast, scene: Scene) -> None:
        self.cast, self.scene = cast, scene
        self._untouched = scene.owned()

    def ask(self, role: str, method: str, route: str, **options: bool) -> Answer:
        with transaction.atomic():
            response = self._send(self.cast.client(role, **options), method, route)
            said = outcome(response)
            is_done = method not in ("GET", "HEAD", "OPTIONS") and said.startswith(("2", "3"))
            answer = Answer(said, MARK in response.text, is_done and self.scene.owned() != self._untouched)
            transaction.set_rollback(True)
        return answer

    @cache  # noqa: B019 - a stage lives as long as its test
    def _path(self, route: str) -> str:
        return path_of(route, self.scene.arguments(route)) + self.scene.query(route)

    def _send(self, client: Client, method: str, route: str) -> Any:
        path = self._path(route)
        body = self.scene.body(route, method)
        if route.startswith("/api/"):
            return client.generic(method, path, json.dumps(body) if body else "", content_type="application/json")
        return client.post(path, body) if method == "POST" else client.generic(method, path)
