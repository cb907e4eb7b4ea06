"""Addresses of Carillon, and beside them a view that does nothing, which single events are compared with."""

from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class EmptyView(APIView):
    authentication_classes = []
    permission_classes = []

    def post(self, request: Request) -> Response:
        return Response({})


urlpatterns = [path("empty", EmptyView.as_view()), path("", include("config.urls"))]
