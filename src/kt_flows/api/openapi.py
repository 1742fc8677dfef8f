"""The API's description in three dialects: OpenAPI 3.1 as FastAPI makes it, 3.0.3 and Swagger 2.0 converted down.

Siebel imports JSON only, Swagger 2.0 before 22.9 and 3.0 since: no `anyOf` with null, no `const`, no `prefixItems`.
Every function takes a description and gives a new one.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from kt_flows.api.door import BODY, PERMISSION, PREFIXES
from kt_flows.api.models import Problem

Document = dict[str, Any]

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_NUMERIC_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_NOT_IN_3_0 = (
    "$schema",
    "$id",
    "$defs",
    "$comment",
    "examples",
    "prefixItems",
    "unevaluatedProperties",
    "if",
    "then",
)
_NOT_IN_2_0 = ("nullable", "deprecated", "writeOnly", "oneOf", "anyOf", "not", "discriminator", "links")


def describe(app: FastAPI, base_url: str) -> Document:
    """OpenAPI 3.1 of the app's routes, with the bearer token where a permission is asked for."""
    document = get_openapi(
        title="kt-flows",
        version=app.version,
        description="Support-desk processes over REST. Errors are RFC 9457 problems.",
        routes=app.routes,
        servers=[{"url": base_url}],
    )
    components = document.setdefault("components", {})
    components.setdefault("securitySchemes", {})["bearer"] = {"type": "http", "scheme": "bearer"}
    schemas = components.setdefault("schemas", {})
    for schema in ("HTTPValidationError", "ValidationError"):
        schemas.pop(schema, None)
    told = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(told.pop("$defs", {}))
    schemas["Problem"] = told
    for operation in _operations(document):
        operation.pop(BODY, None)
        operation.pop(PREFIXES, None)
        if PERMISSION in operation:
            operation["security"] = [{"bearer": []}]
        answer = operation.get("responses", {}).get("422", {})
        if "HTTPValidationError" in str(answer):
            operation["responses"].pop("422")
    return document


def to_3_0(document: Document) -> Document:
    """OpenAPI 3.0.3: `nullable` instead of a null type, `enum` instead of `const`."""
    down = copy.deepcopy(document)
    down["openapi"] = "3.0.3"
    down.pop("webhooks", None)
    down.pop("jsonSchemaDialect", None)
    _each_schema(down, _schema_3_0)
    return down


def to_2_0(document: Document) -> Document:
    """Swagger 2.0 from OpenAPI 3.0: body parameters, definitions, one host."""
    up = to_3_0(document)
    _each_schema(up, _schema_2_0)
    url = re.fullmatch(r"(https?)://([^/]+)(/.*)?", up["servers"][0]["url"])
    assert url is not None, "the base URL is absolute"
    components = up.get("components", {})
    down: Document = {
        "swagger": "2.0",
        "info": up["info"],
        "host": url[2],
        "basePath": url[3] or "/",
        "schemes": [url[1]],
        "consumes": ["application/json"],
        "produces": ["application/json", "application/problem+json"],
        "securityDefinitions": {"bearer": {"type": "apiKey", "name": "Authorization", "in": "header"}},
        "paths": {},
        "definitions": components.get("schemas", {}),
    }
    for path, item in up["paths"].items():
        down["paths"][path] = {
            method: _operation_2_0(operation) for method, operation in item.items() if method in _METHODS
        }
    moved: Document = _map(down, _reference_2_0)
    return moved


def _operations(document: Document) -> list[Document]:
    return [item[method] for item in document["paths"].values() for method in _METHODS if method in item]


def _each_schema(document: Document, change: Callable[[Document], None]) -> None:
    """Applies `change` to every schema, inner ones first."""

    def walk(schema: Any) -> None:
        if not isinstance(schema, dict):
            return
        for name in ("properties", "patternProperties", "$defs"):
            for part in schema.get(name, {}).values():
                walk(part)
        for name in ("items", "additionalProperties", "not"):
            walk(schema.get(name))
        for name in ("anyOf", "oneOf", "allOf", "prefixItems"):
            for part in schema.get(name, []):
                walk(part)
        change(schema)

    for schema in document.get("components", {}).get("schemas", {}).values():
        walk(schema)
    for operation in _operations(document):
        for parameter in operation.get("parameters", []):
            walk(parameter.get("schema"))
        bodies = [operation.get("requestBody", {}), *operation.get("responses", {}).values()]
        for body in bodies:
            for media in body.get("content", {}).values():
                walk(media.get("schema"))


def _schema_3_0(schema: Document) -> None:
    if "prefixItems" in schema:
        schema["items"] = {}
    for name in _NOT_IN_3_0:
        schema.pop(name, None)
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    for bound, plain in _NUMERIC_BOUNDS.items():
        if isinstance(schema.get(bound), int | float) and not isinstance(schema.get(bound), bool):
            schema[plain], schema[bound] = schema[bound], True
    for name in ("anyOf", "oneOf"):
        parts = schema.get(name)
        if parts is None:
            continue
        rest = [part for part in parts if part.get("type") != "null"]
        if len(rest) < len(parts):
            schema["nullable"] = True
        if len(rest) == 1:
            del schema[name]
            # A reference's siblings are ignored in 3.0, so it goes inside allOf.
            schema.update({"allOf": rest} if "$ref" in rest[0] else {**rest[0], **schema})
        else:
            schema[name] = rest
    if isinstance(schema.get("type"), list):
        kinds = [kind for kind in schema["type"] if kind != "null"]
        if len(kinds) < len(schema["type"]):
            schema["nullable"] = True
        del schema["type"]
        if len(kinds) == 1:
            schema["type"] = kinds[0]
    if schema.get("type") == "array":
        schema.setdefault("items", {})
    if schema.get("enum") == [None]:
        del schema["enum"]


def _schema_2_0(schema: Document) -> None:
    nullable = schema.get("nullable")
    for name in _NOT_IN_2_0:
        schema.pop(name, None)
    if nullable:
        schema["x-nullable"] = True


def _operation_2_0(operation: Mapping[str, Any]) -> Document:
    down: Document = {
        name: value
        for name, value in operation.items()
        if name in ("tags", "summary", "description", "operationId", "security") or name.startswith("x-")
    }
    parameters = [_parameter_2_0(parameter) for parameter in operation.get("parameters", [])]
    content = operation.get("requestBody", {}).get("content", {})
    if content:
        media, body = next(iter(content.items()))
        down["consumes"] = list(content)
        if media == "multipart/form-data":
            parameters.append({"name": "files", "in": "formData", "type": "file", "required": True})
        else:
            parameters.append(
                {
                    "name": "body",
                    "in": "body",
                    "required": operation["requestBody"].get("required", False),
                    "schema": body.get("schema", {"type": "object"}),
                }
            )
    if parameters:
        down["parameters"] = parameters
    down["responses"] = {}
    for status, answer in operation["responses"].items():
        told: Document = {"description": answer["description"]}
        for media in answer.get("content", {}).values():
            if media.get("schema"):
                told["schema"] = media["schema"]
        down["responses"][status] = told
    return down


def _parameter_2_0(parameter: Mapping[str, Any]) -> Document:
    schema = parameter.get("schema", {})
    down: Document = {
        "name": parameter["name"],
        "in": parameter["in"],
        "required": parameter.get("required", False),
        "type": schema.get("type", "string"),
    }
    if parameter.get("description"):
        down["description"] = parameter["description"]
    for name in ("enum", "format", "minimum", "maximum", "minLength", "maxLength", "pattern", "default"):
        if schema.get(name) is not None:
            down[name] = schema[name]
    if down["type"] == "array":
        down["items"] = schema.get("items", {"type": "string"})
    return down


def _map(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {name: change(part) if name == "$ref" else _map(part, change) for name, part in value.items()}
    if isinstance(value, list):
        return [_map(part, change) for part in value]
    return value


def _reference_2_0(reference: str) -> str:
    return reference.replace("#/components/schemas/", "#/definitions/")


def operation_id(route: APIRoute) -> str:
    """The endpoint's own name in camelCase: short, ASCII, and unique because names of endpoints are."""
    first, *rest = route.name.split("_")
    return first + "".join(part.capitalize() for part in rest)
