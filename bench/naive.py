"""What one would write in an afternoon: three endpoints over stock SpiffWorkflow, its whole serialization in one row.

No authentication, no history, no jobs.  `uvicorn naive:app` with BENCH_DATABASE.
"""

from __future__ import annotations

import os
import uuid
from io import BytesIO
from typing import Any

from fastapi import Body, FastAPI, HTTPException
from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import Text, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

DIAGRAM = b"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="naive">
<process id="order" isExecutable="true"><startEvent id="begin"/><userTask id="approve" name="Approve"/>
<exclusiveGateway id="large" default="f4"/><scriptTask id="add"><script>total = amount * 2</script></scriptTask>
<endEvent id="done"/><endEvent id="small"/><sequenceFlow id="f1" sourceRef="begin" targetRef="approve"/>
<sequenceFlow id="f2" sourceRef="approve" targetRef="large"/><sequenceFlow id="f3" sourceRef="large" targetRef="add">
<conditionExpression>amount &gt; 100</conditionExpression></sequenceFlow>
<sequenceFlow id="f4" sourceRef="large" targetRef="small"/><sequenceFlow id="f5" sourceRef="add" targetRef="done"/>
</process></definitions>"""

_parser = BpmnParser()
_parser.add_bpmn_xml(etree.parse(BytesIO(DIAGRAM)))
SPEC = _parser.get_spec("order")
SERIALIZER = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())
engine = create_engine(os.environ["BENCH_DATABASE"], pool_size=10, max_overflow=10)


class Base(DeclarativeBase):
    pass


class Instance(Base):
    __tablename__ = "instance"
    id: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    state: Mapped[str] = mapped_column(Text)


Base.metadata.create_all(engine)
app = FastAPI()


@app.post("/instances", status_code=201)
def start(body: dict[str, Any] = Body()) -> dict[str, Any]:  # noqa: B008
    workflow = BpmnWorkflow(SPEC)
    workflow.do_engine_steps()
    for task in workflow.get_tasks(state=TaskState.READY):
        task.data.update(body)
    id = str(uuid.uuid4())
    with Session(engine) as session:
        session.add(Instance(id=id, status="running", state=SERIALIZER.serialize_json(workflow)))
        session.commit()
    return {"id": id}


@app.get("/instances/{id}/tasks")
def tasks(id: str) -> list[dict[str, Any]]:
    with Session(engine) as session:
        row = session.get(Instance, id)
        if row is None:
            raise HTTPException(404)
        workflow = SERIALIZER.deserialize_json(row.state)
    return [{"id": str(task.id)} for task in workflow.get_tasks(state=TaskState.READY, manual=True)]


@app.post("/instances/{id}/tasks/{task_id}/complete")
def complete(id: str, task_id: str, body: dict[str, Any] = Body()) -> dict[str, Any]:  # noqa: B008
    with Session(engine) as session:
        row = session.get(Instance, id, with_for_update=True)
        if row is None:
            raise HTTPException(404)
        workflow = SERIALIZER.deserialize_json(row.state)
        task = workflow.get_task_from_id(uuid.UUID(task_id))
        task.data.update(body)
        task.run()
        workflow.do_engine_steps()
        row.state = SERIALIZER.serialize_json(workflow)
        row.status = "completed" if workflow.is_completed() else "running"
        status = row.status
        session.commit()
    return {"id": id, "status": status}
