"""Parameters and scripts as an outline has them."""

from amlgit.form import columns, scripts, secrets
from amlgit.model.jsontext import Json, dumps, printable
from amlgit.review import words
from amlgit.review.outline import Parameter, ParameterKind, Script


def parameter(name: str, value: Json, linked_to: str | None = None) -> Parameter:
    """A parameter that holds no script."""
    if value is None or value == "":
        return Parameter(name=name, kind=ParameterKind.EMPTY, value=value, words="", linked_to=linked_to)
    if not isinstance(value, str):
        return Parameter(name=name, kind=ParameterKind.VALUE, value=value, words=words.shortened(dumps(value).decode()), linked_to=linked_to)
    secret = secrets.PLACEHOLDER.fullmatch(value)
    if secret is not None:
        return Parameter(name=name, kind=ParameterKind.SECRET, value=value, words=f"(secret: {printable(secret[1])})", linked_to=linked_to)
    selection = columns.decode(value)
    if selection is not None:
        rules = words.column_words(selection.selection)
        return Parameter(name=name, kind=ParameterKind.COLUMNS, value=selection.selection, words=rules, linked_to=linked_to)
    own = words.unescaped(value)
    return Parameter(name=name, kind=ParameterKind.VALUE, value=own, words=words.shortened(own), linked_to=linked_to)


def script(name: str, value: str, language: str) -> Script:
    """A parameter that holds a script."""
    decoded = scripts.decode(words.unescaped(value)).text
    return Script(parameter=name, language=language, lines=decoded.count("\n"), text=decoded)
