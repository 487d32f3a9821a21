"""Style sheets and scripts: where they are served from."""

from flask import Flask


def init_assets(app: Flask) -> None:
    """Serve the static files."""
    app.jinja_env.globals["asset"] = lambda path: f"/static/{path}"
