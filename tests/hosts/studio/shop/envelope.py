"""Envelope of the shop's API, around answers and errors."""

from rest_framework.renderers import JSONRenderer


class Enveloped(JSONRenderer):
    def render(self, data, accepted_media_type=None, renderer_context=None):
        return super().render({"shop": data}, accepted_media_type, renderer_context)


def handle(error, context):
    # It needs the settings, which name this module.
    from rest_framework.views import exception_handler

    response = exception_handler(error, context)
    if response is not None:
        response.data = {"oops": str(error)}
    return response
