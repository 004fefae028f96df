"""Texts without what somebody wrote into them: known words, numbers and punctuation stay, the rest becomes pseudonyms.

Nothing is left because it was not recognised: a text is cut into pieces, and a piece stays only where it is on a list, a number, a
date, or ASCII punctuation.
"""

import re
from collections.abc import Callable, Mapping

from amlgit.form.pseudonyms import NUMBER, Pseudonyms
from amlgit.form.secrets import CREDENTIAL_MEMBERS, CREDENTIAL_PARAMETERS, PLACEHOLDER
from amlgit.form.vocabulary import CODE, PARAMETERS, SQL, TECHNICAL, VALUES
from amlgit.model import ids

_HEX = "[0-9a-fA-F]"
_GUID = rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_WORD = r"[\w\x80-\U0010ffff]+"
_LOCAL = r"[\w.+%\-]"
"""A character before the @ of a mail address: looked for from where a row of them begins, and from within it only so far."""

_PIECE = re.compile(
    rf"(?P<placeholder>{PLACEHOLDER.pattern})"
    rf"|(?P<id>(?<!\w){_HEX}{{32}}\.(?:[fs]-id\.{_HEX}{{32}}(?:\.[0-9A-Za-z][0-9A-Za-z.\-]*)?|{_HEX}{{32}}\.[0-9A-Za-z][0-9A-Za-z_\-]*))"
    rf"|(?P<mail>(?:(?<!{_LOCAL}){_LOCAL}++|{_LOCAL}{{1,80}}+)@[\w\-]+(?:\.[\w\-]+)+)"
    rf"|(?P<hex>(?<!\w)(?:{_GUID}|{_HEX}{{32}})(?!\w))"
    r"|(?P<address>(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w.]))"
    r"|(?P<time>(?<!\w)[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}[.:][0-9]{2}[.:][0-9]{2}(?:\.[0-9]{1,9})?Z?(?!\w))"
    rf"|(?P<word>{_WORD})"
)
_FIXED = re.compile(
    r"/Date\(-?[0-9]{1,15}(?:[+-][0-9]{4})?\)/"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
    r"|W/\"datetime'[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}%3A[0-9]{2}%3A[0-9]{2}(?:\.[0-9]{1,9})?Z'\""
)
"""Times as the service writes them, and its etags, which are times too."""

_BARE_ID = re.compile(rf"{_HEX}{{32}}")
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}t[0-9]{2}\.[0-9]{2}\.[0-9]{2}", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:asset|input|node|output)[0-9]{1,4}")
"""What a definition calls its parts."""

_INSTANCE = re.compile(r"v[0-9]{1,4}-default-[0-9]{1,9}")

_FILLER = "Removed0" * 3
_EXPRESSIONS: Mapping[str, str] = {
    "account key": f"AccountKey={_FILLER}",
    "bearer token": f"bearer {_FILLER}",
    "key": f"key={'R' * 86}==",
    "password": f"removed://removed:{_FILLER}@removed",
    "private key": f"-----BEGIN PRIVATE KEY-----{_FILLER}-----END",
    "signature": f"sig={_FILLER}",
    "token": f"eyJ{_FILLER}.eyJ{_FILLER}.{_FILLER}",
}
"""What a placeholder within a text stood for → a text with nothing secret that comes to the same placeholder when it is taken in."""

_NAMED = frozenset(_EXPRESSIONS) | CREDENTIAL_PARAMETERS | CREDENTIAL_MEMBERS
"""What a placeholder may say it stood for, case-folded; anything else may be somebody's own name for it."""


class Texts:
    """Replaces texts, each by the rules for its kind."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self.pseudonyms = pseudonyms

    def field(self, text: str) -> str | None:
        """What stands for a whole secret, again as its placeholder: whoever takes the text in sees by its place that one belongs there."""
        match = PLACEHOLDER.fullmatch(text)
        return None if match is None or match[1] in _EXPRESSIONS else _placeholder(self.secret_name(match[1]))

    def value(self, text: str) -> str:
        """A value that Studio may have chosen, else a technical text."""
        return text if text in VALUES or _FIXED.fullmatch(text) else self.technical(text)

    def technical(self, text: str) -> str:
        """An identifier, a path, a URL, a list of columns: the words in it replaced one by one, so that the same ones are the same elsewhere."""
        return self._pieces(text, self._technical_word, self._expression)

    def prose(self, text: str, kind: str = "text") -> str:
        """What somebody wrote for people: line by line, for the words of a sentence give it away."""
        return "\n".join(self._line(line, kind) for line in text.split("\n"))

    def data(self, text: str) -> str:
        """Rows of data: numbers are replaced as well."""
        return self._pieces(text, self._data_word, self._expression)

    def node(self, text: str) -> str:
        """A node's id: its guid replaced and its number kept, or one word for an id of another form."""
        if ids.node_digits(text) is None:
            is_asset = ids.resource_id(text) is not None
            return self.technical(text) if is_asset or not text else self.pseudonyms.word(text)
        guid, _, number = text.rpartition("-")
        return f"{self.pseudonyms.hexadecimal(guid)}-{number}"

    def service(self, name: str) -> str:
        """A web service's name, which is one in any case and has to stay one."""
        new = self.technical(name.strip().casefold())
        return new if name == name.casefold() else new.upper()

    def code(self, text: str, language: str) -> str:
        """A script: keywords and well-known libraries stay, comments become one word a line, identifiers and what strings hold words."""
        return "".join(self._code_piece(match, language) for match in _CODE[language].finditer(text))

    def masked(self, text: str) -> str:
        """A text that may be shown, without the mail addresses and ids in it."""

        def replace(match: re.Match[str]) -> str:
            if match["mail"] or match["id"] or match["hex"]:
                return self._piece(match, self._technical_word, lambda name: match[0])
            return match[0]

        return _PIECE.sub(replace, text)

    def secret_name(self, name: str) -> str:
        """What a placeholder stands for, where that is no name of somebody's own."""
        return name if name.casefold() in _NAMED or name in PARAMETERS else self.pseudonyms.name("parameter", name)

    def _id(self, text: str) -> str:
        """An id of an experiment, a snapshot or an asset, part by part."""
        workspace, middle, *rest = text.split(".", 3) if "-id." in text[:40] else text.split(".", 2)
        new = [self.pseudonyms.hexadecimal(workspace)]
        if middle in ("f-id", "s-id"):
            family, *stamps = rest
            return ".".join([*new, middle, self.pseudonyms.hexadecimal(family), *map(self._stamp, stamps)])
        return ".".join([*new, self.pseudonyms.hexadecimal(middle), *map(self._instance, rest)])

    def _instance(self, instance: str) -> str:
        if _INSTANCE.fullmatch(instance):
            return instance
        return self.pseudonyms.hexadecimal(instance) if _BARE_ID.fullmatch(instance) else self.pseudonyms.word(instance)

    def _stamp(self, stamp: str) -> str:
        return stamp if _STAMP.fullmatch(stamp) else self.pseudonyms.word(stamp)

    def _line(self, line: str, kind: str) -> str:
        found = PLACEHOLDER.findall(line)
        bare = line.removesuffix("\r")
        if not bare.strip():
            return line
        told = "".join(f" {self._expression(name)}" for name in found)
        return self.pseudonyms.label(kind, bare) + told + line[len(bare) :]

    def _expression(self, name: str) -> str:
        return _EXPRESSIONS.get(name, _EXPRESSIONS["key"])

    def _pieces(self, text: str, word: Callable[[str], str], secret: Callable[[str], str]) -> str:
        return _PIECE.sub(lambda match: self._piece(match, word, secret), text)

    def _piece(self, match: re.Match[str], word: Callable[[str], str], secret: Callable[[str], str]) -> str:
        text = match[0]
        if match["placeholder"]:
            return secret(text[len("${secret:") : -1])
        if match["id"]:
            return self._id(text)
        if match["mail"]:
            return self.pseudonyms.mail(text)
        if match["hex"]:
            return self.pseudonyms.hexadecimal(text)
        if match["address"]:
            return self.pseudonyms.address(text)
        return text if match["time"] else word(text)

    def _technical_word(self, word: str) -> str:
        if word.casefold() in TECHNICAL or _NUMBERED.fullmatch(word) or _is_single_letter(word):
            return word
        return self._number_or_word(word)

    def _data_word(self, word: str) -> str:
        if word.isascii() and word.isdigit():
            return self.pseudonyms.number(word)
        return word if _is_single_letter(word) else self.pseudonyms.word(word)

    def _code_word(self, word: str, language: str) -> str:
        known = word.casefold() in SQL if language == "sql" else word in CODE
        return word if known or _is_single_letter(word) else self._number_or_word(word)

    def _number_or_word(self, word: str) -> str:
        if NUMBER.fullmatch(word):
            return word
        return self.pseudonyms.number(word) if word.isascii() and word.isdigit() else self.pseudonyms.word(word)

    def _code_piece(self, match: re.Match[str], language: str) -> str:
        text = match[0]
        if match["comment"]:
            return self._comment(text)
        if match["string"] and text[:3] in _LONG_QUOTES:
            return text[:3] + self._documentation(text[3:])
        if match["string"]:
            return self._pieces(text, self._technical_word, lambda name: _placeholder(self.secret_name(name)))
        return self._pieces(text, lambda word: self._code_word(word, language), lambda name: _placeholder(self.secret_name(name)))

    def _documentation(self, text: str) -> str:
        """What a long string says for people, a word for each line; the quotes at its end stay."""
        body = text.rstrip("'\"")
        return "\n".join(self._comment_line("", line, "") for line in body.split("\n")) + text[len(body) :]

    def _comment(self, text: str) -> str:
        """Each line of a comment as one word behind what marks it; secrets that were replaced in it stay named."""
        lines = []
        for line in text.split("\n"):
            match = _COMMENT_MARK.match(line)
            assert match is not None  # each part may be empty
            rest = line[match.end() :]
            said = rest.rstrip().removesuffix("*/")
            lines.append(self._comment_line(match[0], said, rest[len(said) :]))
        return "\n".join(lines)

    def _comment_line(self, mark: str, said: str, end: str) -> str:
        """A line with what it says as one word; the blanks around that, the mark in front of it and the end behind it stay."""
        text = said.strip()
        start = said.index(text)
        told = "".join(f" {_placeholder(self.secret_name(name))}" for name in PLACEHOLDER.findall(text))
        return mark + said[:start] + (self.pseudonyms.word(text) if text else "") + told + said[start + len(text) :] + end


def _is_single_letter(word: str) -> bool:
    return len(word) == 1 and word.isascii()


def _placeholder(name: str) -> str:
    return "${secret:" + name + "}"


_COMMENT_MARK = re.compile(r"\s*(?:#|--|/\*|\*(?!/))*[#!\-]*\s*")
_LONG_QUOTES = ("'''", '"""')
_STRING = r"'(?:[^'\\\n]++|\\.?)*'?|\"(?:[^\"\\\n]++|\\.?)*\"?"
"""A string without an end goes on to the end of the line: were it none, the next quote could be the start of one as long, and so on."""

_LONG_STRING = r"'''.*?(?:'''|\Z)|\"\"\".*?(?:\"\"\"|\Z)"
_CODE_PARTS: Mapping[str, tuple[str, str, str]] = {
    "py": (r"#[^\n]*", f"{_LONG_STRING}|{_STRING}", "[^\"'#]"),
    "R": (r"#[^\n]*", r"'(?:[^'\\]++|\\.?)*'?|\"(?:[^\"\\]++|\\.?)*\"?", "[^\"'#]"),
    "sql": (r"--[^\n]*|/\*.*?(?:\*/|\Z)", r"'[^']*'?", r"(?:[^'/-]++|-(?!-)|/(?!\*))"),
}
_CODE = {
    language: re.compile(rf"(?P<comment>{comment})|(?P<string>{string})|(?P<code>{code}+)", re.DOTALL)
    for language, (comment, string, code) in _CODE_PARTS.items()
}
"""What a script is cut into. Whatever a string or comment is mistaken for, its words are replaced: only names on a list stay."""
