"""The service's JSON: dates, lenient bodies, errors (protocol, sections 1.3 to 1.5)."""

import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import quote

Json = Any  # a JSON value as the standard library reads it; the documents' shapes are the service's, not ours to type
Object = dict[str, Json]

NEVER = -62135596800000
"""The .NET minimum date in milliseconds since 1970: what an unset time says (2016-12-09/Topics.json)."""
MAX_DEPTH = 100
"""The .NET client's own limit on nesting (protocol, section 1.4)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r'"/Date\((-?\d+)\)/"')
_TICKS_1970 = 621355968000000000
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*"?', re.DOTALL)
_BARE_KEY = re.compile(r"([{,]\s*)([A-Za-z_$][\w$]*)(\s*:)")


class ApiError(Exception):
    """A refusal with the service's error body."""

    def __init__(self, status: int, code: str, message: str, detail: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail or code
        self.headers = dict(headers or {})

    def body(self) -> Object:
        return error_body(self.code, self.message, self.detail)


def error_body(code: str, message: str, detail: str = "") -> Object:
    """An error as the service words it: the class in `code`, the specific one in the first detail (protocol, section 1.5)."""
    return {"error": {"code": code, "message": message, "details": [{"code": detail or code, "target": None, "message": message}]}}


def bad(message: str, detail: str = "BadArgument") -> ApiError:
    """A request that can't be understood or is not allowed as it stands."""
    return ApiError(400, "BadArgument", message, detail)


def missing(what: str, detail: str = "NotFound") -> ApiError:
    """Something the request names that is not there."""
    return ApiError(404, "NotFound", f"{what} was not found.", detail)


def conflict(message: str, detail: str = "Conflict") -> ApiError:
    """Something that stands in the way."""
    return ApiError(409, "Conflict", message, detail)


def dumps(value: Json) -> bytes:
    """The value as the service writes it: one line, only the slashes of dates escaped (2016-12-09/Entity Recognition.json)."""
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _DATE.sub(r'"\\/Date(\1)\\/"', line).encode()


def loads(body: bytes) -> Json:
    """A request's JSON, read leniently: unquoted member names are taken (protocol, section 2), bad text and NaN are not."""
    try:
        text = body.decode("utf-8-sig")
        try:
            value = _parse(text)
        except ValueError:
            value = _parse(_quoted_keys(text))
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate can be read but never be written
    except (ValueError, RecursionError) as error:
        raise bad("The body is not valid JSON.", "InvalidJson") from error
    if _is_deeper(value, MAX_DEPTH):
        raise bad(f"The body is nested deeper than {MAX_DEPTH} levels.", "InvalidJson")
    return value


def _parse(text: str) -> Json:
    return json.loads(text, parse_constant=_no_constant)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _quoted_keys(text: str) -> str:
    """The text with its unquoted member names quoted; strings are left alone."""
    parts, end = [], 0
    for string in _STRING.finditer(text):
        parts += [_BARE_KEY.sub(r'\1"\2"\3', text[end : string.start()]), string.group()]
        end = string.end()
    return "".join([*parts, _BARE_KEY.sub(r'\1"\2"\3', text[end:])])


def _is_deeper(value: Json, levels: int) -> bool:
    """Whether a value nests deeper; level by level, so that it can't exhaust the stack itself."""
    layer = [value]
    for _ in range(levels):
        layer = [inner for each in layer if isinstance(each, dict | list) for inner in (each.values() if isinstance(each, dict) else each)]
        if not layer:
            return False
    return True


def as_object(body: bytes) -> Object:
    """The body as a JSON object; anything else is a bad request."""
    value = loads(body)
    if not isinstance(value, dict):
        raise bad("The body must be a JSON object.", "InvalidJson")
    return value


def member(document: Object, name: str) -> Json:
    """A member by its name, in whatever case clients spell it (UploadedFromFileName, UploadedFromFilename)."""
    if name in document:
        return document[name]
    return next((value for key, value in document.items() if key.lower() == name.lower()), None)


def text_of(document: Object, name: str, default: str = "") -> str:
    """A member that is a string or unset."""
    value = member(document, name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise bad(f"{name} must be a string.")
    return value


def object_of(document: Object, name: str) -> Object:
    """A member that is an object."""
    value = member(document, name)
    if not isinstance(value, dict):
        raise bad(f"{name} must be an object.")
    return value


def now() -> float:
    """Seconds since 1970."""
    return time.time()


def date(seconds: float) -> str:
    """A moment as the service writes dates."""
    return f"/Date({round(seconds * 1000)})/"


def date_ms(milliseconds: int) -> str:
    """A moment in milliseconds as the service writes dates."""
    return f"/Date({milliseconds})/"


def ms_of(value: Json, default: int = 0) -> int:
    """The milliseconds of a written date."""
    found = re.fullmatch(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/", value) if isinstance(value, str) else None
    return int(found.group(1)) if found else default


def iso(seconds: float) -> str:
    """A moment in ISO 8601, whole seconds, as signed links spell it."""
    return _iso(int(seconds))


@lru_cache(maxsize=16)  # one reply may hold hundreds of links of one moment
def _iso(seconds: int) -> str:
    return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def ticks(seconds: float) -> int:
    """A moment in .NET's ticks."""
    return _TICKS_1970 + int(seconds * 10_000_000)


def etag(ticks_since_1970: int) -> str:
    """An etag as real exports have them: the moment of the last write in tenths of microseconds (2016-05-25/train.json)."""
    whole, fraction = divmod(ticks_since_1970, 10_000_000)
    moment = f"{_EPOCH + timedelta(seconds=whole):%Y-%m-%dT%H:%M:%S}.{fraction:07d}"
    return f"W/\"datetime'{quote(moment)}Z'\""


def stamp(created_ms: int) -> str:
    """The last part of a snapshot's id: what is left until the end of .NET's calendar (protocol, section 1.6)."""
    return f"{datetime.max - timedelta(milliseconds=created_ms):%Y-%m-%dt%H.%M.%S}"
