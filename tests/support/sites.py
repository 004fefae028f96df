"""Sites: built, read back, and held against the files they are made of."""

import json
import os
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.support.commands import OK, aml
from tests.support.exports import DAY, OTHER_FAMILY, T0, Document, experiment, save

VOID = frozenset({"meta", "link", "input", "br"})


class Html(HTMLParser):
    """The links of a page, its ids, its words, and that every element is closed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text = path.read_text(encoding="utf-8")
        self.links: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(self.text)
        self.close()
        assert self._open == [], path

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.append((name, value or ""))
            if name in ("href", "src"):
                self.links.append((tag, name, value or ""))
            if name == "id":
                self.ids.append(value or "")
        if tag not in VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def pages(site: Path) -> dict[str, Html]:
    return {path.relative_to(site).as_posix(): Html(path) for path in sorted(site.rglob("*.html"))}


def check_links(site: Path) -> int:
    """Fail where a link leads to nothing, to another letter case, or out of the site; gives how many there are."""
    found = pages(site)
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    count = 0
    for name, page in found.items():
        for tag, attribute, link in page.links:
            parts = urlsplit(link)
            assert (parts.scheme, parts.netloc, parts.query) == ("", "", ""), f"{name}: {link} leads elsewhere"
            assert link == "" or link.isascii(), link
            place = os.path.normpath(os.path.join(os.path.dirname(name), unquote(parts.path))) if parts.path else name
            assert place in files, f"{name}: <{tag} {attribute}={link}> leads to nothing"
            if parts.fragment and not parts.fragment.startswith("q=") and place in found:
                assert unquote(parts.fragment) in found[place].ids, f"{name}: {link}"
            count += 1
    reached, todo = set(), ["index.html"]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += [
                os.path.normpath(os.path.join(os.path.dirname(name), unquote(urlsplit(link).path)))
                for tag, _, link in found[name].links
                if tag == "a" and urlsplit(link).path
            ]
    assert reached == found.keys(), "every page is reached from the first"
    return count


def state(site: Path) -> dict[str, tuple[str, int]]:
    """Every file with a digest of its bytes and its time."""
    return {
        path.relative_to(site).as_posix(): (sha256(path.read_bytes()).hexdigest()[:12], path.stat().st_mtime_ns)
        for path in site.rglob("*")
        if path.is_file()
    }


def age(site: Path) -> None:
    """Put all times into the past, so that a file that is written shows."""
    for path in site.rglob("*"):
        if path.is_file():
            os.utime(path, (T0, T0))


def built(repository: Path, site: Path, *options: str, code: int = OK) -> Document:
    """`amlgit site`, and its report."""
    run = aml(repository, "site", site, "--json", *options).expect(code)
    found = json.loads(run.out)["result"]
    assert isinstance(found, dict)
    return found


def search_entries(site: Path) -> list[Document]:
    lines = (site / "assets/search.js").read_text(encoding="utf-8").split("\n")[1:-1]
    return [json.loads(line.removeprefix("amlgitFound(").removesuffix(");")) for line in lines]


def two_experiments(folder: Path) -> Path:
    for number in (1, 2, 3):
        save(folder, f"a{number}.json", experiment("Alpha", created=T0 + number * DAY, fraction=f"0.{number}"))
        save(folder, f"b{number}.json", experiment("Beta", family=OTHER_FAMILY, created=T0 + number * DAY, script=f"x = {number}\n"))
    return folder
