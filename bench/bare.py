"""The least that a durable endpoint can do: one row, one commit.  `uvicorn bare:app` with BENCH_DATABASE."""

from __future__ import annotations

import os
import uuid
from typing import Any

import sqlalchemy as sa
from fastapi import Body, FastAPI

engine = sa.create_engine(os.environ["BENCH_DATABASE"], pool_size=10, max_overflow=10)
metadata = sa.MetaData()
row = sa.Table("row", metadata, sa.Column("id", sa.Uuid, primary_key=True), sa.Column("body", sa.JSON))
metadata.create_all(engine)
app = FastAPI()


@app.post("/rows", status_code=201)
def put(body: dict[str, Any] = Body()) -> dict[str, str]:  # noqa: B008
    id = uuid.uuid4()
    with engine.begin() as connection:
        connection.execute(row.insert().values(id=id, body=body))
    return {"id": str(id)}
