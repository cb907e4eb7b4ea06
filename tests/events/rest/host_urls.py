"""Addresses of a project with a view of its own and an exception handler of its own."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.urls import urlpatterns as ours


def handle(error: Exception, context: dict[str, Any]) -> Response:
    return Response({"theirs": str(error)}, status=418)


class Theirs(APIView):
    def get(self, request: Request) -> Response:
        return Response({"theirs": "seen"})


urlpatterns = [path("theirs", Theirs.as_view()), *ours]
