"""The built pages under /app/: files that never change under their names, and one page for every other address.

The pages hold no data and are open to all; what they show they ask the API for, as whoever signed in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from kt_flows.errors import FlowsError, NotFound

BUILT = Path(__file__).with_name("static")
ROOT = "/app/"
START = "index.html"

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",  # diagrams and lists place their parts by style attributes
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_FIRST = "no-cache"
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""What a browser may take, best first; the build writes each file in all of them."""


class NotBuilt(FlowsError):
    """The pages have not been built: run `make web`; until then there is the API alone."""

    code = "pages.not_built"


@dataclass(frozen=True, slots=True)
class File:
    """One file as it goes out: its media type, and its bytes by content encoding."""

    media_type: str
    bodies: Mapping[str, bytes]


def files(built: Path) -> dict[str, File]:
    """Everything that the build left, by its path under /app/.  Raises NotBuilt."""
    if not (built / START).is_file():
        raise NotBuilt
    return dict(_files(built))


def _files(built: Path) -> Iterator[tuple[str, File]]:
    for path in sorted(built.rglob("*")):
        if path.suffix in _TYPES:
            bodies = {"identity": path.read_bytes()}
            for name, ending in _ENCODINGS.items():
                packed = path.with_name(path.name + ending)
                if packed.is_file():
                    bodies[name] = packed.read_bytes()
            yield path.relative_to(built).as_posix(), File(_TYPES[path.suffix], bodies)


def pages(built: Path = BUILT) -> APIRouter:
    """The routes of the pages.  Raises NotBuilt."""
    router = APIRouter(include_in_schema=False)
    there = files(built)

    @router.get("/")
    async def front() -> Response:
        return RedirectResponse(ROOT, 307)

    @router.get("/app")
    async def slash() -> Response:
        return RedirectResponse(ROOT, 307)

    @router.get(ROOT + "{path:path}")
    async def page(request: Request, path: str) -> Response:
        if path in there and path != START:
            named_by_content = path.startswith("assets/")
            return _answer(request, there[path], _FOR_EVER if named_by_content else _ASK_FIRST)
        if "." in path.rpartition("/")[2]:
            raise NotFound("There is no such file; reload the page.")
        return _answer(request, there[START], _ASK_FIRST)

    return router


def _answer(request: Request, file: File, keep: str) -> Response:
    taken = {part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
    encoding = next((name for name in _ENCODINGS if name in taken and name in file.bodies), "identity")
    headers = {**_HEADERS, "Cache-Control": keep, "Vary": "Accept-Encoding"}
    if encoding != "identity":
        headers["Content-Encoding"] = encoding
    return Response(file.bodies[encoding], 200, {**headers, "Content-Type": file.media_type})
