"""What most tests of the interface begin with."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask

from tests.factories import Factories
from tests.traceability.epcis.interface import Program


@pytest.fixture
def program(app: Flask, make: Factories, now: datetime) -> Program:
    """A program of the producer with the code htx01."""
    return Program(app, make.producer(code="htx01"), now)
