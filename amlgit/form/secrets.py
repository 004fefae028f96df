"""Secrets: what is one, the placeholder that stands for it in git, and what is only suspected and holds a version back.

Certain are the fields that hold credentials and the exact patterns of `secret_patterns`; they are replaced. A hit inside a script, or something that
may be a secret, is a `Suspicion`: nobody but the user can tell. What only looks random (ids, hashes, encoded data) is neither.
"""

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from amlgit.form.secret_patterns import CERTAIN, SUSPECT, SUSPECT_NAME, SUSPECT_VALUE, Rule
from amlgit.model.jsontext import Json, Object, dumps

CREDENTIAL_PARAMETERS = frozenset(
    name.casefold()
    for name in (
        "Access Token",
        "Account Key",
        "Account SAS URI",
        "Azure Account Key",
        "Azure Storage Key",
        "Data Feed Password",
        "DocumentDB Key",
        "Hadoop User Account Password",
        "Hadoop User Password",
        "Password",
        "SAS URI",
        "Server User Account Password",
        "Storage Key",
        "Table Account Key",
    )
)
"""Parameters of type Credential in Studio's built-in modules, case-folded."""

CREDENTIAL_MEMBERS = frozenset(
    name.casefold()
    for name in (
        "AccessCredential",
        "AnalyticFrameworkClusterConnectionString",
        "AuthorizationToken",
        "AzureStorageConnectionString",
        "ConnectionString",
        "HDInsightClusterConnectionString",
        "HDInsightStorageConnectionString",
        "MsIdentityCertificate",
        "PrimaryKey",
        "PrimaryToken",
        "RegistrationKey",
        "SasBlobToken",
        "SecondaryKey",
        "SecondaryToken",
        "SqlAzureConnectionString",
        "UserStorageKey",
    )
)
"""Members of Studio's own documents that hold a credential, case-folded (protocol of the public clients)."""

PLACEHOLDER = re.compile(r"(?<!\$)\$\{secret:([^{}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What the user said about suspicions: hashes of texts that are no secret, and places whose hits are to be replaced."""

    allowed: frozenset[str] = frozenset()
    replaced: frozenset[str] = frozenset()


class _Everything(frozenset[str]):
    def __contains__(self, item: object) -> bool:
        return True


EVERYTHING: frozenset[str] = _Everything()

REPLACE_ALL = Decisions(replaced=EVERYTHING)
"""Decisions where nobody was asked: what may be a secret is treated as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """Something that may be a secret: where (`<family>/<node id>/<parameter>`), why, its line there, and the hash that allows it."""

    place: str
    reason: str
    line: int
    hash: str


class Place(NamedTuple):
    """Where a placeholder stands: file, line (from 1) and what it stood for."""

    path: str
    line: int
    name: str


_TRIGGERS = ("key", "sig", "passw", "pwd", "bearer", "://", "private", "secret", "token", "eyj", "==")
_STATUS_TRIGGERS = tuple(
    trigger.encode()
    for trigger in (
        *("=", "@", "'", "%", '\\"', "\\u", "secret:", "bearer ", "bearer\\", "-----begin", "eyj", "passw", "pwd"),
        *("primary", "secondary", "storagekey", "registrationkey", "token", "sasblob", "connectionstring", "certificate", "accesscredential"),
    )
)
"""One of these is in every text with a secret by the rules above, or with one of CREDENTIAL_MEMBERS; `\\u` may hide one."""

_HEX_DIGITS = b"0123456789abcdefABCDEF"
_LOWER = bytes(range(256)).lower()
_SKELETON_TRIGGERS = tuple(trigger.translate(None, _HEX_DIGITS) for trigger in _STATUS_TRIGGERS)
"""The same for a text without its hex digits: a trigger in a text leaves its remains, side by side, in the skeleton."""


def placeholder(name: str) -> str:
    """What stands in git for a secret that was the value of `name`."""
    return "${secret:" + re.sub(r"[{}\s]+", " ", name).strip() + "}"


def escape(value: Json) -> Json:
    """`value` with every string that could be taken for a placeholder of ours marked by one more `$`."""
    return _map_strings(value, lambda text: text.replace("${secret:", "$${secret:"))


def unescape(value: Json) -> Json:
    """The inverse of `escape`; placeholders stay."""
    return _map_strings(value, lambda text: text.replace("$${secret:", "${secret:"))


def _map_strings(value: Json, change: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: _map_strings(member, change) for name, member in value.items()}
    if isinstance(value, list):
        return [_map_strings(entry, change) for entry in value]
    return value


def places(path: str, data: bytes) -> Iterator[Place]:
    """The placeholders in a file, in order."""
    if b"${secret:" not in data:
        return
    is_json = path.endswith(".json")
    for number, text in enumerate(data.decode().split("\n"), 1):
        for match in PLACEHOLDER.finditer(_values_of(text) if is_json else text):
            yield Place(path, number, match[1])


def _values_of(line: str) -> str:
    """A line of a page without the names of members: what looks like a placeholder there is only a name."""
    return _STRING.sub(lambda match: "" if match[1] else match[0], line)


_STRING = re.compile(r'"(?:[^"\\]++|\\.)*"?(: )?')
"""A string, and whether it is a name; one without an end goes on to the end of the line."""


def text_hash(text: str) -> str:
    """The hash by which a suspected text is allowed."""
    import hashlib  # loads OpenSSL, and a hook runs at every commit

    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Guard:
    """Replaces the certain secrets of one document and collects the suspicions, under the user's decisions."""

    def __init__(self, family: str, decisions: Decisions) -> None:
        self._family = family
        self._decisions = decisions
        self.suspicions: list[Suspicion] = []

    def field(self, value: Json, name: str) -> Json:
        """A credential field's value: a placeholder unless it is empty or one already."""
        if value is None or value == "" or (isinstance(value, str) and PLACEHOLDER.fullmatch(value)):
            return value
        if isinstance(value, str) and text_hash(value) in self._decisions.allowed:
            return value
        return placeholder(name)

    def member(self, name: str, value: Json, node: str) -> Json:
        """The value of a member with the secrets in it replaced, all of it where the member is one that holds a credential."""
        return self.field(value, name) if name.casefold() in CREDENTIAL_MEMBERS else self.value(value, node, name)

    def members(self, members: Object, node: str) -> dict[str, Json]:
        """An object with the secrets in it replaced."""
        return {name: self.member(name, value, node) for name, value in members.items()}

    def value(self, value: Json, node: str, name: str) -> Json:
        """Any JSON with the secrets in its strings replaced; `node` and `name` say where it stands."""
        if isinstance(value, str):
            return self.text(value, node, name)
        if value is None or isinstance(value, int):
            return value
        if isinstance(value, dict):
            return self.members(value, node)
        if isinstance(value, list):
            return [self.value(entry, node, name) for entry in value]
        return value

    def text(self, text: str, node: str, name: str, *, is_script: bool = False) -> str:
        """`text` with its certain secrets replaced; in a script, and for what is only suspected, as the user decided or held back."""
        if not may_hold_secret(text):
            return text
        for rule in CERTAIN:
            text = self._apply(rule, text, node, name, certain=not is_script)
        for rule in SUSPECT:
            text = self._apply(rule, text, node, name, certain=False)
        return text

    def named(self, text: str, node: str, name: str) -> str:
        """The value of a parameter, its other secrets replaced: suspected where the parameter's name says that it is a password, key or token."""
        if not names_a_secret(name) or not re.fullmatch(SUSPECT_VALUE, text):
            return text
        suspicion = Suspicion(place=f"{self._family}/{node}/{name}", reason=f"a value given to {name!r}", line=1, hash=text_hash(text))
        if suspicion.place in self._decisions.replaced:
            return placeholder(name)
        is_known = any((known.place, known.hash) == (suspicion.place, suspicion.hash) for known in self.suspicions)
        if not is_known and suspicion.hash not in self._decisions.allowed:
            self.suspicions.append(suspicion)
        return text

    def finds_something(self, text: str, name: str = "") -> bool:
        """Whether anything in a text, or in the value of a parameter of that name, is a secret or may be one: for what can't be replaced."""
        before = len(self.suspicions)
        return self.named(self.text(text, "", name), "", name) != text or len(self.suspicions) > before

    def _apply(self, rule: Rule, text: str, node: str, name: str, *, certain: bool) -> str:
        place = f"{self._family}/{node}/{name}"
        pieces: list[str] = []
        end_of_last = counted = 0
        line = 1
        for start, end in rule.spans(text):
            secret = text[start:end]
            hashed = text_hash(secret)
            if hashed in self._decisions.allowed or "${secret:" in secret:
                continue
            if not certain and place not in self._decisions.replaced:
                line += text.count("\n", counted, start)
                counted = start
                self.suspicions.append(Suspicion(place=place, reason=rule.reason, line=line, hash=hashed))
                continue
            pieces += [text[end_of_last:start], placeholder(rule.reason)]
            end_of_last = end
        return "".join([*pieces, text[end_of_last:]]) if pieces else text


@functools.lru_cache(4096)
def names_a_secret(name: str) -> bool:
    """Whether a parameter of that name is a password, a key or a token."""
    return re.search(SUSPECT_NAME, name) is not None


def may_hold_secret(text: str) -> bool:
    """Whether a text needs a look with every rule; False is certain."""
    if len(text) < 8:
        return False
    return _short_may_hold_secret(text) if len(text) <= _SHORT else _has_trigger(text)


_SHORT = 200
"""Characters up to which what a look at a text came to is remembered: names and ids come again and again."""


@functools.lru_cache(4096)
def _short_may_hold_secret(text: str) -> bool:
    return _has_trigger(text)


def _has_trigger(text: str) -> bool:
    folded = text.casefold()
    for trigger in _TRIGGERS:  # noqa: SIM110  # any() and its generator cost more than the search
        if trigger in folded:
            return True
    return False


class Statuses:
    """Takes the secrets out of the text of node statuses: hundreds of access credentials in each run, and hardly ever another."""

    _REMEMBERED = 1024

    def __init__(self) -> None:
        self._clean: set[bytes] = set()
        self._clean_skeletons: set[bytes] = set()

    def without_secrets(self, data: bytes) -> bytes | None:
        """The text with every access credential replaced; None where only a Guard's look at each string can tell what else is secret."""
        first, *rest = data.split(_ACCESS_CREDENTIAL)
        parts = [piece.partition(b'"') for piece in rest]
        for value, _, _ in parts:
            if not value or b"\\" in value:
                return None
        tails = [tail for _, _, tail in parts]
        # what lies between two credentials repeats from run to run, and the rest but for guids and times
        fresh = {first, *tails} - self._clean
        if not all(map(self._is_clean, fresh)):
            return None
        for known in (self._clean, self._clean_skeletons):
            if len(known) > self._REMEMBERED:
                known.clear()
        self._clean |= fresh
        return _ACCESS_CREDENTIAL_REPLACED.join([first, *tails])

    def _is_clean(self, piece: bytes) -> bool:
        skeleton = piece.translate(_LOWER, _HEX_DIGITS)
        if skeleton in self._clean_skeletons:
            return True
        for trigger in _SKELETON_TRIGGERS:
            if trigger in skeleton:
                folded = piece.lower()
                return not any(trigger in folded for trigger in _STATUS_TRIGGERS)
        self._clean_skeletons.add(skeleton)
        return True


_ACCESS_CREDENTIAL = b'"AccessCredential":"'
_ACCESS_CREDENTIAL_REPLACED = b'"AccessCredential":' + dumps(placeholder("AccessCredential"))
