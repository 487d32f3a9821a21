"""The hash that identifies an event by its content (CBV 2.0, section 8.9)."""

from __future__ import annotations

from typing import Any


def event_hash(event: dict[str, Any], context: Any = None) -> str:
    """Compute ``ni:///sha-256;…?ver=CBV2.0`` of an event.

    :param context: the ``@context`` of its document: names the namespaces of extension fields
    """
    raise NotImplementedError
