"""A deployable process: an analyst's folder, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kt_flows.engine.decision import Decision
from kt_flows.engine.dialect import Element, Flow
from kt_flows.engine.form import Form
from kt_flows.engine.manifest import Manifest
from kt_flows.engine.text import Text


@dataclass(frozen=True, slots=True)
class Definition:
    """One process with everything in its folder, immutable and known by its digest."""

    key: str
    name: str
    digest: str
    """SHA-256 (hex) over the folder's file names and bytes."""
    files: Mapping[str, bytes]
    manifest: Manifest
    elements: Mapping[str, Element]
    flows: Mapping[str, Flow]
    decisions: Mapping[str, Decision]
    forms: Mapping[str, Form]
    texts: Mapping[str, Mapping[str, Text]]
    """By text id, then by language (`ru`, `kk`, `en`)."""
    start_form: Form | None
    start_messages: Mapping[str, str]
    """Message name to the start event that it triggers."""
    start_timers: Mapping[str, Element]
    calls: frozenset[str]
    """Keys of the processes that its call activities call."""


def read_definition(files: Mapping[str, bytes]) -> Definition:
    """Reads one process folder (paths relative to it).

    Raises DiagramError with every finding of severity error; nothing is half-read.
    """
    raise NotImplementedError
