"""The service's errors, one branch per person who must act.

`Refused` is for the caller (a 4xx problem), `DiagramError` for the analyst (file, element, line, hint),
`OutsideError` for the operator of an outside system, `Broken` for the developer (500).  A class's docstring is
its default message.  Three doors catch `FlowsError`: api/problems, jobs/worker and cli.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


class FlowsError(Exception):
    """Something went wrong in kt-flows."""

    code = "error"

    def __init__(self, message: str | None = None, *, code: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        if code is not None:
            self.code = code

    @property
    def message(self) -> str:
        return str(self.args[0])


class Refused(FlowsError):
    """The request cannot be served as it is; the caller must change it."""

    code = "refused"


class Unauthenticated(Refused):
    """No valid bearer token came with the request."""

    code = "unauthenticated"


class Forbidden(Refused):
    """The caller may see this, but not do it."""

    code = "forbidden"


class NotFound(Refused):
    """There is nothing under this id that the caller may see."""

    code = "not_found"


class Conflict(Refused):
    """The state has moved on: read it again and decide anew."""

    code = "conflict"


class TooLarge(Refused):
    """The request is larger than the service takes."""

    code = "too_large"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field at fault: its path in the body (dots and indexes), what is wrong, and a code for programs."""

    field: str
    message: str
    code: str = "invalid"


class InvalidValues(Refused):
    """Some values are not what the form or the schema says."""

    code = "invalid_values"

    def __init__(self, errors: Sequence[FieldError], message: str | None = None) -> None:
        super().__init__(message)
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class Finding:
    """What the gate found in an analyst's files: where, which rule, and the way out.

    `line` counts from 1 in `file`; `element_id` is the BPMN, DMN or form id, where there is one.
    """

    severity: Literal["error", "warning"]
    rule: str
    file: str
    message: str
    hint: str = ""
    element_id: str | None = None
    line: int | None = None


class DiagramError(FlowsError):
    """The analyst's files cannot be deployed as they are."""

    code = "diagram_refused"

    def __init__(self, findings: Sequence[Finding], message: str | None = None) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class OutsideError(FlowsError):
    """An outside system did not do what it was asked."""

    code = "outside"


class Temporary(OutsideError):
    """The outside system may do it later: try again."""

    code = "outside.temporary"


class Permanent(OutsideError):
    """The outside system refuses for good; `code` is what a diagram's error event catches."""

    code = "outside.permanent"


class Broken(FlowsError):
    """A promise inside kt-flows does not hold; a developer must look."""

    code = "broken"
