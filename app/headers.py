"""Security headers of every answer."""

from flask import Flask


def init_headers(app: Flask) -> None:
    """Send the security headers."""
