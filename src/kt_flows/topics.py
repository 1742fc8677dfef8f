"""The vocabulary between diagrams and connectors: what a service task may ask for, and what comes back.

A topic is a job's kind: the same string stands in the diagram (`camunda:topic`), the row, the log and the metric.
The gate checks a diagram's inputs, outputs and error codes against this table; the connectors keep to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing that the service can be asked to do.

    `inputs` and `outputs` map names to the type words of `process.yaml`; a `?` after a type means optional.
    `errors` are the codes that a boundary error event may catch.  A topic with `text` takes the input `template`
    (a mail text's id) and `lang`; the engine renders it into `subject` and `body` before the job is written.
    `example` is the result that a scenario gets when it does not say another.
    """

    kind: str
    purpose: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    text: bool = False
    example: Mapping[str, Any] = field(default_factory=dict)


_ALL = (
    Topic(
        "email.send",
        "Sends one mail.  `to` is an address, `provider:<id>` or `group:<candidate group>`, or a list of them.",
        inputs={
            "to": "any",
            "template": "string",
            "lang": "string?",
            "correlation_token": "string?",
            "reply_message": "string?",
            "reply_keywords": "map?",
            "automatic": "bool?",
        },
        outputs={
            "mail_id": "string",
            "message_id": "string",
            "accepted_at": "timestamp",
            "skipped": "list(string)",
        },
        errors=("mail.rejected",),
        text=True,
        example={"mail_id": "mail-1", "message_id": "<1@kt>", "skipped": []},
    ),
    Topic(
        "mail.poll",
        "Fetches the mailbox now, so that a deadline is not judged before what has arrived is known.",
        outputs={"fetched": "int"},
        example={"fetched": 0},
    ),
    Topic(
        "token.issue",
        "Issues a correlation token that cannot be guessed (at least 128 bits) and is this case's alone.",
        outputs={"token": "string"},
        example={"token": "v1.scenario.token"},
    ),
    Topic(
        "message.throw",
        "Hands a message to whoever waits for it, or starts the process that begins with it.",
        inputs={"name": "string", "correlation": "map", "payload": "map?", "keep": "bool?"},
        outputs={"result": "string"},
        example={"result": "delivered"},
    ),
    Topic(
        "signal.throw",
        "Sends a signal to everyone who waits for it, and starts every process that begins with it.",
        inputs={"name": "string", "payload": "map?"},
        outputs={"cases": "int", "processes": "int"},
        example={"cases": 0, "processes": 0},
    ),
    Topic(
        "case.find",
        "Looks up the newest case of a process by values of its variables.",
        inputs={"definition_key": "string", "variables": "map", "active": "bool?"},
        outputs={
            "found": "bool",
            "instance_id": "string",
            "state": "string",
            "started_at": "timestamp",
            "ended_at": "timestamp",
            "variables": "map",
        },
        example={"found": False, "variables": {}},
    ),
    Topic(
        "case.note",
        "Adds a note to another case's history, and a link to the asking one.",
        inputs={"instance_id": "string", "text": "string"},
        outputs={"noted": "bool"},
        example={"noted": True},
    ),
    Topic(
        "task.state",
        "Tells whether the case's open task of an element has been claimed.",
        inputs={"element_id": "string"},
        outputs={"open": "bool", "assignee": "string"},
        example={"open": True, "assignee": ""},
    ),
    Topic(
        "notice.publish",
        "Shows a notice to groups of operators (an outage banner) until it is withdrawn.",
        inputs={"key": "string", "text": "string", "groups": "list(string)"},
        outputs={"published": "bool"},
        example={"published": True},
    ),
    Topic(
        "notice.withdraw",
        "Takes a notice away.",
        inputs={"key": "string"},
        outputs={"withdrawn": "bool"},
        example={"withdrawn": True},
    ),
    Topic(
        "siebel.upsert_sr",
        "Creates or updates the Service Request that carries this integration id in Siebel CRM.",
        inputs={
            "integration_id": "string",
            "sr_type": "string",
            "status": "string",
            "sub_status": "string?",
            "abstract": "string",
            "description": "string?",
            "area": "string?",
            "sub_area": "string?",
            "source": "string?",
            "channel": "string?",
            "contact": "map?",
            "commit_at": "timestamp?",
        },
        outputs={"siebel_sr": "string"},
        errors=("siebel.rejected",),
        example={"siebel_sr": "1-1001"},
    ),
    Topic(
        "cabinet.notify",
        "Puts a message into the subscriber's cabinet.",
        inputs={"subscriber_id": "string", "template": "string", "lang": "string?", "request_id": "string?"},
        outputs={"delivered_at": "timestamp"},
        errors=("cabinet.unknown_subscriber",),
        text=True,
    ),
    Topic(
        "billing.grant_month",
        "Grants free months of a service once per entitlement key.",
        inputs={"entitlement_key": "string", "subscriber_id": "string", "service": "string", "months": "int"},
        outputs={"entitlement_id": "string", "granted_at": "timestamp"},
        errors=("billing.rejected",),
        example={"entitlement_id": "ent-1"},
    ),
    Topic(
        "line.test",
        "Tests the subscriber's line.",
        inputs={"subscriber_id": "string"},
        outputs={"broadband_ok": "bool", "tested_at": "timestamp"},
        errors=("line.unknown_subscriber",),
        example={"broadband_ok": True},
    ),
    Topic(
        "broadband.register_fault",
        "Registers a broadband fault in the repair bureau's own system.",
        inputs={
            "subscriber_id": "string",
            "problem": "string?",
            "contact_phone": "string?",
            "linked_to": "string?",
        },
        outputs={"fault_id": "string"},
        errors=("broadband.rejected",),
        example={"fault_id": "F-1"},
    ),
    Topic(
        "platform.indicators",
        "Reads the performance indicators of the i-Vision platform; one without a source says `no_data`.",
        inputs={"indicators": "list(string)"},
        outputs={"indicators": "list", "measured_at": "timestamp"},
        example={"indicators": []},
    ),
    Topic(
        "mail.attach",
        "Attaches an unsorted mail to an appeal's case, and answers with what a message needs to hand it over.",
        inputs={"mail_id": "string", "appeal_id": "string"},
        outputs={
            "result": "string",
            "correlation_token": "string",
            "answer_text": "string",
            "received_at": "timestamp",
            "answered_by": "string",
        },
        errors=("mail.no_case",),
        example={"result": "attached", "correlation_token": "token", "answer_text": "…", "answered_by": "p@x.kz"},
    ),
    Topic(
        "mail.discard",
        "Closes an unsorted mail with a reason.",
        inputs={"mail_id": "string", "reason": "string"},
        outputs={"discarded": "bool"},
        example={"discarded": True},
    ),
)

TOPICS: Mapping[str, Topic] = {topic.kind: topic for topic in _ALL}
