"""Signed links to blobs: no token, only for a while, and for one blob (protocol, sections 3 and 5.6)."""

import base64
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import parse_qs, quote, unquote, urlsplit

from amlgit.emulator.wire import ApiError, Object, iso

_VERSION = "2015-02-21"
_CLOCK_SKEW = 300.0
_CODES = [(character, f"%{ord(character):02X}") for character in "%:/?=&+"]
_UNUSUAL = re.compile("[^A-Za-z0-9_.~%:/?=&+-]")
_DENIED = "The link is not signed by this emulator, or it has expired."


def denied() -> ApiError:
    """What storage says to a bad signature."""
    return ApiError(403, "AuthenticationFailed", _DENIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Makes links below the address the client reached us at."""

    key: bytes
    base: str
    """Scheme and host, without a slash at the end."""
    at: float
    seconds: float

    def sas(self, blob: str) -> str:
        """The query that opens one blob."""
        opens, closes = iso(self.at - _CLOCK_SKEW), iso(self.at + self.seconds)
        return f"?sv={_VERSION}&sr=b&sig={_sign(self.key, blob, opens, closes)}{_window(opens, closes)}&sp=r"

    def url(self, blob: str) -> str:
        """A blob's whole link."""
        return f"{self.base}/blob/{quote(blob)}{self.sas(blob)}"

    def stored(self, blob: str, name: str, size: int) -> Object:
        """An Endpoint that leads straight to storage; its three parts make the link when put one after the other."""
        return _endpoint(f"{self.base}/blob/", name, size, self.sas(blob), quote(blob))

    def shared(self, workspace: str, blob: str, name: str, size: int) -> Object:
        """An Endpoint as runs have them: a link within a link, both signed (2016-05-25/train.json)."""
        inner = self.url(blob)
        credential = f"?workspaceId={workspace}&signature={_sign(self.key, workspace, inner)}&sharedAccessUri={_quoted(inner)}"
        return _endpoint(f"{self.base}/", name, size, credential, "api/sharedaccess")

    def check(self, blob: str, query: str) -> None:
        """Refuse a link that we did not sign for this blob, or that is too old."""
        given = {name: values[0] for name, values in parse_qs(query).items()}
        opens, closes, signature = (given.get(name, "") for name in ("st", "se", "sig"))
        if not hmac.compare_digest(unquote(_sign(self.key, blob, opens, closes)).encode(), signature.encode()):
            raise denied()
        if not _moment(opens) <= self.at < _moment(closes):
            raise denied()

    def blob_of(self, workspace: str, signature: str, inner: str) -> str:
        """The blob behind a link within a link."""
        if not hmac.compare_digest(unquote(_sign(self.key, workspace, inner)).encode(), signature.encode()):
            raise denied()
        return self.own_blob(inner)

    def own_blob(self, url: str) -> str:
        """The blob of a link of ours, whatever host name it was made under; nothing is ever fetched from elsewhere."""
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise denied() from error
        blob = unquote(parts.path.partition("/blob/")[2])
        self.check(blob, parts.query)
        return blob


def _sign(key: bytes, *parts: str) -> str:
    """A signature as it stands in a query."""
    digest = hmac.digest(key, "\n".join(parts).encode("utf-8", "surrogatepass"), "sha256")
    return base64.b64encode(digest).decode().replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


@lru_cache(maxsize=16)  # one reply may hold hundreds of links of one moment
def _window(opens: str, closes: str) -> str:
    return f"&st={quote(opens, safe='')}&se={quote(closes, safe='')}"


def _quoted(text: str) -> str:
    """The text with everything encoded that may mean something in a URL, as `quote` does at many times the cost."""
    if _UNUSUAL.search(text):
        return quote(text, safe="")
    for character, code in _CODES:
        text = text.replace(character, code)
    return text


def _moment(text: str) -> float:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp()
    except ValueError as error:
        raise denied() from error


def _endpoint(base: str, name: str, size: int, credential: str, location: str) -> Object:
    return {
        "BaseUri": base,
        "Size": min(size, 2**31 - 1),  # clients read it into an Int32 (protocol, section 1.4)
        "Name": name,
        "EndpointType": "SasEndpoint",
        "CredentialContainer": "Inline",
        "AccessCredential": credential,
        "Location": location,
        "FileType": "File",
        "IsAuxiliary": False,
    }
