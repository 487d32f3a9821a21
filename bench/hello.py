"""The machine's limit: an empty Flask view, on the same server as the shop."""

from flask import Flask

app = Flask(__name__)


@app.get("/readyz")
@app.get("/")
def hello() -> str:
    """Say hello."""
    return "hello"
