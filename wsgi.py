"""The application, made from the environment: what servers and ``flask --app wsgi`` load."""

import sys

from app import create_app
from app.config import BadSetting, Config

try:
    app = create_app(Config.from_environment())
except BadSetting as problem:
    sys.exit(f"ocop: {problem}")
