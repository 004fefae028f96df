"""What is wrong with an experiment's folder; one that can be read and is in normal form, as nearly all are, needs little."""

from collections.abc import Iterator, Mapping

from amlgit.errors import InvalidDocument
from amlgit.form import experiments
from amlgit.form.secrets import Decisions
from amlgit.form.splitter import Splitter
from amlgit.model import graph
from amlgit.review.findings import Finding, conflict_markers


def inspect(files: Mapping[str, bytes], family: str, decisions: Decisions) -> Iterator[Finding]:
    """What is wrong with the content of an experiment's folder, given by path; `family` is empty where it is bound to none."""
    try:
        document = experiments.join(files)
        form = Splitter(decisions).split_protected(document, family)
    except InvalidDocument as error:
        from amlgit.review.damaged import Damaged

        yield from Damaged(files, family, decisions).findings(error, None)
        return
    if form.content != files or form.suspicions or graph.faults(document):
        from amlgit.review.damaged import Damaged

        yield from Damaged(files, family, decisions).findings(None, document)
    else:
        yield from conflict_markers(files)
