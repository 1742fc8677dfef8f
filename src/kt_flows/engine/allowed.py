"""What may stand in a diagram: every element and attribute that the service executes, or that is only drawn.

Anything else is refused with its element, never dropped silently.  docs/reference/elements.md says it to people.
"""

from __future__ import annotations

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
# Namespaces of the picture and of the modeler's own marks: they change nothing of what runs.
DRAWN_NAMESPACES = (
    "http://www.omg.org/spec/BPMN/20100524/DI",
    "http://www.omg.org/spec/DD/20100524/DC",
    "http://www.omg.org/spec/DD/20100524/DI",
    "http://camunda.org/schema/modeler/1.0",
    "http://bpmn.io/schema/bpmn/biocolor/1.0",
    "http://www.omg.org/spec/BPMN/non-normative/color/1.0",
)
DRAWN = {"documentation", "incoming", "outgoing", "laneSet", "textAnnotation", "association", "group"}

_ACTIVITY = {"default", "isForCompensation"}
_IO = {"inputOutput"}
_JOB = _IO | {"failedJobRetryTimeCycle"}

# tag -> (plain attributes beside id and name, camunda attributes, camunda extension elements)
NODES: dict[str, tuple[set[str], set[str], set[str]]] = {
    "task": (_ACTIVITY, set(), _IO),
    "manualTask": (_ACTIVITY, set(), _IO),
    "userTask": (
        _ACTIVITY,
        {"candidateGroups", "assignee", "dueDate", "priority", "formRef", "formRefBinding"},
        _IO,
    ),
    "serviceTask": (_ACTIVITY, {"type", "topic", "resultVariable"}, _JOB),
    "sendTask": (_ACTIVITY, {"type", "topic", "resultVariable"}, _JOB),
    "receiveTask": (_ACTIVITY | {"messageRef"}, set(), _IO),
    "scriptTask": (_ACTIVITY | {"scriptFormat"}, {"resultVariable"}, _IO),
    "businessRuleTask": (
        _ACTIVITY,
        {"decisionRef", "decisionRefBinding", "mapDecisionResult", "resultVariable"},
        _IO,
    ),
    "callActivity": (_ACTIVITY | {"calledElement"}, {"calledElementBinding"}, {"in", "out"}),
    "subProcess": (_ACTIVITY | {"triggeredByEvent"}, set(), set()),
    "transaction": (_ACTIVITY | {"method"}, set(), set()),
    "startEvent": ({"isInterrupting"}, {"formRef", "formRefBinding"}, _IO),
    "endEvent": (set(), set(), _JOB),
    "intermediateCatchEvent": (set(), set(), _IO),
    "intermediateThrowEvent": (set(), set(), _JOB),
    "boundaryEvent": ({"attachedToRef", "cancelActivity"}, set(), _IO),
    "exclusiveGateway": ({"default", "gatewayDirection"}, set(), set()),
    "inclusiveGateway": ({"default", "gatewayDirection"}, set(), set()),
    "parallelGateway": ({"gatewayDirection"}, set(), set()),
    "eventBasedGateway": ({"gatewayDirection"}, set(), set()),
}

# event definition -> (what it is called in an Element, plain attributes, camunda attributes)
EVENTS: dict[str, tuple[str, set[str], set[str]]] = {
    "messageEventDefinition": ("message", {"messageRef"}, set()),
    "timerEventDefinition": ("timer", set(), set()),
    "errorEventDefinition": ("error", {"errorRef"}, {"errorCodeVariable", "errorMessageVariable"}),
    "escalationEventDefinition": ("escalation", {"escalationRef"}, set()),
    "signalEventDefinition": ("signal", {"signalRef"}, set()),
    "conditionalEventDefinition": ("conditional", set(), set()),
    "linkEventDefinition": ("link", set(), set()),
    "terminateEventDefinition": ("terminate", set(), set()),
    "compensateEventDefinition": ("compensate", {"activityRef", "waitForCompletion"}, set()),
    "cancelEventDefinition": ("cancel", set(), set()),
}
# Which events may stand where.
PLACES: dict[str, set[str]] = {
    "startEvent": {"none", "message", "timer", "signal", "conditional"},
    "sub-process": {"none"},
    "event sub-process": {"message", "timer", "error", "escalation", "signal", "conditional", "compensate"},
    "endEvent": {"none", "message", "error", "escalation", "signal", "terminate", "compensate", "cancel"},
    "intermediateCatchEvent": {"message", "timer", "signal", "conditional", "link"},
    "intermediateThrowEvent": {"none", "message", "escalation", "signal", "link", "compensate"},
    "boundaryEvent": {
        "message",
        "timer",
        "error",
        "escalation",
        "signal",
        "conditional",
        "compensate",
        "cancel",
    },
}
# What may stand at the top of a file, by its namespace.
_DI = "http://www.omg.org/spec/BPMN/20100524/DI"
_ROOTS = ("process", "collaboration", "category", "message", "error", "escalation", "signal")
TOP = dict.fromkeys(_ROOTS, BPMN) | {"BPMNDiagram": _DI}
DEFINITIONS = {"targetNamespace", "exporter", "exporterVersion"}
BOOLEANS = {
    "isExecutable",
    "isClosed",
    "isInterrupting",
    "cancelActivity",
    "triggeredByEvent",
    "isSequential",
    "testBefore",
    "isForCompensation",
    "waitForCompletion",
}
# What may repeat.
_ACTIVITIES = {
    "task",
    "manualTask",
    "userTask",
    "serviceTask",
    "sendTask",
    "receiveTask",
    "scriptTask",
    "businessRuleTask",
    "callActivity",
    "subProcess",
    "transaction",
}
LOOPED = {"multiInstanceLoopCharacteristics": _ACTIVITIES, "standardLoopCharacteristics": _ACTIVITIES}
