"""The page: its one document for every address a person can be at, and its hashed assets."""

import gzip
import mimetypes
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from semioscope.core.errors import NotFound

router = APIRouter(include_in_schema=False)

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"
_WORTH_COMPRESSING: Final = ("text/", "application/javascript", "application/json", "image/svg")
_MEDIA_TYPES: Final = {".js": "text/javascript", ".woff2": "font/woff2", ".map": "application/json"}
_NOT_BUILT: Final = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Semioscope</title></head>
<body><h1>Semioscope is running, but its page is not built yet.</h1>
<p>Build it with <code>make build</code> (or <code>npm ci</code> and <code>npm run build</code>
in <code>frontend</code>), then load this address again.</p>
<p>The API answers already: <a href="/api/status">/api/status</a>.</p></body></html>
"""


@dataclass(frozen=True)
class _File:
    """A file of the page as it is sent."""

    modified: int
    media_type: str
    tag: str
    plain: bytes
    packed: bytes | None


class PageFiles:
    """The built page's files, read and compressed once, and again when a build replaces them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._read: dict[Path, _File] = {}

    def document(self, request: Request) -> Response:
        """index.html, or what to do when the page is not built."""
        found = self._file("index.html")
        if found is None:
            return Response(_NOT_BUILT, 503, media_type="text/html; charset=utf-8")
        return _response(found, request, _ASK_AGAIN)

    def asset(self, path: str, request: Request) -> Response | None:
        """A file below the folder; what Vite named by its content is kept for ever."""
        found = self._file(path)
        if found is None:
            return None
        return _response(found, request, _FOR_EVER if path.startswith("assets/") else _ASK_AGAIN)

    def _file(self, path: str) -> _File | None:
        place = (self._folder / path).resolve()
        if not place.is_relative_to(self._folder) or not place.is_file():
            return None
        modified = place.stat().st_mtime_ns
        known = self._read.get(place)
        if known is None or known.modified != modified:
            known = self._read[place] = _read(place, modified)
        return known


def _read(place: Path, modified: int) -> _File:
    plain = place.read_bytes()
    guessed = _MEDIA_TYPES.get(place.suffix) or mimetypes.guess_type(place.name)[0]
    media_type = guessed or "application/octet-stream"
    is_text = media_type.startswith(_WORTH_COMPRESSING)
    packed = gzip.compress(plain, mtime=0) if is_text else None
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    return _File(modified, media_type, f'"{sha256(plain).hexdigest()[:16]}"', plain, packed)


def _response(file: _File, request: Request, cache: str) -> Response:
    headers = {"Cache-Control": cache, "ETag": file.tag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == file.tag:
        return Response(status_code=304, headers=headers)
    if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(file.packed, headers=headers, media_type=file.media_type)
    return Response(file.plain, headers=headers, media_type=file.media_type)


def _files(request: Request) -> PageFiles:
    files: PageFiles = request.app.state.page
    return files


@router.get("/")
@router.get("/recover")
@router.get("/compare/{a}/{b}")
@router.get("/t/{ref}")
@router.get("/f/{ref}")
def document(request: Request) -> Response:
    """What is shown at an address is the page's own concern."""
    return _files(request).document(request)


@router.get("/assets/{path:path}")
def asset(path: str, request: Request) -> Response:
    """What the build named by its content, or 404."""
    return _found(f"assets/{path}", request)


@router.get("/{name}")
def loose_file(name: str, request: Request) -> Response:
    """A file beside index.html, or 404: to a person as the page, which says so and leads home."""
    try:
        return _found(name, request)
    except NotFound:
        if "text/html" not in request.headers.get("accept", ""):
            raise
    nowhere = _files(request).document(request)
    if nowhere.status_code == 200:
        nowhere.status_code = 404
    return nowhere


def _found(path: str, request: Request) -> Response:
    found = _files(request).asset(path, request)
    if found is None:
        raise NotFound("unknown-address", "There is nothing at this address.")
    return found
