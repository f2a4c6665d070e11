"""Typed events: a name with the model of its data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import PydanticSerializationError

from inngest_py.errors import ConfigError, EventDataError
from inngest_py.wire.codec import decode_object, encode
from inngest_py.wire.event import Event
from inngest_py.wire.registration import LARGEST_SCHEMA

LONGEST_NAME: Final = 255
"""How long the name of an event may be that starts a function (PROTOCOL 3.3)."""

Model = TypeVar("Model")


class _Describing(GenerateJsonSchema):
    """Describes what it can: a part that JSON Schema has no words for may be anything."""

    def handle_invalid_for_json_schema(self, schema: object, error_info: str) -> dict[str, Any]:
        return {}

    def emit_warning(self, kind: object, detail: str) -> None:
        """Say nothing of a default that is no JSON: the user has not asked for a schema."""


class EventType(Generic[Model]):
    """An event's name and the type of its data: a pydantic model, a dataclass or a TypedDict.

    Call it to make an event: `order_placed(order_id="1", total="9.99")`, or `order_placed(model)`; its data is
    validated then, and once more in each function that it triggers. Raises EventDataError, which names the field.
    """

    def __init__(self, name: str, model: type[Model]) -> None:
        if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
            raise ConfigError(f"an event type needs a name of {LONGEST_NAME} characters at most, not {name!r}")
        self.name = name
        self.model = model
        self._adapter: TypeAdapter[Model] = TypeAdapter(model)

    def __repr__(self) -> str:
        """Show the name and the model."""
        return f"EventType({self.name!r}, {getattr(self.model, '__name__', self.model)})"

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the data that the model takes, by alias; empty if there is none, or one that is too large.

        Any part of it may come from a type of the user's, and may fail: then there is none.
        """
        try:
            text = encode(self._adapter.json_schema(schema_generator=_Describing, mode="validation"))
        except Exception:
            return {}
        return decode_object(text) if len(text) <= LARGEST_SCHEMA else {}

    @cached_property
    def described(self) -> bytes:
        """The name and the schema as JSON text, as a registration has them; empty without a schema.

        It is written once, as an app registers every few seconds.
        """
        return encode({"name": self.name, "schema": self.schema}) if self.schema else b""

    def __call__(self, data: Model | Mapping[str, Any] | None = None, /, **fields: Any) -> Event[Model]:
        """Make an event out of a model, a mapping, or the fields. Raises EventDataError for one beside the other."""
        if data is not None and fields:
            raise EventDataError(
                f'the data of "{self.name}" is given twice, at once and as {", ".join(fields)}: an id or a time goes '
                "into create(data, id=..., ts=...)"
            )
        return Event(name=self.name, data=self.validate(fields if data is None else data))

    def create(
        self,
        data: Model | Mapping[str, Any],
        *,
        id: str = "",
        ts: int = 0,
        v: str | None = None,
    ) -> Event[Model]:
        """Make an event that has an id, a time or a version besides its data."""
        return Event(name=self.name, data=self.validate(data), id=id, ts=ts, v=v)

    def validate(self, data: object) -> Model:
        """Turn data into the model. Raises EventDataError, naming each field that does not fit and why."""
        try:
            model = self._adapter.validate_python(data)
            if model is data:
                self._check_again(model)
            return model
        except ValidationError as error:
            raise EventDataError(f'the data of "{self.name}" does not fit {_faults(error)}') from None
        except PydanticSerializationError as error:
            raise EventDataError(f'the data of "{self.name}" cannot be written as JSON: {error}') from None

    def _check_again(self, model: Model) -> None:
        """Check a model that was made before: it may have been changed since, or made without being checked."""
        written = self._adapter.dump_json(model, round_trip=True, warnings=False)
        self._adapter.validate_json(written, by_alias=True, by_name=True)

    def read(self, event: Event[dict[str, Any]]) -> Event[Model]:
        """Give an event that came in its type. Raises EventDataError."""
        data = {key: value for key, value in event.data.items() if key != "_inngest"}
        return Event(name=event.name, data=self._read(data), id=event.id, ts=event.ts, v=event.v, user=event.user)

    def _read(self, data: dict[str, Any]) -> Model:
        """Validate as JSON, where a date is a string even for a strict model."""
        try:
            return self._adapter.validate_json(encode(data))
        except ValidationError as error:
            raise EventDataError(f'the data of "{self.name}" does not fit {_faults(error)}') from None


def _faults(error: ValidationError) -> str:
    lines = [f"{'.'.join(map(str, fault['loc'])) or 'the data'}: {fault['msg']}" for fault in error.errors()]
    return f"{error.title}: {'; '.join(lines)}"
