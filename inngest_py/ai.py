"""Models for `ctx.step.ai.infer`: how each provider is reached, and where its key is found.

    answer = await ctx.step.ai.infer("summarise", adapter=ai.openai(model="gpt-5"), body={"messages": [...]})

The request's body and the answer are the provider's own. The Inngest server makes the request, so the key goes to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from inngest_py.errors import ConfigError
from inngest_py.settings import read_variable

_ANTHROPIC_VERSION: Final = "2023-06-01"
_ANTHROPIC_TOKENS: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A provider's model. `defaults` are the fields of the body that a request does not give. The key never shows."""

    url: str
    key: str = field(repr=False)
    kind: str = "openai-chat"
    extra_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def auth_key(self) -> str:
        """The provider's key."""
        return self.key

    def format(self) -> str:
        """The format of the request, as servers name it."""
        return self.kind

    def headers(self) -> dict[str, str]:
        """The headers of the request, without the one for the key: that is the server's to set."""
        return {"content-type": "application/json", **self.extra_headers}

    def on_call(self, body: dict[str, Any], /) -> None:
        """Complete the body of a request."""
        for name, value in self.defaults.items():
            body.setdefault(name, value)

    def url_infer(self) -> str:
        """The URL to send the request to."""
        return self.url


def openai_compatible(
    *, model: str, base_url: str, auth_key: str, headers: Mapping[str, str] | None = None, **defaults: Any
) -> Model:
    """A model behind any API that speaks OpenAI's chat completions. `defaults` are fields of the body."""
    url = f"{base_url.rstrip('/')}/chat/completions"
    return Model(url=url, key=auth_key, extra_headers=headers or {}, defaults={"model": model, **defaults})


def openai(
    *, model: str, auth_key: str | None = None, base_url: str = "https://api.openai.com/v1", **defaults: Any
) -> Model:
    """A model of OpenAI's; the key is in `OPENAI_API_KEY` if it is not given."""
    return openai_compatible(model=model, base_url=base_url, auth_key=_key(auth_key, "OPENAI_API_KEY"), **defaults)


def azure_openai(*, model: str, base_url: str, auth_key: str | None = None, **defaults: Any) -> Model:
    """A model deployed on Azure OpenAI; the key is in `AZURE_OPENAI_API_KEY` if it is not given.

    `model` is the name of the deployment, `base_url` the resource's, as in `https://NAME.openai.azure.com/openai/v1`.
    """
    key = _key(auth_key, "AZURE_OPENAI_API_KEY")
    return openai_compatible(model=model, base_url=base_url, auth_key=key, **defaults)


def deepseek(
    *, model: str, auth_key: str | None = None, base_url: str = "https://api.deepseek.com/v1", **defaults: Any
) -> Model:
    """A model of DeepSeek's; the key is in `DEEPSEEK_API_KEY` if it is not given."""
    return openai_compatible(model=model, base_url=base_url, auth_key=_key(auth_key, "DEEPSEEK_API_KEY"), **defaults)


def grok(*, model: str, auth_key: str | None = None, base_url: str = "https://api.x.ai/v1", **defaults: Any) -> Model:
    """A model of xAI's; the key is in `XAI_API_KEY` if it is not given."""
    return openai_compatible(model=model, base_url=base_url, auth_key=_key(auth_key, "XAI_API_KEY"), **defaults)


def anthropic(
    *,
    model: str,
    auth_key: str | None = None,
    base_url: str = "https://api.anthropic.com",
    max_tokens: int = _ANTHROPIC_TOKENS,
    **defaults: Any,
) -> Model:
    """A model of Anthropic's; the key is in `ANTHROPIC_API_KEY` if it is not given."""
    return Model(
        url=f"{base_url.rstrip('/')}/v1/messages",
        key=_key(auth_key, "ANTHROPIC_API_KEY"),
        kind="anthropic",
        extra_headers={"anthropic-version": _ANTHROPIC_VERSION},
        defaults={"model": model, "max_tokens": max_tokens, **defaults},
    )


def gemini(
    *,
    model: str,
    auth_key: str | None = None,
    base_url: str = "https://generativelanguage.googleapis.com",
    **defaults: Any,
) -> Model:
    """A model of Google's Gemini; the key is in `GEMINI_API_KEY` if it is not given."""
    return Model(
        url=f"{base_url.rstrip('/')}/v1beta/models/{model}:generateContent",
        key=_key(auth_key, "GEMINI_API_KEY"),
        kind="gemini",
        defaults=defaults,
    )


def _key(given: str | None, variable: str) -> str:
    key = given or read_variable(variable)
    if not key:
        raise ConfigError(f"there is no key for the model: set {variable}, or give auth_key=")
    return key
