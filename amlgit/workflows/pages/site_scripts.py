"""The scripts of a chain on their way through its versions: every text each had, and the page that shows it."""

from dataclasses import dataclass, field, replace

from amlgit.form import naming
from amlgit.review.outline import Node, Outline
from amlgit.review.outline import Script as Held
from amlgit.review.site import addresses, script_page
from amlgit.review.site.script_page import Script, State
from amlgit.review.site.version_page import ScriptLink
from amlgit.review.site.versions import Line
from amlgit.workflows.pages.site_units import digest


@dataclass(slots=True)
class _Texts:
    """A script on its way through a chain."""

    file: str
    name: str
    parameter: str
    language: str
    states: list[State] = field(default_factory=list)


class Scripts:
    """The scripts of a chain, text after text."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._found: dict[tuple[str, str], _Texts] = {}
        """Those of a node's id and the parameter that holds the script."""
        self._taken: set[str] = set()
        self._present: dict[tuple[str, str], str] = {}
        """The texts of the version before."""
        self._before: Line | None = None

    def see(self, line: Line, outline: Outline | None, shown: "Scripts | None" = None) -> list[ScriptLink]:
        """Take in the scripts of a version; gives their pages. Those whose text `shown` has are left to it."""
        present: dict[tuple[str, str], str] = {}
        links = []
        for node in outline.nodes if outline is not None else ():
            stem = naming.stems([(node.id, node.module_id)])[node.id]
            for script in node.scripts:
                there = shown._link(node, script) if shown is not None else None
                if there is not None:
                    links.append(there)
                    continue
                key = (node.id, script.parameter)
                present[key] = script.text
                texts = self._found.get(key)
                if texts is None:
                    file = self._free(naming.script_file(stem, script.parameter, script.language, alone=len(node.scripts) == 1), node.id)
                    name = node.name if len(node.scripts) == 1 else f"{node.name}: {script.parameter}"
                    texts = self._found[key] = _Texts(file=file, name=name, parameter=script.parameter, language=script.language)
                if self._present.get(key) != script.text:
                    self._end(key)
                    texts.states.append(State(since=line, until=None, text=script.text))
                page = addresses.script(self._place, texts.file)
                links.append(ScriptLink(name=texts.name, page=page, fragment=script_page.fragment(texts.states[-1].since.number)))
        for key in self._present.keys() - present.keys():
            self._end(key)
        self._present, self._before = present, line
        return links

    def _link(self, node: Node, script: Held) -> ScriptLink | None:
        """Where a text of a script is shown, the newest place of several."""
        texts = self._found.get((node.id, script.parameter))
        since = next((state.since for state in reversed(texts.states) if state.text == script.text), None) if texts is not None else None
        if texts is None or since is None:
            return None
        return ScriptLink(name=texts.name, page=addresses.script(self._place, texts.file), fragment=script_page.fragment(since.number))

    def _free(self, file: str, node: str) -> str:
        """A name that no other script has, on no file system."""
        stem, _, extension = file.rpartition(".")
        name = naming.safe(stem)
        if f"{name}.{extension}".casefold() in self._taken:
            name = f"{name} {digest(node, file)[:12]}"
        self._taken.add(f"{name}.{extension}".casefold())
        return f"{name}.{extension}"

    def _end(self, key: tuple[str, str]) -> None:
        states = self._found[key].states
        if states and states[-1].until is None and self._before is not None:
            states[-1] = replace(states[-1], until=self._before)

    def finished(self) -> list[Script]:
        """All of them, with all their texts."""
        return [
            Script(
                path=addresses.script(self._place, texts.file),
                name=texts.name,
                parameter=texts.parameter,
                language=texts.language,
                states=texts.states,
            )
            for texts in sorted(self._found.values(), key=lambda texts: (texts.states[-1].until is not None, texts.name))
        ]
