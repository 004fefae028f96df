"""Pages of the form, to be taken apart and merged."""

from amlgit.form.companions import Binding, write_sync
from tests.support.forms import split, texts
from tests.support.wire import Members

NODE = "nodes/Split Data 11-1111.json"
"""The page of the first node of `a_graph`."""
SYNC = write_sync({name: Binding(experiment=f"w.f-id.{name}", run=None, content="c", time=5) for name in ("a", "a b", "a-b", "é", 'q"')})


def pages_of(document: Members) -> dict[str, bytes]:
    """The pages of an export's form, by path."""
    return {path: data for path, data in texts(split(document)).items() if path.endswith(".json")}
