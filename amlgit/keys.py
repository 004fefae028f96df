"""Every key that `.amlgit` may hold: the one place that says its type, its default and what it means.

`config.load` checks by it, `amlgit config --keys` prints it, and the page about the configuration is made of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

KINDS = ("archive", "studio")
"""The kinds of remotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key; `*` in its name stands for a name of one's own."""

    name: str
    type: type
    """`list` stands for a list of strings."""
    says: str
    """What it means, in one or two sentences."""
    example: str | int | bool | list[str]
    default: str | int | bool | list[str] | None = None
    """None where a key that isn't there says nothing."""
    choices: tuple[str, ...] = ()
    """All values there are, where not every one will do."""

    @property
    def type_name(self) -> str:
        """Its type in TOML's words."""
        return {str: "string", int: "integer", bool: "boolean", list: "array of strings"}[self.type]

    def in_toml(self, value: object) -> str:
        """A value of it as TOML writes it, which for these types is as JSON does."""
        return json.dumps(value, ensure_ascii=False)

    @property
    def table(self) -> str:
        """The table it stands in; empty for the top of the file."""
        return self.name.rpartition(".")[0]


_FAMILY = "05126fa5778a4ad0a26931487d3a0821"
_NODE = "d12a13ad-9766-4041-b120-34bac41922c2-3136"
_WORKSPACE = "0123456789abcdef0123456789abcdef"
_CLASSES = ("wiring", "parameter", "script", "data", "module", "interface", "metadata", "layout")
_CHANGES = ("added", "removed", "changed", "rewired", "moved")

KEYS: tuple[Key, ...] = (
    Key(name="form", type=int, default=1, example=1, says="The number of the form that the files are written in."),
    Key(
        name="remotes.*.kind",
        type=str,
        default="archive",
        example="archive",
        choices=KINDS,
        says="What the remote is: exports (a folder, a zip file or a single file), or a workspace of Studio.",
    ),
    Key(
        name="remotes.*.path",
        type=str,
        example="../exports",
        says="Of an archive: where it lies. A relative path starts at the repository's top folder, `~` is your home folder.",
    ),
    Key(name="remotes.*.workspace", type=str, example=_WORKSPACE, says="Of a workspace: its id, 32 hexadecimal digits in lower case."),
    Key(
        name="remotes.*.location",
        type=str,
        example="South Central US",
        says="Of a workspace at one of the service's own hosts: its location. A workspace needs this or `url`.",
    ),
    Key(
        name="remotes.*.url",
        type=str,
        example="https://studio.example.org",
        says="Of a workspace at another host: scheme and host of the service. Plain HTTP is for this machine alone.",
    ),
    Key(
        name="remotes.*.skip",
        type=list,
        default=[],
        example=[_FAMILY],
        says="Experiments, by family, that are not to come back. `amlgit rm` adds to it.",
    ),
    Key(
        name="remotes.*.file_times",
        type=bool,
        default=False,
        example=False,
        says="Of an archive: a draft without a date in its path takes its file's time. Then two copies of an archive may give different commit ids.",
    ),
    Key(
        name="remotes.*.remap",
        type=list,
        default=[],
        example=[f"{_WORKSPACE}.00112233445566778899aabbccddeeff.v1-default-9={_WORKSPACE}.ffeeddccbbaa99887766554433221100.v1-default-2"],
        says="Of a workspace: `OLD=NEW`; its asset NEW takes the place of OLD in every push.",
    ),
    Key(
        name="secrets.allow",
        type=list,
        default=[],
        example=["9f86d081884c7d659a2feaa0c55ad015"],
        says="Hashes of texts that are no secret. `amlgit secret allow` adds to it.",
    ),
    Key(
        name="secrets.replace",
        type=list,
        default=[],
        example=[f"{_FAMILY}/{_NODE}/R Script"],
        says="Places (family/node id/parameter) where what may be a secret is replaced by a placeholder. `amlgit secret replace` adds to it.",
    ),
    Key(
        name="risks.*.why",
        type=str,
        example="More than 500 trees don't fit in the nightly window.",
        says="The sentence that `amlgit review` prints with a change that matches all that the rule gives.",
    ),
    Key(name="risks.*.class", type=str, example="parameter", choices=_CLASSES, says="The class of changes that match."),
    Key(name="risks.*.kind", type=str, example="changed", choices=_CHANGES, says="The kind of changes that match."),
    Key(
        name="risks.*.module",
        type=str,
        example="* Boosted Decision Tree*",
        says="Modules that match: a pattern with `*`, `?` and `[…]`, upper and lower case alike.",
    ),
    Key(
        name="risks.*.parameter",
        type=str,
        example="Total number of trees constructed",
        says="Parameters that match: a pattern like that of `module`.",
    ),
    Key(name="risks.*.value", type=str, example="[5-9]??", says="What the value is now: a pattern like that of `module`."),
    Key(name="risks.*.off", type=bool, example=True, says="Switches off the rule of that name, which amlgit has."),
)

TABLES: Mapping[str, str] = {
    "": "What holds for the whole file.",
    "remotes.*": "Where versions come from, one table for each. A name has letters, digits, `-` and `_`. `amlgit remote add` writes it.",
    "secrets": "What you decided about what may be a secret.",
    "risks.*": "Rules of your own for `amlgit review`, beside those it has, or one of those switched off.",
}
"""Table → what it is for."""

BY_NAME: Mapping[str, Key] = {key.name: key for key in KEYS}
