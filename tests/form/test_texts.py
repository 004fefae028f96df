"""An export taken apart: every member's text is found, whichever way it is written, and none is lost."""

import pytest

from amlgit.errors import InvalidDocument
from amlgit.form.texts import take_apart
from amlgit.model.jsontext import Json, loads

EXPORT = (
    '{"ExperimentId":"a.f-id.b","Description":"a/b","Graph":{"ModuleNodes":[{"Id":"1"},{"Id":"2"}],"EdgesInternal":[],'
    r'"SerializedClientData":"\u003c"},"NodeStatuses":[],"Tags":[1.50],"Status":{"CreationTime":"\/Date(0)\/"}}'
)


def put_together(data: bytes) -> Json:
    texts = take_apart(data)
    graph = {name: loads(text) for name, text in texts.graph.items()} | {"ModuleNodes": [loads(text) for text in texts.nodes]}
    return {name: loads(text) for name, text in texts.members.items()} | {"Graph": graph}


@pytest.mark.parametrize(
    "text",
    [
        EXPORT,
        "\ufeff" + EXPORT,
        EXPORT.replace(",", ", ").replace(":", ": "),
        EXPORT.replace('"Tags":', '"A":1,"Ä":2,"Tags":'),
        EXPORT.replace('"EdgesInternal":[]', '"EdgesInternal":[],"Other":{"Graph":1}'),
        EXPORT.replace('"Tags"', r'"T\u0061gs"'),
        EXPORT.replace('{"Id":"1"},{"Id":"2"}', ""),
        EXPORT.replace('{"Id":"1"},', ""),
        EXPORT.replace('{"Id":"1"},{"Id":"2"}', '{ "Id":"1"} , {"Id":"2"}'),
        EXPORT.replace('"NodeStatuses":[],"Tags":[1.50],', ""),
    ],
)
def test_every_member_is_found(text: str) -> None:
    assert put_together(text.encode()) == loads(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        EXPORT.replace('"Tags":[1.50]', '"Tags":[1.50],"Tags":[]'),
        EXPORT.replace('"EdgesInternal":[]', '"EdgesInternal":[],"EdgesInternal":[]'),
        EXPORT.replace('"Tags"', r'"T\u0061gs":1,"Tags"'),
        EXPORT.replace('"Status"', '"Graph":null,"Status"'),
        EXPORT.replace('"EdgesInternal":[]', '"ModuleNodes":[]'),
        EXPORT.replace("[{", "7,[{"),
        EXPORT.replace("[{", "{").replace("}]", "}"),
        EXPORT + "}",
        EXPORT[:-1],
        "[" + EXPORT + "]",
        "",
    ],
)
def test_what_stands_twice_or_is_no_export_is_refused(text: str) -> None:
    with pytest.raises(InvalidDocument):
        put_together(text.encode())
