"""Where a command and its descendants listen, as Linux knows it. Nothing is sent to anybody to find out."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_LISTEN: Final = "0A"
_PARENT, _GROUP = 1, 2
_ADDRESS, _STATE, _INODE = 1, 3, 9


@dataclass(frozen=True, slots=True)
class Listeners:
    """The origins, such as `http://127.0.0.1:5000`, and the processes that listen there: others after a reload."""

    origins: frozenset[str] = frozenset()
    pids: frozenset[int] = frozenset()


def listeners_of(root: int) -> Listeners | None:
    """The listeners among a process, its descendants and its group; None if this system does not tell."""
    if not (_PROC / str(root) / "net" / "tcp").exists():
        return None
    origins = dict(_listening(root))
    found = {pid: origins.keys() & set(_sockets(pid)) for pid in _family(root)}
    return Listeners(
        frozenset(origins[inode] for inodes in found.values() for inode in inodes),
        frozenset(pid for pid, inodes in found.items() if inodes),
    )


def listening() -> frozenset[str] | None:
    """The origins at which anybody listens, on this machine; None if this system does not tell."""
    if not (_PROC / "self" / "net" / "tcp").exists():
        return None
    return frozenset(origin for _, origin in _listening("self"))


def _family(root: int) -> set[int]:
    """The process, its descendants, and the members of the group that it leads."""
    children: dict[int, list[int]] = {}
    waiting = [root]
    for pid, parent, group in _processes():
        children.setdefault(parent, []).append(pid)
        if group == root:
            waiting.append(pid)
    found = set[int]()
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, ())
    return found


def _processes() -> Iterator[tuple[int, int, int]]:
    """The id, the parent and the group of every process."""
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            fields = _read(folder / "stat").rpartition(")")[2].split()
            if len(fields) > _GROUP:
                yield int(folder.name), int(fields[_PARENT]), int(fields[_GROUP])


def _listening(pid: int | str) -> Iterator[tuple[str, str]]:
    """The inode of every listening socket, with its origin."""
    for name in ("tcp", "tcp6"):
        for line in _read(_PROC / str(pid) / "net" / name).splitlines()[1:]:
            fields = line.split()
            if len(fields) > _INODE and fields[_STATE] == _LISTEN:
                yield fields[_INODE], _origin(fields[_ADDRESS])


def _origin(address: str) -> str:
    """`0100007F:1388` is http://127.0.0.1:5000. Who listens everywhere is spoken to at 127.0.0.1."""
    digits, _, port = address.partition(":")
    words = [bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8)]
    ip = ipaddress.ip_address(b"".join(words))
    host = "127.0.0.1" if ip.is_unspecified else f"[{ip}]" if ip.version == 6 else str(ip)
    return f"http://{host}:{int(port, 16)}"


def _sockets(pid: int) -> Iterator[str]:
    """The inodes of the sockets that a process holds. What is closed meanwhile is left out."""
    try:
        descriptors = list((_PROC / str(pid) / "fd").iterdir())
    except OSError:
        return
    for descriptor in descriptors:
        with suppress(OSError):
            target = str(descriptor.readlink())
            if target.startswith("socket:["):
                yield target[8:-1]


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""
