"""`process.yaml`: who owns a process, its variables and constants with types, its messages, its clauses."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from kt_flows.engine.calendar import parse_duration
from kt_flows.engine.expression import IMPLICIT
from kt_flows.engine.values import WORDS, check_value
from kt_flows.engine.xml import UNSEEN
from kt_flows.engine.yaml_text import findings_of, line_of, load_yaml
from kt_flows.errors import DiagramError, Finding

FILE = "process.yaml"
LANGUAGES = ("ru", "kk", "en")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
MAX_SPOKEN = 2_000
_NOT_SPOKEN = re.compile(rf"[{UNSEEN}]|<[A-Za-z/!?]")
# CEL's own words; a variable of such a name could never be read.
_RESERVED = {"true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if"} | {
    "import", "let", "loop", "package", "namespace", "return", "var", "void", "while",
}  # fmt: skip


def _name(value: str) -> str:
    if not _NAME.fullmatch(value) or value in _RESERVED or value in IMPLICIT:
        raise ValueError(f"{value[:80]!r} — не имя: маленькая латинская буква, затем буквы, цифры и _")
    return value


def _word(value: str) -> str:
    if value not in WORDS:
        raise ValueError(f"типа {value[:80]!r} нет, есть: {', '.join(WORDS)}")
    return value


def _length(value: str) -> str:
    parse_duration(value)
    return value


def _spoken(value: str) -> str:
    if _NOT_SPOKEN.search(value) or len(value) > MAX_SPOKEN:
        raise ValueError(f"разметка, невидимые знаки или больше {MAX_SPOKEN} знаков")
    return value.strip()


Name = Annotated[str, AfterValidator(_name)]
Word = Annotated[str, AfterValidator(_word)]
Length = Annotated[str, AfterValidator(_length)]
Spoken = Annotated[str, AfterValidator(_spoken)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Label(_Strict):
    """A name in three languages."""

    ru: str
    kk: str = ""
    en: str = ""


class Script(Label):
    """What to say to the caller, in three languages: plain text of a few lines."""

    ru: Spoken
    kk: Spoken = ""
    en: Spoken = ""


class Constant(_Strict):
    """A value that analysts change here; `decided` says which gap of the instruction we filled with it."""

    type: Word
    value: Any
    clause: str = ""
    decided: str = ""


class Variable(_Strict):
    type: Word
    about: str = ""
    personal: bool = False
    concurrent: Literal["last"] | None = None
    """Said where branches that go at the same time may write it: what is written last stands."""


class Message(_Strict):
    """A message that the process catches or throws: the variables that find the case, what it carries, how long it
    waits for a case that is not listening yet."""

    correlation: tuple[Name, ...] = ()
    payload: dict[Name, Word] = Field(default_factory=dict)
    keep: Length = "PT1H"
    again: bool = False
    """Whether, once the case that it started is over, the same values may start another (an alarm may; a request
    that is only sent twice may not)."""


class Signal(_Strict):
    """A signal that the process catches or throws, and what it carries."""

    payload: dict[Name, Word] = Field(default_factory=dict)


class Facts(_Strict):
    """What the regulation and the other languages say of an element, and what a person says to the caller there."""

    clause: str = ""
    kk: str = ""
    en: str = ""
    about: str = ""
    say: Script | None = None


class Manifest(_Strict):
    """The whole of `process.yaml`."""

    key: Name
    name: Label
    owner: str = ""
    clauses: tuple[str, ...] = ()
    constants: dict[Name, Constant] = Field(default_factory=dict)
    variables: dict[Name, Variable] = Field(default_factory=dict)
    messages: dict[Name, Message] = Field(default_factory=dict)
    signals: dict[Name, Signal] = Field(default_factory=dict)
    elements: dict[str, Facts] = Field(default_factory=dict)

    @property
    def types(self) -> dict[str, str]:
        """The type word of every constant and variable."""
        constants = {name: constant.type for name, constant in self.constants.items()}
        return constants | {name: variable.type for name, variable in self.variables.items()}

    @property
    def constant_values(self) -> dict[str, Any]:
        return {name: constant.value for name, constant in self.constants.items()}


def read_manifest(data: bytes, file: str = FILE) -> Manifest:
    """Reads and checks `process.yaml`.  Raises DiagramError naming each key at fault."""
    content = load_yaml(data, file)
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        raise DiagramError(findings_of(error, data, file, "manifest")) from error
    findings: list[Finding] = []
    both = set(manifest.constants) & set(manifest.variables)
    hint = "Исправьте process.yaml"
    for name in sorted(both):
        line = line_of(data, ("variables", name))
        findings.append(Finding("error", "manifest", file, f"{name}: и константа, и переменная", hint, line=line))
    for name, constant in manifest.constants.items():
        try:
            check_value(constant.type, constant.value)
        except ValueError as error:
            line = line_of(data, ("constants", name, "value"))
            findings.append(Finding("error", "manifest", file, f"constants.{name}: {error}", hint, line=line))
    if findings:
        raise DiagramError(findings)
    return manifest
