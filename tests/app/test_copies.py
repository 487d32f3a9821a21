"""A copy is the page, whichever encoding it is sent in and however often."""

from __future__ import annotations

import gzip

import brotli
import pytest
from flask.testing import FlaskClient

from tests.factories import Factories


@pytest.mark.parametrize(("accepted", "open_up"), [("br", brotli.decompress), ("gzip", gzip.decompress), ("", bytes)])
def test_the_first_answer_and_the_copy_are_the_same_page(
    client: FlaskClient, make: Factories, accepted: str, open_up
) -> None:
    make.product(name="Gạo rẫy Ba Tô")

    answers = [client.get("/san-pham", headers={"Accept-Encoding": accepted}) for _ in range(2)]

    bodies = [open_up(answer.data) for answer in answers]
    assert bodies[0] == bodies[1]
    assert bodies[0].startswith(b"<!doctype html>")
    assert "Gạo rẫy Ba Tô" in bodies[0].decode()
    assert [answer.headers.get("Content-Encoding", "") for answer in answers] == [accepted] * 2


def test_a_reader_who_has_the_page_is_told_that_it_still_stands(client: FlaskClient, make: Factories) -> None:
    make.product()
    etag = client.get("/san-pham").headers["ETag"]

    again = client.get("/san-pham", headers={"If-None-Match": etag})

    assert (again.status_code, again.data) == (304, b"")


def test_a_head_request_has_the_headers_of_the_page_and_no_body(client: FlaskClient, make: Factories) -> None:
    make.product()

    answers = [client.head("/san-pham"), client.head("/san-pham")]

    assert [(answer.status_code, answer.data) for answer in answers] == [(200, b"")] * 2
    assert answers[1].headers["ETag"]
