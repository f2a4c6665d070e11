"""Reading the fields of one registered function, with refusals that name function, field, value and rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NoReturn

from inngest_py.dev.duration import parse_duration, parse_moment
from inngest_py.dev.expression import compile_expression
from inngest_py.dev.shapes import as_list, as_object
from inngest_py.errors import ConfigError, RequestError

_SHOWN: Final = 80
_LARGEST: Final = (1 << 53) - 1


class Fields:
    """An object of a registration, which knows where it stands."""

    __slots__ = ("_where", "values")

    def __init__(self, where: str, values: Mapping[str, Any]) -> None:
        self._where = where
        self.values = values

    def refuse(self, field: str, rule: str) -> NoReturn:
        """Refuse the registration because of a field. The first words are the real server's (PROTOCOL 3.3)."""
        value = repr(self.values.get(field))
        shown = value if len(value) <= _SHOWN else value[:_SHOWN] + "…"
        raise RequestError(f"At least one function is invalid: {self._where}: {field} = {shown}: {rule}")

    def where(self, field: str) -> str:
        """Where a field stands, for refusals of what is in it."""
        return f"{self._where}: {field}"

    def given(self, field: str) -> bool:
        """Whether the field is there, and not null."""
        return self.values.get(field) is not None

    def text(self, field: str) -> str:
        """A string, empty by default."""
        value = self.values.get(field)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.refuse(field, "it must be a string")
        return value

    def number(self, field: str, default: int, least: int | None = None) -> int:
        """A whole number, not below `least`."""
        value = self.values.get(field)
        if value is None:
            value = default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse(field, "it must be a whole number")
        if least is not None and value < least:
            self.refuse(field, f"it must be at least {least}")
        if value > _LARGEST:
            self.refuse(field, f"it can be at most {_LARGEST}")
        return value

    def inner(self, field: str) -> Fields | None:
        """An object inside, or None."""
        value = self.values.get(field)
        if value is None:
            return None
        values = as_object(value)
        if values is None:
            self.refuse(field, "it must be an object")
        return Fields(self.where(field), values)

    def items(self, field: str) -> list[Any]:
        """A list, empty by default."""
        value = self.values.get(field)
        if value is None:
            return []
        items = as_list(value)
        if items is None:
            self.refuse(field, "it must be a list")
        return items

    def objects(self, field: str, values: Iterable[Any]) -> list[Fields]:
        """The objects of a list, each of which knows its number."""
        made = list[Fields]()
        for number, value in enumerate(values):
            entry = as_object(value)
            if entry is None:
                self.refuse(field, f"entry {number} must be an object")
            made.append(Fields(f"{self._where}: {field}[{number}]", entry))
        return made

    def expression(self, field: str, roots: Iterable[str], *, plain: bool = False) -> str:
        """An expression that compiles, empty by default."""
        text = self.text(field)
        if text:
            try:
                compile_expression(text, roots, plain=plain)
            except ConfigError as error:
                self.refuse(field, str(error))
        return text

    def duration(
        self,
        field: str,
        shortest: int = 0,
        longest: int | None = None,
        parse: Callable[[str], int] = parse_duration,
    ) -> int:
        """A duration in milliseconds, between two limits."""
        text = self.values.get(field)
        if not isinstance(text, str) or not text:
            self.refuse(field, 'it must be a duration such as "30s"')
        try:
            value = parse(text)
        except ValueError as error:
            self.refuse(field, str(error))
        if value < shortest or (longest is not None and value > longest):
            upper = "" if longest is None else f" and at most {longest // 1000} seconds"
            self.refuse(field, f"it must be at least {shortest / 1000:g} seconds{upper}")
        return value

    def timeout(self, field: str) -> int | None:
        """A duration in milliseconds, or None if there is none.

        One that cannot be read is refused, other than on the real server, where it silently is none (PROTOCOL 3.3).
        """
        return self.duration(field, 1) if self.text(field) else None

    def moment(self, field: str) -> str:
        """A duration or a date, as text: it counts from a time that comes later. Empty by default."""
        text = self.text(field)
        try:
            parse_moment(text or "1s", 0)
        except (ValueError, OverflowError) as error:
            self.refuse(field, str(error))
        return text
