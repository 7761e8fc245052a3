"""The page: what a browser loads, kept in memory as it was built, and the same start page for each of its addresses."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)

STATIC = Path(__file__).parents[2] / "web" / "static"
_START = "index.html"
# Their names change with their content.
_HASHED = "assets/"


@dataclass(frozen=True)
class _File:
    content: bytes
    zipped: bytes
    media_type: str
    etag: str


@cache
def _files() -> Mapping[str, _File]:
    """Every file of the page by its path: a request can name nothing else."""
    return {str(path.relative_to(STATIC)): _file(path) for path in sorted(STATIC.rglob("*")) if path.is_file()}


def _file(path: Path) -> _File:
    content = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    etag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    return _File(content, gzip.compress(content, mtime=0), media_type, etag)


@router.get("/{path:path}")
async def page(path: str, request: Request) -> Response:
    """A file of the page, or its start page for an address that the page itself reads (`/q/<id>`, `/history` …)."""
    name = path if path in _files() else _START
    is_address = "." not in path and not path.startswith("api/")
    if name not in _files() or (name == _START and not is_address and path != _START):
        raise HTTPException(404, "There is nothing here.")
    file = _files()[name]
    headers = {
        "ETag": file.etag,
        "Cache-Control": "public, max-age=31536000, immutable" if name.startswith(_HASHED) else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("If-None-Match") == file.etag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        return Response(file.zipped, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)
