"""Settings of Google: where it is asked, and what must be given together."""

from __future__ import annotations

import pytest

from app.settings import (
    Settings,
    WrongSetting,
    google_api_url,
    google_root_keys_url,
    google_save_url,
    google_token_url,
    read_settings,
)

LIVE = {
    f"PORTECARTE_{name}": value
    for name, value in {
        "MODE": "live",
        "PASS_URL": "https://cards.example",
        "APPLE_PASS_TYPE_ID": "pass.example",
        "APPLE_TEAM_ID": "ABCDE12345",
        "APPLE_CERT_FILE": "cert.pem",
        "APPLE_KEY_FILE": "key.pem",
        "APPLE_WWDR_FILE": "wwdr.pem",
        "SMTP_URL": "smtp://mail.example:587",
    }.items()
}


def read(**given: str) -> Settings:
    return read_settings({f"PORTECARTE_{name}": value for name, value in given.items()})


def test_the_sandbox_asks_its_own_google() -> None:
    found = read(PORT="8123")
    assert google_api_url(found) == "http://127.0.0.1:8123/sandbox/google"
    assert google_token_url(found) == "http://127.0.0.1:8123/sandbox/google/token"
    assert google_root_keys_url(found) == "http://127.0.0.1:8123/sandbox/google/keys"
    assert google_save_url(found) == "http://127.0.0.1:8123/sandbox/google/save/"


def test_a_live_server_asks_google() -> None:
    found = read_settings(LIVE)
    assert google_api_url(found) == "https://walletobjects.googleapis.com"
    assert google_token_url(found) == "https://oauth2.googleapis.com/token"
    assert google_root_keys_url(found) == "https://pay.google.com/gp/m/issuer/keys"
    assert google_save_url(found) == "https://pay.google.com/gp/v/save/"


@pytest.mark.parametrize("mode", ["sandbox", "live"])
def test_each_address_may_be_set(mode: str) -> None:
    urls = {
        "PORTECARTE_GOOGLE_API_URL": "https://api.test/",
        "PORTECARTE_GOOGLE_TOKEN_URL": "https://token.test/t",
        "PORTECARTE_GOOGLE_ROOT_KEYS_URL": "https://keys.test/k",
        "PORTECARTE_GOOGLE_SAVE_URL": "https://save.test/s",
    }
    found = read_settings(LIVE | urls | {"PORTECARTE_MODE": mode})
    assert google_api_url(found) == "https://api.test"
    assert google_token_url(found) == "https://token.test/t"
    assert google_root_keys_url(found) == "https://keys.test/k"
    assert google_save_url(found) == "https://save.test/s/"


@pytest.mark.parametrize("name", ["API", "TOKEN", "ROOT_KEYS", "SAVE"])
@pytest.mark.parametrize(
    "value", ["ftp://host", "host", "https://", "https://h/?a=b", "https://h#x"]
)
def test_an_address_is_http_without_question(name: str, value: str) -> None:
    with pytest.raises(WrongSetting, match=f"GOOGLE_{name}_URL"):
        read(**{f"GOOGLE_{name}_URL": value})


@pytest.mark.parametrize("value", ["abc", "33-88", "٣", "3388.1"])
def test_an_issuer_is_a_number(value: str) -> None:
    with pytest.raises(WrongSetting, match="GOOGLE_ISSUER_ID"):
        read(GOOGLE_ISSUER_ID=value)


def test_live_google_is_whole_or_not_there() -> None:
    issuer = {"PORTECARTE_GOOGLE_ISSUER_ID": "3388000000012345678"}
    file = {"PORTECARTE_GOOGLE_SERVICE_ACCOUNT_FILE": "account.json"}
    for half in (issuer, file):
        with pytest.raises(WrongSetting, match="go together"):
            read_settings(LIVE | half)
        assert read_settings(half).mode == "sandbox"
    public = {"PORTECARTE_PUBLIC_URL": "https://cards.example"}
    found = read_settings(LIVE | issuer | file | public)
    assert found.google_issuer_id == "3388000000012345678"
    assert read_settings(LIVE).google_issuer_id is None


@pytest.mark.parametrize("name", ["API", "TOKEN", "ROOT_KEYS", "SAVE"])
def test_live_google_is_asked_over_tls_unless_on_this_machine(name: str) -> None:
    with pytest.raises(WrongSetting, match=f"GOOGLE_{name}_URL must be https"):
        read_settings(LIVE | {f"PORTECARTE_GOOGLE_{name}_URL": "http://google.example/x"})
    read_settings(LIVE | {f"PORTECARTE_GOOGLE_{name}_URL": "http://127.0.0.1:9/x"})
    read(**{f"GOOGLE_{name}_URL": "http://google.example/x"})


def test_live_google_needs_a_public_address_over_tls() -> None:
    google = {
        "PORTECARTE_GOOGLE_ISSUER_ID": "3388000000012345678",
        "PORTECARTE_GOOGLE_SERVICE_ACCOUNT_FILE": "account.json",
        "PORTECARTE_PUBLIC_URL": "http://cards.example",
    }
    with pytest.raises(WrongSetting, match="PUBLIC_URL must be https"):
        read_settings(LIVE | google)
