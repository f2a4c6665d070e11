"""What a project says in `[tool.inngest-py.check]` of its pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from inngest_py.check.files import matches
from inngest_py.check.finding import SEVERITIES, Severity
from inngest_py.check.rules import RULES
from inngest_py.config.setting import Setting
from inngest_py.errors import ConfigError
from inngest_py.wire.codec import as_object

_CODES: Final = frozenset(rule.code for rule in RULES)
_TABLE: Final = ("tool", "inngest-py", "check")


def _code(text: str) -> str:
    if not text or not any(code.startswith(text) for code in _CODES):
        raise ConfigError(f'there is no rule "{text}": write a code such as "ING005", or "ING" for all of them')
    return text


def _severity(word: object) -> object:
    if isinstance(word, str) and word in SEVERITIES:
        return SEVERITIES[word]
    if isinstance(word, Severity):
        return word
    raise ConfigError(f"must be one of {', '.join(SEVERITIES)}")


Code = Annotated[str, AfterValidator(_code)]
Level = Annotated[Severity, BeforeValidator(_severity)]


class Configuration(Setting):
    """Which rules apply where, and how bad what they find is. A code may be the beginning of codes: `ING`.

    `root` is the folder that patterns are seen from. `fail_on` is how bad a finding must be for the check to fail.
    """

    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", "-"), populate_by_name=True)

    root: Path = Field(default_factory=Path.cwd)
    select: Sequence[Code] = ("ING",)
    ignore: Sequence[Code] = ()
    exclude: Sequence[str] = ()
    per_file_ignores: Mapping[str, Sequence[Code]] = Field(default_factory=dict)
    severity: Mapping[Code, Level] = Field(default_factory=dict)
    fail_on: Level = Severity.ERROR

    def applies(self, code: str, path: Path) -> bool:
        """Whether a rule applies to a file."""
        if not code.startswith(tuple(self.select)) or code.startswith(tuple(self.ignore)):
            return False
        return not any(
            code.startswith(tuple(codes)) and matches(path, pattern, self.root)
            for pattern, codes in self.per_file_ignores.items()
        )

    def severity_of(self, code: str, usual: Severity) -> Severity:
        """How bad a finding is here."""
        said = [(len(prefix), severity) for prefix, severity in self.severity.items() if code.startswith(prefix)]
        return max(said)[1] if said else usual


def read_configuration(near: Path) -> Configuration:
    """What the next pyproject.toml from here upwards says that says anything. Raises ConfigError that names it."""
    folder = near if near.is_dir() else near.parent
    for candidate in (folder, *folder.parents):
        found = _table(candidate / "pyproject.toml")
        if found is not None:
            return _read(found, candidate)
    return Configuration(root=folder)


def _table(file: Path) -> Mapping[str, Any] | None:
    if not file.is_file():
        return None
    try:
        found: Any = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from None
    for name in _TABLE:
        found = (as_object(found) or {}).get(name)
    return as_object(found)


def _read(table: Mapping[str, Any], root: Path) -> Configuration:
    if "root" in table:
        raise ConfigError(f"{root / 'pyproject.toml'}: [tool.inngest-py.check] has no field root")
    try:
        return Configuration(root=root, **table)
    except ConfigError as error:
        said = re.sub(r"\bConfiguration\b", "[tool.inngest-py.check]", str(error))
        raise ConfigError(f"{root / 'pyproject.toml'}: {said}") from None
