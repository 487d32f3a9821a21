"""The one way to write a JSON value as bytes (RFC 8785, JCS): what is signed and logged."""

from __future__ import annotations

from kernel.canonical import canonical as canonical_bytes

__all__ = ["canonical_bytes"]
