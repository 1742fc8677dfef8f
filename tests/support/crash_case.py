"""Small processes for crash points: a case that goes through what is asked of it, and one of each sort of start."""

from __future__ import annotations

from collections.abc import Mapping

from support.processes import boundary, catch, chain, end, flow, human, message, package, service, start, timer

CALLS: Mapping[str, str] = {
    "siebel": service(
        "siebel",
        "siebel.upsert_sr",
        {
            "integration_id": "${key}",
            "sr_type": "Жалоба",
            "status": "Open",
            "abstract": "${key}",
        },
    ),
    "cabinet": service("cabinet", "cabinet.notify", {"subscriber_id": "${key}", "template": "word", "lang": "ru"}),
    "billing": service(
        "billing",
        "billing.grant_month",
        {"entitlement_key": "${key}", "subscriber_id": "${key}", "service": "software_rental", "months": "${1}"},
    )
    + boundary("refused", "billing", '<bpmn:errorEventDefinition id="refused_error"/>')
    + end("end_refused")
    + chain("refused", "end_refused"),
    "line": service("line", "line.test", {"subscriber_id": "${key}"}),
    "broadband": service("broadband", "broadband.register_fault", {"subscriber_id": "${key}"}),
    "platform": service("platform", "platform.indicators", {"indicators": "${[key]}"}),
    "internal": service("internal", "task.state", {"element_id": "decide"}),
    "attach": service("attach", "mail.attach", {"mail_id": "${mail_id}", "appeal_id": "${key}"})
    + boundary("no_case", "attach", '<bpmn:errorEventDefinition id="no_case_error"/>')
    + end("end_no_case")
    + chain("no_case", "end_no_case"),
    "decide": human("decide", "operator_160", form="decide"),
    "timer": f'<bpmn:intermediateCatchEvent id="timer" name="timer">{timer("timer", "timeDuration", "PT1H")}'
    "</bpmn:intermediateCatchEvent>",
    "word": catch("word", "msg_word"),
    "alarm": '<bpmn:intermediateCatchEvent id="alarm" name="alarm">'
    '<bpmn:signalEventDefinition id="alarm_signal" signalRef="crash_alarm"/></bpmn:intermediateCatchEvent>',
}
"""What a case may go through, by the value of its variable `by`; `mail` is a path of three elements beside these."""

MAIL = (
    service("issue", "token.issue", {}, outputs={"token": "${token}"})
    + service(
        "ask",
        "email.send",
        {
            "to": "provider:default",
            "template": "word",
            "lang": "ru",
            "correlation_token": "${token}",
            "reply_message": "msg_reply",
        },
    )
    + catch("reply", "msg_reply")
    + chain("issue", "ask", "reply", "end_mail")
    + end("end_mail")
)
TEXT = "Subject: Дело ${key}\n\nЗдравствуйте.\n\nДело ${key}.\n"
REPLY = {"answer_text": "string", "received_at": "timestamp", "answered_by": "string"}
VARIABLES = {"by": "string", "key": "string", "mail_id": "string", "token": "string", "yes": "bool"}

CASE = package(
    "crash_case",
    start()
    + '<bpmn:exclusiveGateway id="by_what" name="by_what" default="by_what_to_end"/>'
    + end()
    + chain("start", "by_what", "end")
    + "".join(
        body + end(f"end_{id}") + flow("by_what", id, f'${{by == "{id}"}}') + chain(id, f"end_{id}")
        for id, body in CALLS.items()
    )
    + MAIL
    + flow("by_what", "issue", '${by == "mail"}'),
    variables=VARIABLES | REPLY,
    messages={
        "msg_reply": {"correlation": ["token"], "payload": REPLY},
        "msg_word": {"correlation": ["key"], "payload": {}},
    },
    forms={"decide": [{"type": "checkbox", "key": "yes", "label": "yes"}]},
    more={"signals": {"crash_alarm": {"payload": {}}}},
) | {f"crash_case/mail/word.{lang}.txt": TEXT.encode() for lang in ("ru", "kk", "en")}

SIGNALLED = package(
    "crash_signalled",
    start(inner='<bpmn:signalEventDefinition id="start_signal" signalRef="crash_alarm"/>')
    + end()
    + chain("start", "end"),
    more={"signals": {"crash_alarm": {"payload": {}}}},
)
WATCHFUL = package(
    "crash_watchful",
    start(
        inner='<bpmn:conditionalEventDefinition id="c"><bpmn:condition xsi:type="bpmn:tFormalExpression">'
        '${key == "crash"}</bpmn:condition></bpmn:conditionalEventDefinition>'
    )
    + end()
    + chain("start", "end"),
    variables={"key": "string"},
)
HOURLY = package("crash_hourly", start(inner=timer("start", "timeCycle", "R/PT1H")) + end() + chain("start", "end"))
SENT = package(
    "crash_sent",
    start(inner=message("msg_crash", "start")) + end() + chain("start", "end"),
    variables={"key": "string"},
    messages={"msg_crash": {"correlation": ["key"], "payload": {}}},
)
PROCESSES = {**CASE, **SIGNALLED, **WATCHFUL, **HOURLY, **SENT}
