"""Who may speak to the emulator at all: no web page in a browser, no foreign host name; and which tokens a request carries."""

import hmac
import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from amlgit.emulator.wire import ApiError

SERVICE_HOSTS = ("azureml.net", "azureml.de", "azureml.cn", "azureml-int.net", "management.azure.com")
"""The service's own names, for clients pointed here by a hosts file or a proxy (protocol, section 14)."""

_PLANE_PREFIX = re.compile(
    rb"^/+(?:[a-z]+\.)?(?:studioapi|management)\.azureml(?:-int)?(?:\.[a-z]+)?(?=/)|^/+(?:[a-z]+\.)?(?:studioapi|management)[a-z.-]*(?=/)"
)


def check_host(headers: Mapping[str, str], allowed: frozenset[str] | None) -> None:
    """Refuse a host name that is not ours: a page could have its own name point here (DNS rebinding)."""
    name = host_name(headers.get("host", ""))
    if allowed is None or name in allowed or _is_service(name) or (_is_loopback(name)):
        return
    raise ApiError(403, "Forbidden", "The Host header names a host this emulator does not answer for.")


def check_origin(headers: Mapping[str, str]) -> None:
    """Refuse browsers that act for another page; command line clients send neither header."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    foreign = origin is not None and _netloc(origin) != headers.get("host", "").lower()
    if foreign or site in {"cross-site", "same-site"}:
        raise ApiError(403, "Forbidden", "Requests from web pages of other origins are refused.")


def host_name(host: str) -> str:
    """The name in a Host header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_service(name: str) -> bool:
    return any(name == each or name.endswith(f".{each}") for each in SERVICE_HOSTS)


def _is_loopback(name: str) -> bool:
    return name == "localhost" or (is_address(name) and ipaddress.ip_address(name).is_loopback)


def is_address(name: str) -> bool:
    """Whether a name is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def tokens(headers: Mapping[str, str]) -> list[str]:
    """The tokens of a request, from either header; the scheme in any case, with any space around (protocol, section 1.3)."""
    found = [headers.get("x-ms-metaanalytics-authorizationtoken", "").strip()]
    scheme, _, rest = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        found.append(rest.strip())
    return [token for token in found if token]


def without_prefix(raw_path: bytes) -> bytes:
    """The path after a proxy's absolute form or a client's base of regional host names (protocol, section 14, options 1 and 3)."""
    if raw_path[:7].lower() == b"http://" or raw_path[:8].lower() == b"https://":
        raw_path = b"/" + raw_path.partition(b"://")[2].partition(b"/")[2]
    return _PLANE_PREFIX.sub(b"", raw_path)


def check_admin(known: str, given: list[str]) -> None:
    """Refuse whoever has not the emulator's own token, which no workspace's token is."""
    matches = [hmac.compare_digest(known.encode(), token.encode()) for token in given]
    if not any(matches):
        raise ApiError(401, "Unauthorized", "This needs the admin token that the emulator printed.", headers={"WWW-Authenticate": "Bearer"})
