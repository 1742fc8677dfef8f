"""The API's description as one plain page: no script, nothing fetched from anywhere, readable without a network."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

_STYLE = """
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}
code,pre{font-family:ui-monospace,monospace;font-size:.92em}summary{cursor:pointer;padding:.35rem 0}
details{border-top:1px solid #8884}details>div{padding:0 0 1rem 1.2rem}table{border-collapse:collapse}
td,th{text-align:left;padding:.15rem 1rem .15rem 0;vertical-align:top}b.m{display:inline-block;width:4.5em}
"""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)


def page(document: dict[str, Any]) -> str:
    """The page for an OpenAPI 3.1 document."""
    groups: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            tag = (operation.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append("".join(_operation(method, path, operation)))
    parts = [f"<h2>{escape(tag)}</h2>" + "".join(operations) for tag, operations in groups.items()]
    parts.append("<h2>Schemas</h2>")
    parts += [_schema(name, schema) for name, schema in document.get("components", {}).get("schemas", {}).items()]
    info = document["info"]
    links = " · ".join(
        f'<a href="{name}"><code>{name}</code></a>'
        for name in ("/openapi.json", "/openapi-3.0.json", "/swagger-2.0.json")
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(info['title'])} REST</title><style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info.get('description', ''))}</p>"
        f"<p>{links}</p>" + "".join(parts) + "</html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    permission = operation.get("x-permission")
    yield f'<details id="{escape(operation["operationId"])}"><summary><b class="m">{method.upper()}</b> '
    yield f"<code>{escape(path)}</code> {escape(operation.get('summary', ''))}</summary><div>"
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    yield f"<p>Permission: <code>{escape(permission)}</code></p>" if permission else "<p>Open to all.</p>"
    rows = [
        f"<tr><td><code>{escape(given['name'])}</code><td>{escape(given['in'])}<td>{_type(given.get('schema', {}))}"
        f"<td>{escape(given.get('description', ''))}"
        for given in operation.get("parameters", [])
    ]
    for media, body in operation.get("requestBody", {}).get("content", {}).items():
        rows.append(f"<tr><td>body<td>{escape(media)}<td>{_type(body.get('schema', {}))}<td>")
    if rows:
        yield f"<table>{''.join(rows)}</table>"
    answers = []
    for status, answer in operation["responses"].items():
        schemas = [_type(media.get("schema", {})) for media in answer.get("content", {}).values()]
        answers.append(f"<tr><td>{status}<td>{escape(answer['description'])}<td>{' '.join(schemas)}")
    yield f"<table>{''.join(answers)}</table></div></details>"


def _schema(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    rows = [
        f"<tr><td><code>{escape(field)}</code>{'' if field in required else '?'}<td>{_type(part)}"
        f"<td>{escape(part.get('description', ''))}"
        for field, part in schema.get("properties", {}).items()
    ]
    return (
        f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code></summary><div>'
        f"<p>{escape(schema.get('description', ''))}</p><table>{''.join(rows)}</table></div></details>"
    )


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(_type(part) for part in schema[several])
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = str(schema.get("const", schema.get("type", "any")))
    return escape(kind + (f" ({schema['format']})" if "format" in schema else ""))
