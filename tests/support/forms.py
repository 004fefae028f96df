"""An export written down, and back."""

from amlgit.form import secrets
from amlgit.form.experiments import Form, join
from amlgit.form.secrets import Decisions
from amlgit.form.splitter import Splitter
from amlgit.model import ids
from amlgit.model.jsontext import Object, dumps
from tests.support.wire import Members


def family(document: Object) -> str:
    """The family of an export."""
    parts = ids.experiment_id(str(document["ExperimentId"]))
    assert parts is not None
    return parts.family


def split(document: Object, decisions: Decisions | None = None) -> Form:
    """The form of an export, by a splitter that has seen nothing else."""
    return Splitter(decisions or Decisions()).split(dumps(document), family(document))


def whole(form: Form) -> Members:
    """The export that a form came from."""
    back = secrets.unescape(join(form.content, form.run))
    assert isinstance(back, dict)
    return back


def texts(form: Form) -> dict[str, bytes]:
    """All files of a form, by path."""
    return {**form.content, "run.json": form.run}
