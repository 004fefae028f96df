"""What a history says beside its documents, without anything of its owners: people, messages, names of branches, tags and remotes."""

import re
from collections.abc import Mapping

from amlgit.form.anonymised import Anonymiser
from amlgit.form.pseudonymous_texts import Texts
from amlgit.form.vocabulary import VALUES
from amlgit.store import trailers
from amlgit.store.rewriting import Signed
from amlgit.store.setup import FALLBACK
from amlgit.store.trailers import Story

_VERSION = re.compile(r"(?P<title>.*): (?P<what>run|draft|definition) (?P<number>[0-9]{1,9})(?P<status>[^:]*)")
_MERGE = re.compile(r"Merge (?P<what>branch|tag|remote-tracking branch) '(?P<name>[^']*)'(?: into '?(?P<into>[^']*?)'?)?")
_TRAILER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9-]*): (?P<value>.*)")
_BY = re.compile(r"(?P<name>[^<>]*?) ?<(?P<mail>[^<>]*)>")
_PEOPLE = frozenset({"acked-by", "co-authored-by", "reported-by", "reviewed-by", "signed-off-by", "suggested-by", "tested-by"})
_ID = re.compile(r"[0-9a-fA-F]{32}")
_RELEASE = re.compile(r"v?[0-9]{1,4}(?:\.[0-9]{1,4}){0,3}")
_BRANCHES = frozenset({"main", "master", "develop", "dev", "trunk", "HEAD"})
_REMOTES = frozenset({"archive", "studio", "imported", "origin"})
_MESSAGES = frozenset({"Set up amlgit"})


class History:
    """Replaces what a history says, each thing by the pseudonym it has in the documents."""

    def __init__(self, anonymiser: Anonymiser, texts: Texts) -> None:
        self._anonymiser = anonymiser
        self._texts = texts

    def signed(self, signed: Signed) -> Signed:
        """Who made something, at the same time; whoever ran an experiment as the record has them."""
        name, mail = self._person(signed.name, signed.mail)
        return Signed(name=name, mail=mail, when=signed.when)

    def _person(self, name: str, mail: str) -> tuple[str, str]:
        if (name, mail) == (FALLBACK.name, FALLBACK.email):
            return name, mail
        pseudonyms, workspace = self._texts.pseudonyms, mail.rpartition("@")[2]
        new = "unknown" if name in ("", "unknown") else pseudonyms.person(name)
        if _ID.fullmatch(workspace) or mail == "unknown@unknown":
            where = pseudonyms.hexadecimal(workspace) if workspace != "unknown" else ""
            story = Story(title="", summary="", creator=new, workspace=where, time=0, what="run", status="", trailers={})
            shown = _BY.match(trailers.author(story))
            assert shown is not None  # it is written so
            return shown["name"], shown["mail"]
        return new, pseudonyms.mail(mail) if mail else "unknown@example.com"

    def message(self, text: str) -> str:
        """A message: amlgit's own with what the documents say now, anybody else's line by line."""
        body, separator, last = text.rstrip("\n").rpartition("\n\n")
        lines = last.split("\n")
        if not separator or not all(_TRAILER.fullmatch(line) for line in lines):
            body, lines = text.rstrip("\n"), []
        is_version = any(line.startswith(f"{trailers.FORM}: ") for line in lines)
        subject, _, rest = body.partition("\n")
        new = self._subject(subject, is_version=is_version) + (f"\n{self._anonymiser.prose(rest)}" if rest else "")
        return new + ("\n\n" + "\n".join(map(self._trailer, lines)) if lines else "") + "\n"

    def _subject(self, subject: str, *, is_version: bool) -> str:
        version, merge = _VERSION.fullmatch(subject), _MERGE.fullmatch(subject)
        if is_version and version is not None:
            title = version["title"]
            told = self._anonymiser.service(title) if version["what"] == "definition" else title
            told = told if version["what"] == "definition" or title == "untitled" else self._anonymiser.title(title)
            return f"{told}: {version['what']} {version['number']}{self._status(version['status'])}"
        if merge is not None:
            into = f" into {self.branch(merge['into'])}" if merge["into"] else ""
            name = self.tag(merge["name"]) if merge["what"] == "tag" else self.branch(merge["name"])
            return f"Merge {merge['what']} '{name}'{into}"
        return subject if subject in _MESSAGES else self._anonymiser.prose(subject)

    def _status(self, status: str) -> str:
        return status if not status.strip() or status.strip() in VALUES else f" {self._texts.value(status.strip())}"

    def _trailer(self, line: str) -> str:
        name, _, value = line.partition(": ")
        if name == trailers.SERVICE:
            return f"{name}: {self._anonymiser.service(value)}"
        if name in (trailers.WORKSPACE, trailers.EXPERIMENT, trailers.SNAPSHOT, trailers.STATUS, trailers.FORM):
            return f"{name}: {self._texts.value(value)}"
        if name.casefold() in _PEOPLE and (by := _BY.fullmatch(value.strip())) is not None:
            person, mail = self._person(by["name"], by["mail"])
            return f"{name}: {person} <{mail}>"
        return self._anonymiser.prose(line)

    def branch(self, name: str) -> str:
        """A branch's name."""
        return name if name in _BRANCHES else self._flat("branch", name)

    def tag(self, name: str) -> str:
        """A tag's name; bare version numbers stay."""
        return name if _RELEASE.fullmatch(name) else self._flat("tag", name)

    def remote(self, name: str) -> str:
        """A remote's name."""
        return name if name in _REMOTES else self._flat("remote", name)

    def _flat(self, kind: str, name: str) -> str:
        return self._texts.pseudonyms.label(kind, name).lower().replace(" ", "-")

    def configuration(self, parsed: Mapping[str, object], families: Mapping[str, str]) -> bytes:
        """A `.amlgit` with its remotes, which lead nowhere; decisions about secrets and rules of one's own are about the originals, and left out."""
        lines = ["form = 1"]
        remotes = parsed.get("remotes")
        for name, table in sorted(remotes.items()) if isinstance(remotes, dict) else ():
            if isinstance(table, dict):
                lines += ["", f"[remotes.{self.remote(str(name))}]", *self._remote(table, families)]
        return ("\n".join(lines) + "\n").encode()

    def _remote(self, table: Mapping[str, object], families: Mapping[str, str]) -> list[str]:
        hexadecimal, technical = self._texts.pseudonyms.hexadecimal, self._texts.technical
        if table.get("kind") == "studio":
            lines = ['kind = "studio"', f'workspace = "{hexadecimal(str(table.get("workspace", "")))}"', 'url = "https://studio.example.com"']
        else:
            lines = ['kind = "archive"', f'path = "../{self._texts.pseudonyms.word(str(table.get("path", "")))}"']
        skip, remap = _texts(table.get("skip")), _texts(table.get("remap"))
        if skip:
            lines.append("skip = [" + ", ".join(f'"{families.get(family) or hexadecimal(family)}"' for family in skip) + "]")
        if remap:
            lines.append("remap = [" + ", ".join(f'"{_quoted(technical(entry))}"' for entry in remap) + "]")
        return [*lines, *(["file_times = true"] if table.get("file_times") is True else [])]


def _texts(value: object) -> list[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def _quoted(text: str) -> str:
    return re.sub(r'["\\\x00-\x1f\x7f]', "_", text)
