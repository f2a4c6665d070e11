"""Events: what starts functions, what they wait for, and what they send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, cast

from typing_extensions import TypeVar

from inngest_py.errors import InvalidJSONError
from inngest_py.wire.codec import as_object, decode, encode

Data = TypeVar("Data", default=dict[str, Any])
"""The type of an event's data: a dict, or the model of its EventType."""

_NO_OBJECTS: Final[tuple[type, ...]] = (str, bytes, list, tuple, set, int, float, bool)

RESERVED_PREFIX: Final = "inngest/"
"""Names that begin with this, in any case, are the server's own (PROTOCOL 10.1)."""


@dataclass(frozen=True, kw_only=True)
class Event(Generic[Data]):
    """An event.

    `data` is a JSON object, or the model of the event's EventType. `id` makes sending idempotent: a function runs
    once for all the events with the same id in 24 hours; the server makes one up if it is empty. `ts` is the Unix
    time in milliseconds; one in the future delays the runs until then; 0 means now (PROTOCOL 10.1).

    Raises ValueError or TypeError for a name, data, id or ts that the event API would refuse.
    """

    name: str
    data: Data = field(default_factory=lambda: cast("Any", {}))
    id: str = ""
    ts: int = 0
    v: str | None = None
    user: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        """Refuse what the event API would refuse, here where the mistake is."""
        _check(self.name, self.data, self.id, self.ts)

    def to_json(self, now: int) -> dict[str, Any]:
        """The JSON object to send; `now`, in Unix milliseconds, stands in for an absent `ts`."""
        optional = {"id": self.id, "v": self.v, "user": self.user}
        body = {"name": self.name, "data": self.data, "ts": self.ts or now}
        return body | {key: value for key, value in optional.items() if value}

    def dump(self) -> str:
        """The event as JSON text, to be kept and sent later. Raises UnserializableError for data that is no JSON."""
        return encode(self.to_json(self.ts)).decode()

    @staticmethod
    def load(text: str) -> Event[dict[str, Any]]:
        """The event that such a text is of, with plain data. Raises InvalidJSONError if it is of none."""
        return read_event(decode(text.encode()))


def _check(name: object, data: object, event_id: object, ts: object) -> None:
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"an event needs a name, not {name!r}")
    kind = type(data).__name__
    if isinstance(data, _NO_OBJECTS):
        raise TypeError(f'event "{name}": data must be a JSON object (a dict or a model), not {kind}')
    if not isinstance(event_id, str):
        raise TypeError(f'event "{name}": id must be a string, not {event_id!r}')
    if not isinstance(ts, int) or isinstance(ts, bool) or ts < 0:
        raise TypeError(f'event "{name}": ts must be a Unix time in whole milliseconds, not {ts!r}')


def read_event(body: object) -> Event[dict[str, Any]]:
    """Read an event that a server sent. Raises InvalidJSONError if it is none; unknown keys are ignored."""
    fields = as_object(body)
    if fields is None:
        raise InvalidJSONError(f"an event must be a JSON object, not {type(body).__name__}")
    get = fields.get
    data: Any = get("data") or {}
    name, event_id, v = get("name") or "", get("id") or "", get("v")
    try:
        ts = int(get("ts") or 0)
        _check(name, data, event_id, ts)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidJSONError(f"an event that cannot be read: {error}") from None
    event: Event[dict[str, Any]] = object.__new__(Event)  # frozen: its own way of setting fields is much slower
    event.__dict__.update(
        name=name,
        data=data,
        id=event_id,
        ts=ts,
        v=v if isinstance(v, str) else None,
        user=as_object(get("user")) or {},
    )
    return event
