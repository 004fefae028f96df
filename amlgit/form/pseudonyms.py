"""Pseudonyms: what stands in place of an original, the same one wherever it stands, and nothing that leads back without the key.

The digits are a keyed hash of the original, so equal originals have equal digits in every run with the same key; the word before them
says what kind of thing it is. The same words in another case have the same digits and a mark of their own, for names of columns and
parameters are often told apart by nobody.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import NamedTuple

from amlgit.form.modules import BUILT_IN
from amlgit.model import ids

KEY_BYTES = 32
"""The length of a key; a shorter one could be guessed."""

_DIGITS = 12
_KEPT_IDS = frozenset({ids.GLOBAL_WORKSPACE, *BUILT_IN})


class Replaced(NamedTuple):
    """An original and what stands in its place."""

    kind: str
    original: str
    replacement: str


class Pseudonyms:
    """Gives pseudonyms under one key, and remembers which it gave."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._given: dict[tuple[str, str], str] = {}

    @property
    def given(self) -> list[Replaced]:
        """Every original that was replaced, by kind and in order."""
        return [Replaced(kind, original, self._given[kind, original]) for kind, original in sorted(self._given)]

    def counts(self) -> Mapping[str, int]:
        """How many different originals of each kind were replaced."""
        found: dict[str, int] = {}
        for kind, _ in sorted(self._given):
            found[kind] = found.get(kind, 0) + 1
        return found

    def digest(self, text: str, length: int = _DIGITS) -> str:
        """The first hexadecimal digits of a text's keyed hash."""
        return hmac.new(self._key, text.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()[:length]

    def word(self, text: str) -> str:
        """A word of a technical text: an identifier, a column, part of a path."""
        return self._known("word", text) or self._give("word", text, self._cased(text))

    def label(self, kind: str, text: str) -> str:
        """A name or line of some kind, as in `Experiment 3fa2c19b1234`."""
        known = self._known(kind, text)
        return known or self._give(kind, text, f"{kind.capitalize()} {self.digest(text)}")

    def name(self, kind: str, text: str) -> str:
        """A label for a name whose case does not matter: in another case it has the same digits, as the name has the same letters."""
        known = self._known(kind, text)
        if known is not None:
            return known
        shown = kind if text[:1].islower() else kind.capitalize()
        return self._give(kind, text, f"{shown} {self.digest(text.casefold())}")

    def person(self, name: str) -> str:
        """Somebody's name."""
        return self._known("person", name) or self._give("person", name, f"Person {self.digest(name.casefold())}")

    def mail(self, address: str) -> str:
        """A mail address, which leads nowhere."""
        return self._known("mail", address) or self._give("mail", address, f"person-{self.digest(address.casefold())}@example.com")

    def address(self, text: str) -> str:
        """An IPv4 address, as one of a private network."""
        known = self._known("address", text)
        if known is not None:
            return known
        drawn = bytes.fromhex(self.digest(text))
        return self._give("address", text, f"10.{drawn[0]}.{drawn[1]}.{drawn[2]}")

    def hexadecimal(self, text: str) -> str:
        """An id in hexadecimal digits, dashed or not, in a form of the same length; the global workspace and the built-in modules keep theirs.

        Ids in another case, or with dashes at other places, are the same id.
        """
        known = self._known("id", text)
        if known is not None:
            return known
        bare = text.replace("-", "").lower()
        if bare in _KEPT_IDS:
            return text
        digits = iter(self.digest(bare, 64)[: len(bare)].ljust(len(bare), "0"))
        new = "".join("-" if character == "-" else next(digits) for character in text)
        return self._give("id", text, new.upper() if text.upper() == text and text.lower() != text else new)

    def number(self, text: str) -> str:
        """A number without its sign, in as many digits: the first stays zero or another than zero, so that it stays a number."""
        known = self._known("number", text)
        if known is not None:
            return known
        digits = str(int(self.digest(text, 64), 16)).rjust(78, "0")
        drawn = iter(digits[-70:] * (len(text) // 70 + 1))
        first = text[:1] if text[:1] == "0" else str(int(digits[0]) % 9 + 1)
        rest = "".join(next(drawn) if character.isdigit() else character for character in text[1:])
        return self._give("number", text, first + rest if text[:1].isdigit() else text[:1] + rest)

    def _cased(self, text: str) -> str:
        """The digits of a word whatever its case, and what its case was."""
        digits, folded = self.digest(text.casefold()), text.casefold()
        if text == folded:
            return f"w{digits}"
        if text == folded.upper():
            return f"W{digits.upper()}"
        if text == folded.capitalize():
            return f"W{digits}x"
        return f"w{digits}_{self.digest(text, 6)}"

    def _known(self, kind: str, original: str) -> str | None:
        return self._given.get((kind, original))

    def _give(self, kind: str, original: str, replacement: str) -> str:
        self._given[kind, original] = replacement
        return replacement


NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,12})?|\.[0-9]{1,12}|[0-9](?:\.[0-9]{1,12})?[eE][+-]?[0-9]{1,3}")
"""A number as configurations hold them. Longer ones may be somebody's: a telephone, an account."""
