"""The base of everything that a person configures: frozen, nothing unknown, errors in one line."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from inngest_py.errors import ConfigError


class Setting(BaseModel):
    """A frozen value with checked fields.

    Raises ConfigError that names the class, the field, the value and the rule.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def __init__(self, **fields: Any) -> None:
        """Check the fields."""
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise ConfigError(_in_one_line(type(self).__name__, error)) from None


def _in_one_line(name: str, error: ValidationError) -> str:
    return "; ".join(_line(name, fault["loc"], fault["msg"], fault["input"], fault["type"]) for fault in error.errors())


def _line(name: str, location: tuple[int | str, ...], message: str, value: object, kind: str) -> str:
    field = ".".join(map(str, location))
    message = message.removeprefix("Value error, ")
    if kind == "missing":
        return f"{name}.{field} is missing"
    if kind == "extra_forbidden":
        return f"{name} has no field {field}"
    return f"{name}({field}={value!r}): {message}" if field else f"{name}: {message}"
