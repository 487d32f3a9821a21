"""A malformed setting stops the start with a sentence that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.config import BadSetting, Config

KEY = "k" * 40


def test_without_settings_it_is_a_demo_on_sqlite_with_a_key_of_its_own() -> None:
    config = Config.from_environment({})

    assert config.database_url.startswith("sqlite:///")
    assert len(config.secret_key) >= 32
    assert config.base_url == "http://127.0.0.1:8000"
    assert not config.is_production
    assert Config.from_environment({}).secret_key == config.secret_key


def test_postgresql_is_reached_by_psycopg_however_it_is_written() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        config = Config.from_environment({"DATABASE_URL": f"{scheme}://me@db/ocop", "SECRET_KEY": KEY})
        assert config.database_url == "postgresql+psycopg://me@db/ocop"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_ENV", "staging"),
        ("DATABASE_URL", "mysql://me@db/ocop"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite:////no/such/folder/ocop.sqlite3"),
        ("DATABASE_URL", "postgresql://"),
        ("DATABASE_URL", "postgresql://me@db:port/ocop"),
        ("SECRET_KEY", "short"),
        ("BASE_URL", "shop.example"),
        ("BASE_URL", "http://host:port"),
        ("BASE_URL", "http://a b/"),
        ("BASE_URL", "http://shop.example/?q=1#f"),
        ("BASE_URL", "http://shop.example/ocop"),
        ("MEDIA_ROOT", "/etc/passwd"),
        ("MEDIA_ROOT", "/etc/passwd/media"),
        ("MEDIA_ROOT", "/proc/media"),
        ("REDIS_URL", "http://cache"),
        ("SMTP_URL", "mail.example:25"),
        ("STRIPE_SECRET_KEY", "pk_live_1"),
        ("STRIPE_SECRET_KEY", "sk_"),
        ("STRIPE_WEBHOOK_SECRET", "secret"),
        ("STRIPE_API_BASE", "stripe"),
        ("LOG_LEVEL", "LOUD"),
        ("PORT", "http"),
        ("PORT", "²"),
    ],
)
def test_a_malformed_setting_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        Config.from_environment({"SECRET_KEY": KEY, name: value})


def test_a_refusal_does_not_print_a_password() -> None:
    with pytest.raises(BadSetting, match="SMTP_URL") as refused:
        Config.from_environment({"SMTP_URL": "smtp://bato:s3cret/@x@mail.example:99999"})
    assert "s3cret" not in str(refused.value)


def test_production_needs_a_key() -> None:
    with pytest.raises(BadSetting, match="SECRET_KEY is required"):
        Config.from_environment({"APP_ENV": "production"})


def test_every_setting_is_in_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    names = [
        "APP_ENV",
        "DATABASE_URL",
        "SECRET_KEY",
        "BASE_URL",
        "REDIS_URL",
        "MEDIA_ROOT",
        "SMTP_URL",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "STRIPE_API_BASE",
        "LOG_LEVEL",
        "LOG_SIGNING_KEY",
        "PORT",
        "HOST",
    ]

    assert [name for name in names if f"`{name}`" not in readme] == []
