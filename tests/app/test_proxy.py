"""Whose address it is: forwarded headers count only behind a proxy."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import request

from app import create_app
from app.config import Config


@pytest.mark.parametrize(
    ("base_url", "address"), [("http://shop.test", "192.0.2.7"), ("https://shop.test", "203.0.113.9")]
)
def test_a_forwarded_address_is_believed_only_where_a_proxy_stands(tmp_path: Path, base_url: str, address: str) -> None:
    app = create_app(
        Config(
            database_url=f"sqlite:///{tmp_path / 'x.sqlite3'}",
            secret_key="a secret key for tests, 32 characters",
            base_url=base_url,
            media_root=tmp_path,
            app_env="test",
        )
    )
    seen = []
    app.before_request(lambda: seen.append(request.remote_addr))

    app.test_client().get(
        "/healthz", environ_base={"REMOTE_ADDR": "192.0.2.7"}, headers={"X-Forwarded-For": "203.0.113.9"}
    )

    assert seen == [address]
