"""Where each page of a site is: names that can be read, are safe on every file system, and stay when versions are added."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from amlgit.form import naming

STYLE, SCRIPT, GRAPH_SCRIPT = "assets/site.css", "assets/site.js", "assets/graph.js"
INDEX, SEARCH = "index.html", "assets/search.js"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a folder of the site is named after: the title and the family of the first version there was."""

    parent: str
    """`experiments` or `webservices`."""
    title: str
    family: str


def folders(named: Sequence[Named]) -> list[str]:
    """A folder for each: its title made safe and six digits of its family; all digits for those that would have the same name."""
    short = [naming.folder(one.title, one.family) for one in named]
    taken = Counter((one.parent, name.casefold()) for one, name in zip(named, short, strict=True))
    return [
        f"{one.parent}/{name if taken[one.parent, name.casefold()] == 1 else f'{naming.safe(one.title)}-{one.family}'}"
        for one, name in zip(named, short, strict=True)
    ]


def remotes(names: Iterable[str]) -> Mapping[str, str]:
    """Remote → its folder; names that differ only in case have a number, and so has one that is called as the branch's folder."""
    found: dict[str, str] = {}
    taken = Counter(["branch"])
    for name in sorted(names):
        safe = naming.safe(name)
        taken[safe.casefold()] += 1
        found[name] = safe if taken[safe.casefold()] == 1 else f"{safe}-{taken[safe.casefold()]}"
    return found


def version(folder: str, remote: str, number: int) -> str:
    """The page of a version; `remote` is the remote's folder."""
    return f"{folder}/{remote}/{number}.html"


def overview(folder: str) -> str:
    """The page of an experiment or a web service."""
    return f"{folder}/index.html"


def branch(folder: str) -> str:
    """The page of what the branch holds, where that is no version."""
    return f"{folder}/branch.html"


def parts(page_folder: str, number: int) -> str:
    """The file with some of the nodes that the pages of a folder show."""
    return f"{page_folder}/nodes-{number}.js"


def script(page_folder: str, file: str) -> str:
    """The page of a script; `file` is what the script's own file is called."""
    return f"{page_folder}/scripts/{file}.html"


def link(page: str, target: str, fragment: str = "") -> str:
    """A relative link from a page to a file of the site."""
    here, there = page.split("/")[:-1], target.split("/")
    same = 0
    while same < min(len(here), len(there) - 1) and here[same] == there[same]:
        same += 1
    way = "/".join([*[".."] * (len(here) - same), *(quote(part, safe="") for part in there[same:])])
    return f"{way}#{quote(fragment, safe='')}" if fragment else way
