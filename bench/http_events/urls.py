"""Our addresses, and beside them the least that REST framework can do."""

from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Empty(APIView):
    authentication_classes = []
    permission_classes = []

    def post(self, request: Request) -> Response:
        return Response({})


urlpatterns = [path("empty", Empty.as_view()), path("", include("config.urls"))]
