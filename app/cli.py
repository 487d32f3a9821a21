"""The command line: ``flask --app wsgi …``."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Add the project's commands to ``flask``."""
