"""Settings: which account, by its token, where its API is, and where each of these values came from.

The stack's configuration takes precedence over the environment: a stray variable must not select another account.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from plusofon_pulumi.errors import ConfigurationError

DEFAULT_BASE_URL = "https://restapi.plusofon.ru"
DEFAULT_CLIENT_ID = "10553"  # of the application: every example of the API's description has it

# Setting -> (key of the stack's configuration, environment variable).
SOURCES = {
    "token": ("plusofon:token", "PLUSOFON_TOKEN"),
    "client_id": ("plusofon:clientId", "PLUSOFON_CLIENT_ID"),
    "base_url": ("plusofon:baseUrl", "PLUSOFON_BASE_URL"),
}
_IN_STACK = " in the stack's configuration"
_URL = re.compile(r"https?://([\w.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?(/[\w.~%+,:;=/-]*)?", re.IGNORECASE)
_LOCAL = re.compile(r"https?://(localhost|127(\.[0-9]+){3}|\[::1\])(:[0-9]+)?(/.*)?", re.IGNORECASE)
# A Provider passes its own name on, so that its plugin process uses its inputs and nothing else. In the native plugin
# its client id and base URL may come from the environment, too: there no program has looked for them.
PROVIDER_KEY, ENVIRONMENT_KEY = "plusofon:provider", "plusofon:environment"

_WHERE_TOKENS_ARE = "the account shows it under «Разработчикам → Доступ к API»"
_NO_TOKEN = (
    "there is no Plusofon token: run `pulumi config set --secret plusofon:token`, "
    f"or set the environment variable PLUSOFON_TOKEN ({_WHERE_TOKENS_ARE})"
)
_PROVIDER_LACKS_ONE = "has no token: give it one as `token=`; plusofon:token and PLUSOFON_TOKEN never take its place"


@dataclass(frozen=True, slots=True)
class Settings:
    """The token of one account and the address of its API.

    ``token``: the API token; surrounding white space is dropped. ``client_id``: the value of the ``Client`` header.
    ``base_url``: ``https://…``, or ``http://…`` on this machine (a local sandbox); a final ``/api/v1`` is dropped.
    ``sources``: where each of the three came from, for messages.

    Raises ConfigurationError if a value cannot work. The token is in no ``repr`` and in no pickle.
    """

    token: str = field(repr=False)
    client_id: str = DEFAULT_CLIENT_ID
    base_url: str = DEFAULT_BASE_URL
    sources: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        # No message shows a refused value: it may be the token, pasted in the wrong place.
        for setting, check in {"token": _token, "client_id": _client_id, "base_url": _base_url}.items():
            object.__setattr__(self, setting, check(getattr(self, setting).strip(), self.source(setting)))

    def __reduce__(self) -> NoReturn:
        raise TypeError("Settings hold a token and are not pickled")

    def source(self, setting: str) -> str:
        """Return where ``token``, ``client_id`` or ``base_url`` came from, in words that fit after "of"."""
        is_default = getattr(self, setting) in (DEFAULT_CLIENT_ID, DEFAULT_BASE_URL)
        return self.sources.get(setting, "the default" if is_default else "the program")

    def token_remedy(self) -> str:
        """Return what to do if the API refuses the token."""
        source = self.source("token")
        stored = "; refresh and destroy use what the last `pulumi up` stored (`--run-program` uses the current one)"
        return f"Check the token of {source} ({_WHERE_TOKENS_ARE}){stored if source.endswith(_IN_STACK) else ''}."

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Return the settings from ``PLUSOFON_TOKEN`` and the other variables; raises what `from_config` raises."""
        return cls.from_config(lambda _: None, environ)

    @classmethod
    def from_config(cls, config: Callable[[str], Any], environ: Mapping[str, str] = os.environ) -> Settings:
        """Return the settings from the stack's configuration, or else the environment, or else the defaults.

        ``config`` returns the value of a key such as ``plusofon:token``, or None. Raises ConfigurationError if there
        is no token, a configured value is empty, or a value cannot work.
        """
        found = {setting: pair for setting in SOURCES if (pair := find(setting, config, environ))}
        values = {setting: value for setting, (value, _) in found.items()}
        if not values.get("token", "").strip():
            name = config(PROVIDER_KEY)
            raise ConfigurationError(_NO_TOKEN if name is None else f'the Provider "{name}" {_PROVIDER_LACKS_ONE}')
        return cls(**values, sources={setting: source for setting, (_, source) in found.items()})


def is_close_only(environ: Mapping[str, str] = os.environ) -> bool:
    """Return True if this process may close codes, but open none: ``PLUSOFON_CLOSE_ONLY=1``, from the environment."""
    return environ.get("PLUSOFON_CLOSE_ONLY", "").strip().lower() not in ("", "0", "false", "no")


def find(setting: str, config: Callable[[str], Any], environ: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """Return a setting and its source: the configuration, else the environment; None if neither has it."""
    key, variable = SOURCES[setting]
    value, provider = config(key), config(PROVIDER_KEY)
    if value is None:
        may_look = provider is None or (setting != "token" and config(ENVIRONMENT_KEY))
        found = environ.get(variable, "") if may_look else ""
        return (found, f"the environment variable {variable}") if found.strip() else None
    # Pulumi turns plusofon:clientId, set without quotes, into a float.
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if provider is not None:
        return text, f'the Provider "{provider}"'
    if not text.strip():
        raise ConfigurationError(f"{key} is set in the stack's configuration, but empty: give it a value or remove it")
    return text, f"{key}{_IN_STACK}"


def _token(text: str, source: str) -> str:
    if not text:
        raise ConfigurationError(f"the Plusofon token, of {source}, is empty")
    is_quoted = re.match(r"[\"'<«]|(token|bearer|authorization)\b\s*[=:]", text, re.IGNORECASE) or text[-1] in "\"'>»"
    if is_quoted or not re.fullmatch("[!-~]+", text):
        raise ConfigurationError(
            f"the Plusofon token, of {source}, has quotes, white space or characters that no token has: "
            "paste it alone, without «Bearer» or «token=»"
        )
    return text


def _client_id(text: str, source: str) -> str:
    if not re.fullmatch("[0-9]+", text):
        raise ConfigurationError(f"the client id, of {source}, is not a number such as {DEFAULT_CLIENT_ID}")
    return text


def _base_url(text: str, source: str) -> str:
    text = text.rstrip("/").removesuffix("/api/v1").rstrip("/")
    if "@" in text:
        mistake = "must not hold a user name or a password"
    elif not _URL.fullmatch(text):
        mistake = f"is not a URL such as {DEFAULT_BASE_URL}, without a query, a fragment or white space"
    elif not _LOCAL.fullmatch(text) and not text.lower().startswith("https:"):
        mistake = "would send the token unencrypted: use https"
    else:
        return text
    raise ConfigurationError(f"the base URL, of {source}, {mistake}")
