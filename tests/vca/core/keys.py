"""Field keys to test with."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from django.conf import settings

from vca.core import crypto

OLD = "old:" + base64.b64encode(bytes(32)).decode()
NEW = "new:" + base64.b64encode(bytes(range(32))).decode()


@contextmanager
def field_keys(text: str) -> Iterator[None]:
    """Have other field keys for the length of the block."""
    try:
        with patch.object(settings, "FIELD_KEYS", text):
            crypto.keys.cache_clear()
            yield
    finally:
        crypto.keys.cache_clear()
