"""Settings: which account, by its token, and where its API is.

The stack's configuration comes before the environment: a stray variable must not point a stack at another account.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

from plusofon_pulumi.errors import ConfigurationError

DEFAULT_BASE_URL = "https://restapi.plusofon.ru"
# The application's code: the same in every example of the API description.
DEFAULT_CLIENT_ID = "10553"

# Setting -> (key of the stack's configuration, environment variable).
SOURCES = {
    "token": ("plusofon:token", "PLUSOFON_TOKEN"),
    "client_id": ("plusofon:clientId", "PLUSOFON_CLIENT_ID"),
    "base_url": ("plusofon:baseUrl", "PLUSOFON_BASE_URL"),
}

# A Provider passes its own name on, which tells its plugin process that nothing but its inputs counts.
PROVIDER_KEY = "plusofon:provider"


@dataclass(frozen=True, slots=True)
class Settings:
    """Hold what is needed to call the API of one account.

    ``token``: the account's API token; white space around it is dropped. ``client_id``: the value of the ``Client``
    header. ``base_url``: ``https://…``, or ``http://…`` to this machine itself (a local sandbox).

    Raises ConfigurationError where one of them cannot work. The token is in no ``repr`` and in no pickle.
    """

    token: str = field(repr=False)
    client_id: str = DEFAULT_CLIENT_ID
    base_url: str = DEFAULT_BASE_URL

    def __post_init__(self) -> None:
        object.__setattr__(self, "token", _checked_token(self.token))
        object.__setattr__(self, "client_id", _checked_client_id(self.client_id))
        object.__setattr__(self, "base_url", _checked_base_url(self.base_url))

    def __reduce__(self) -> NoReturn:
        raise TypeError("Settings hold a token and are not pickled")

    @property
    def is_local(self) -> bool:
        """Tell whether the API is on this machine itself."""
        return _is_loopback(urlsplit(self.base_url).hostname or "")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Return the settings that ``PLUSOFON_TOKEN``, ``PLUSOFON_CLIENT_ID`` and ``PLUSOFON_BASE_URL`` give.

        Raises ConfigurationError where there is no token or a value cannot work.
        """
        return cls.from_config(lambda _: None, environ)

    @classmethod
    def from_config(cls, config: Callable[[str], Any], environ: Mapping[str, str] = os.environ) -> Settings:
        """Return the settings of a stack: its configuration, then the environment, then the defaults.

        ``config`` returns the value of a key such as ``plusofon:token``, or None. Raises ConfigurationError where there
        is no token, a configured value is empty, or a value cannot work.
        """
        name = config(PROVIDER_KEY)
        if name is not None:
            return cls._of_provider(str(name), config)
        found = {setting: value for setting in SOURCES if (value := find(setting, config, environ)) is not None}
        if "token" not in found:
            raise ConfigurationError(
                "there is no Plusofon token: run `pulumi config set --secret plusofon:token`, "
                "or set the environment variable PLUSOFON_TOKEN "
                "(the account shows the token under «Разработчикам → Доступ к API»)"
            )
        return cls(**found)

    @classmethod
    def _of_provider(cls, name: str, config: Callable[[str], Any]) -> Settings:
        """Return the settings of a Provider: what it was given, and nothing of the environment's."""
        found = {setting: _text(value) for setting, (key, _) in SOURCES.items() if (value := config(key)) is not None}
        if not found.get("token", "").strip():
            raise ConfigurationError(
                f'the Provider "{name}" has no token: give it one as `token=`; '
                "plusofon:token and PLUSOFON_TOKEN, which may be another account's, never take its place"
            )
        try:
            return cls(**found)
        except ConfigurationError as error:
            raise error.about(f'the Provider "{name}"') from None


def find(setting: str, config: Callable[[str], Any], environ: Mapping[str, str] = os.environ) -> str | None:
    """Return a setting from the stack's configuration, or else the environment; None where neither has it.

    Raises ConfigurationError where the stack's configuration has it, but empty.
    """
    key, variable = SOURCES[setting]
    value = config(key)
    if value is None:
        return environ[variable] if environ.get(variable, "").strip() else None
    text = _text(value)
    if not text.strip():
        raise ConfigurationError(f"{key} is set in the stack's configuration, but empty: give it a value or remove it")
    return text


def _text(value: Any) -> str:
    # It may be a number: plusofon:clientId typed without quotes.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _checked_token(token: str) -> str:
    text = token.strip()
    if not text:
        raise ConfigurationError("the Plusofon token is empty")
    if not text.isascii() or not text.isprintable() or " " in text:
        # The value itself stays out of the message.
        raise ConfigurationError(
            "the Plusofon token has white space or characters that no token has: paste it alone, without «Bearer»"
        )
    return text


# No message shows a value that cannot be used, of whatever setting: it may be the token, pasted in the wrong place.


def _checked_client_id(client_id: str) -> str:
    text = client_id.strip()
    if not text.isascii() or not text.isdecimal():
        what = f"has other characters than digits, {len(text)} in all" if text else "is empty"
        raise ConfigurationError(f"the client id is not a number such as {DEFAULT_CLIENT_ID}: it {what}")
    return text


def _checked_base_url(base_url: str) -> str:
    text = base_url.strip().rstrip("/")
    if "@" in text:
        raise ConfigurationError("the base URL must not hold a user name or a password")
    parts = _parts_of(text)
    if parts is None:
        raise ConfigurationError(
            f"the base URL is not a URL such as {DEFAULT_BASE_URL}: its host or its port cannot be one"
        )
    if mistake := _mistake_in(text, parts):
        raise ConfigurationError(f"the base URL is not of the form {DEFAULT_BASE_URL}: it {mistake}")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ConfigurationError("the base URL would send the token unencrypted: use https")
    return text


def _parts_of(url: str) -> SplitResult | None:
    """Return a URL's parts, None where it is no URL, or its port none."""
    parts = split_url(url)
    try:
        _ = parts.port if parts else None
    except ValueError:
        return None
    return parts


def _mistake_in(url: str, parts: SplitResult) -> str:
    """Return what keeps a URL from being a base URL; empty where nothing does."""
    if not url:
        return "is empty"
    if " " in url or not url.isprintable():
        return "has white space or a character that cannot be seen"
    if parts.scheme not in ("https", "http"):
        return "does not begin with https://"
    if not parts.hostname:
        return "has no host"
    return "has a query or a fragment, from ? or # on" if "?" in url or "#" in url else ""


def split_url(url: str) -> SplitResult | None:
    """Return a URL's parts, None where it is no URL; Python's own error quotes a part of it, and so ends here."""
    try:
        parts = urlsplit(url)
        if "[" in parts.netloc:
            # What Python 3.10 still lets pass: `[x]`.
            ipaddress.IPv6Address(parts.hostname or "")
    except ValueError:
        return None
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
