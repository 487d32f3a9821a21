"""Pictures and documents of the platform: kept once, found by digest. Configured when the application is made."""

from __future__ import annotations

from pathlib import Path

_root: Path | None = None


def configure(root: Path) -> None:
    """Say where files are kept (``MEDIA_ROOT``)."""
    global _root
    root.mkdir(parents=True, exist_ok=True)
    _root = root


def root() -> Path:
    """Give the folder that files are kept in."""
    if _root is None:
        raise RuntimeError("media.configure was not called")
    return _root
