"""What is wrong with a text that is no JSON: the place, and what was expected there, in plain words."""

import json
from collections.abc import Mapping

_ENDS = {"}": "object", "]": "array"}

_SAID: Mapping[str, str] = {
    "Expecting property name": "the name of a member, in double quotes, is expected here",
    "Expecting ':'": "a ':' is expected here, between a member's name and its value",
    "Expecting value": "a value is expected here: an object, an array, a string in double quotes, a number, true, false or null",
    "Unterminated string": "the string that begins here has no closing quote",
    "Invalid control character": "a line end or another control character stands in a string, where it has to be escaped (a line end as \\n)",
    "Invalid \\escape": "this '\\' in a string begins no escape that JSON has; a '\\' itself is written '\\\\'",
    "Invalid \\uXXXX": "'\\u' in a string takes four hexadecimal digits",
    "Illegal trailing comma": "no ',' may stand behind the last entry",
}
"""How Python's decoder begins what it says → what we say."""


def fault(error: json.JSONDecodeError) -> str:
    """Line and column of the fault, and what was expected there."""
    return f"line {error.lineno} column {error.colno}: {_expected(error)}"


def _expected(error: json.JSONDecodeError) -> str:
    text, place = error.doc, error.pos
    before = text[:place].rstrip(" \t\r\n")
    if error.msg.startswith("Extra data"):
        if text[place] == ":":
            return "a ':' belongs into an object, and none was opened: its '{' is missing"
        return "the document is complete before this, and nothing may follow it"
    if not error.msg.startswith(("Unterminated", "Invalid")) and not text[place:].strip(" \t\r\n"):
        return "the text ends here, in the middle of the document: the file is not whole"
    if error.msg.startswith("Expecting ','"):
        return "a ',' or the end of the object or array is expected here"
    if before.endswith(",") and text[place] in _ENDS:
        return f"the {_ENDS[text[place]]} ends here, behind a ',' that no entry follows"
    return next((said for begin, said in _SAID.items() if error.msg.startswith(begin)), "this is no JSON")
