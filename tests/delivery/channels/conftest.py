"""Fixtures of all channels."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import trustme

from delivery.channels.network import tls


@pytest.fixture
def authority(monkeypatch, tmp_path) -> Iterator[trustme.CA]:
    """Trusted by this machine as SSL_CERT_FILE says."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    tls.context.cache_clear()
    yield made
    tls.context.cache_clear()
