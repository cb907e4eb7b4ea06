"""Checks of what Carillon speaks to: the mail server, the broker and the layer."""

import asyncio
import secrets
import smtplib
from typing import Any

from asgiref.sync import async_to_sync
from celery import current_app
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend

from delivery.doctor.check import Finding, ok, warn, wrong

# Seconds for each step: less than the check has.
STEP = 4
_NOWHERE = ("console", "dummy", "locmem", "filebased")


def mail() -> Finding:
    """Connect, greet, turn on TLS and sign in, as the settings say. No mail is sent."""
    backend = get_connection()
    name = str(settings.EMAIL_BACKEND)
    if any(f".{place}." in name for place in _NOWHERE):
        return warn(f"Mails reach nobody: they go to {name}.", do="Set SMTP_HOST, and SMTP_USER and SMTP_PASSWORD.")
    if not isinstance(backend, EmailBackend):
        return ok(f"Mails go to {name}, which can't be tried without one.")
    backend.timeout = STEP
    where = f"{backend.host}:{backend.port}"
    try:
        backend.open()
    except smtplib.SMTPAuthenticationError as error:
        return wrong(f"{where} refuses the user: {error.smtp_code}.", do="Mend SMTP_USER and SMTP_PASSWORD.")
    except (OSError, smtplib.SMTPException) as error:
        said = f"{where} doesn't answer as a mail server: {type(error).__name__}: {error}."
        return wrong(said, do="Start it, or mend SMTP_HOST and SMTP_PORT (465: TLS, 587: STARTTLS).")
    if backend.connection is None:
        return wrong(f"{where} gave no connection.", do="Mend the EMAIL_ settings.")
    backend.connection.ehlo_or_helo_if_needed()
    backend.close()
    return ok(f"{where} greets{' and lets the user in' if backend.username else ''}.")


def broker() -> Finding:
    with current_app.connection_for_write() as link:
        try:
            link.ensure_connection(max_retries=0, timeout=STEP)
        except Exception as error:  # noqa: BLE001  each transport has errors of its own
            said = f"It doesn't answer: {type(error).__name__}."
            return wrong(said, do="Start Redis, or mend REDIS_URL. Meanwhile sweeps find what is due, seconds later.")
        return ok(f"It answers ({link.transport_cls}).")


def layer() -> Finding:
    """Send a message over the layer to itself."""
    there: Any = get_channel_layer()
    if there is None:
        return wrong("There is none: pages hear nothing live.", do="Set CHANNEL_LAYERS.")
    token = secrets.token_hex(8)
    try:
        came = async_to_sync(_round_trip)(there, token)
    except Exception as error:  # noqa: BLE001  each layer has errors of its own
        said = f"A message doesn't come back: {type(error).__name__}."
        return wrong(said, do="Start Redis, or mend REDIS_URL. Meanwhile open pages catch up by themselves, later.")
    if came != token:
        return wrong("Another message came back.", do="Give each installation a REDIS_PREFIX of its own.")
    return ok(f"A message comes back ({type(there).__name__}).")


async def _round_trip(there: Any, token: str) -> str:
    async with asyncio.timeout(STEP):
        channel = await there.new_channel()
        await there.send(channel, {"type": "doctor", "token": token})
        message = await there.receive(channel)
    return str(message["token"])
