"""Texts made up to keep a search busy: pieces that, repeated, are each the beginning of what goes on to the end of the text; and who reads them."""

import sys
from collections.abc import Callable, Collection, Mapping

from amlgit.form import anonymised, protect
from amlgit.form.filling import There, filled
from amlgit.form.pseudonymous_texts import Texts
from amlgit.form.pseudonyms import Pseudonyms
from amlgit.form.secrets import REPLACE_ALL, Decisions, Guard, escape, places, unescape
from amlgit.form.splitter import Splitter
from amlgit.model import webservices
from amlgit.model.jsontext import dumps
from amlgit.review import conflicts
from amlgit.store import trailers
from tests.support.places import put_in
from tests.support.planted import PLACES, planted
from tests.support.wire import FAMILY

PIECES = {
    "scheme of a URL": "a-",
    "scheme and token": "eyJa.",
    "token": "-eyJa",
    "parts of a token": "eyJabcdefghij.",
    "URL": "a://b:c",
    "URL without an end": "://",
    "password in quotes": 'password="',
    "password without a digit": "password:",
    "password of eight letters": 'password=abcdefgh"',
    "password in a database": "Server=x;Pwd=''",
    "name of a key": "secrettokenpassword",
    "key in quotes": "token='a1 ",
    "key": "key=" + "A" * 86,
    "bearer": "bearer \n",
    "signature": "sig%3D",
    "signature encoded often": "%25",
    "signature of few characters": "sig=%2Babc%252B",
    "account key": "AccountKey= ",
    "private key": "-----BEGIN PRIVATE KEY-----",
    "private key with an end": "-----BEGIN PRIVATE KEY-----a-----END ",
    "private key of no kind": "-----BEGIN A",
    "placeholder": "${secret:",
    "dollar": "$",
    "brace": "{secret:$",
    "quote": '\\"',
    "apostrophe": "\\'",
    "blank": " ",
    "line": "\n",
    "comment": "# - ",
    "long string": '"""\n  a',
    "box": "Node='' ",
    "mail": "a.+",
    "letter": "a",
    "digit": "1",
    "none of ASCII": "é",
}


def look(name: str) -> None:
    """Let one reader read a text of each kind, telling before each which it is: who waits in vain can see what for."""
    reader, length, kinds = _READERS[name]
    for kind in kinds:
        sys.stdout.write(f"{kind}\n")
        sys.stdout.flush()
        reader(PIECES[kind] * (length // len(PIECES[kind])))


def _guard(text: str) -> None:
    Guard("", REPLACE_ALL).text(f"Server=x;{text} 1", "", "")
    unescape(escape("{secret:" + text))


def _script(text: str) -> None:
    Guard("", Decisions()).text(f"key='{text}1", "", "", is_script=True)


def _page(text: str) -> None:
    list(places("a.json", ('${secret:x} "' + text).encode()))


def _export(text: str) -> None:
    document = planted("layout", text)
    for place in ("title", "comment", "value", "unknown member", "node status"):
        document = put_in(document, PLACES[place], text)
    Splitter(Decisions()).split(dumps(document), FAMILY)
    protect.shown(document)


def _anonymous(text: str) -> None:
    texts = Texts(Pseudonyms(b"k" * 32))
    for language in ("py", "R", "sql"):
        texts.code(f"'{text}x\n# a{text}b\n'''{text}b", language)
    for start in ("", "a" * 90, "@"):
        texts.technical(start + text)
    list(anonymised.boxes(f"<{text}"))


def _message(text: str) -> None:
    for message in (f"a: run 1{text}:", f"a\n\n{text}"):
        trailers.number(message)
        trailers.parse(message)
    webservices.identity({}, text)


def _merge(text: str) -> None:
    conflicts.blocks([f"<<<<<<< {text[:9]}\n"] * 50_000)
    there = There(raw={"Summary": text}, protected={"Summary": "".join(f"{character}${{secret:x}}" for character in text[:2000]) + "?"})
    filled({"Summary": "${secret:x}"}, there, lambda _: None)


_SCRIPTS = ("quote", "apostrophe", "blank", "comment", "long string", "box")

_READERS: Mapping[str, tuple[Callable[[str], None], int, Collection[str]]] = {
    "guard": (_guard, 1_000_000, PIECES),
    "script": (_script, 250_000, PIECES),
    "page": (_page, 500_000, PIECES),
    "export": (_export, 30_000, PIECES),
    "anonymous": (_anonymous, 200_000, _SCRIPTS),
    "message": (_message, 500_000, PIECES),
    "merge": (_merge, 500_000, ("letter", "blank")),
}
READERS = tuple(_READERS)
"""Who reads texts from outside; each is given some so long that to look at them again and again would take hours, or many minutes at least."""
