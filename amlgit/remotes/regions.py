"""Where a workspace is: a location, or a URL, to the origin that its requests and its token go to (protocol, sections 1.1 and 1.2)."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from amlgit.errors import UsageError

_HOSTS: Mapping[str, str] = {
    "South Central US": "studioapi.azureml.net",
    "West Europe": "europewest.studioapi.azureml.net",
    "Southeast Asia": "asiasoutheast.studioapi.azureml.net",
    "Japan East": "japaneast.studioapi.azureml.net",
    "Germany Central": "germanycentral.studioapi.azureml.de",
    "West Central US": "uswestcentral.studioapi.azureml.net",
    "China East": "chinaeast.studioapi.azureml.cn",
}
"""Location → host, as the public clients had it."""

LOCATIONS = tuple(_HOSTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Scheme, host and port: what a token belongs to. `host` has the port where it is not the scheme's own."""

    scheme: str
    host: str

    @property
    def url(self) -> str:
        """The origin as a URL without a path."""
        return f"{self.scheme}://{self.host}"

    @property
    def is_well_known(self) -> bool:
        """Whether it is one of Studio's own or this machine's: no repository can name another place there."""
        return self.host in _HOSTS.values() or is_loopback(urlsplit(self.url).hostname or "")

    @property
    def is_plain(self) -> bool:
        """Whether it is plain HTTP, which is for loopback alone."""
        return self.scheme == "http"


def known_location(text: str) -> str:
    """A location in its usual spelling; raises UsageError listing those there are."""
    found = next((name for name in LOCATIONS if name.casefold().replace(" ", "") == text.casefold().replace(" ", "")), None)
    if found is None:
        raise UsageError(f"{text!r} is no location of Studio", hint=f"Known: {', '.join(LOCATIONS)}. For another host, use --url.")
    return found


def of_location(text: str) -> Origin:
    """The origin that serves a location; raises UsageError."""
    return Origin(scheme="https", host=_HOSTS[known_location(text)])


def of_url(text: str) -> tuple[Origin, str]:
    """The origin of a URL and the path before `/api`; raises UsageError for plain HTTP to another machine, and for what holds a secret."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"the URL is not one: {error}", hint=_URL_HINT) from error
    scheme = parts.scheme.lower()
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        # not repeated here: what stands before '@' or after '?' may be the secret
        raise UsageError("a service's URL has no user, password, query or fragment", hint="The token is given to 'amlgit login'.")
    if scheme not in {"http", "https"} or not host:
        raise UsageError(f"{text!r} is no URL of a service", hint=_URL_HINT)
    if scheme == "http" and not is_loopback(host):
        raise UsageError(f"{text!r}: plain HTTP would show the token to everybody on the way", hint="Use https; http is for this machine alone.")
    named = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}[scheme]
    origin = Origin(scheme=scheme, host=named if port in (None, usual) else f"{named}:{port}")
    return origin, parts.path.rstrip("/").removesuffix("/api").rstrip("/")


_URL_HINT = "Give scheme and host, as in https://studio.example.org"


def is_loopback(host: str) -> bool:
    """Whether a host name is this machine's own loopback."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
