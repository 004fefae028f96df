"""What an anonymised document holds: nothing of anybody's own, and the same graph."""

import itertools
import random
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit.compare.diff import diff
from amlgit.errors import InvalidDocument
from amlgit.form import modules, nodes, webservices
from amlgit.form.anonymised import Anonymiser, Kept
from amlgit.form.experiments import join, parse
from amlgit.form.pseudonymous_texts import Texts
from amlgit.form.pseudonyms import Pseudonyms
from amlgit.form.secrets import REPLACE_ALL, Decisions
from amlgit.form.splitter import Splitter
from amlgit.model.jsontext import Json, Object, dumps
from amlgit.review.changes import counts
from tests.support.definitions import a_definition
from tests.support.drawn import exports
from tests.support.files import corpus_exports, loaded, read, sample_exports
from tests.support.forms import family, split, texts
from tests.support.places import Place, paths, put_in, some_paths
from tests.support.planted import an_export
from tests.support.wire import ENTER, GLOBAL, IMPORT, PYTHON, SELECT, SQL, Members, R, a_graph

KEY = bytes(range(32))
OWN = "Qorvanth"
"""A word of somebody's own: it must be nowhere afterwards, in no case and no encoding."""

FILES = [*(pytest.param(path, id=f"sample {path.parent.name}") for path in sample_exports()[::5]), *corpus_exports()]


def anonymiser(key: bytes = KEY, kept: Collection[str] = ()) -> Anonymiser:
    return Anonymiser(Texts(Pseudonyms(key)), Kept(**dict.fromkeys(kept, True)))


def anonymous(document: Object, key: bytes = KEY, kept: Collection[str] = ()) -> Members:
    form = split(document, REPLACE_ALL)
    return loaded(dumps(anonymiser(key, kept).experiment(join(form.content, form.run))))


def is_in(data: bytes, own: str = OWN) -> bool:
    text = data.decode(errors="replace").casefold()
    return any(own.casefold() in spelled for spelled in (text, unquote(text), unquote(unquote(text))))


def value_at(document: Json, path: Place) -> Json:
    for step in path:
        document = document[step]  # type: ignore[index]  # the path is one of the document's
    return document


def _ways(value: Json) -> Iterator[Json]:
    """A value with somebody's own in it: as a whole, within what was there, as a name, in a list."""
    yield OWN
    yield f"two words of {OWN} & Söhne\nand a line: {OWN}@example.org, https://{OWN}.example.org/{OWN}/x.csv?{OWN}={OWN}"
    yield {OWN: {"Name": OWN, "Value": [OWN]}}
    if isinstance(value, str) and value:
        yield f"{OWN} {value}"
        yield value.replace("</", f"<{OWN} {OWN}='{OWN}'>{OWN}</{OWN}></", 1) if "</" in value else f"{value[: len(value) // 2]}{OWN}{value[1:]}"
        yield quote(f'{{"isFilter":true,"rules":[{{"ruleType":"{OWN}","columns":["{OWN}"],"{OWN}":"x"}}]}}', safe="-_.!~*'()")
    if isinstance(value, dict):
        yield {**value, OWN: OWN}
        yield {**value, f"{OWN} again": {"deep": [1, OWN]}}
    if isinstance(value, list):
        yield [*value, OWN]


@pytest.mark.parametrize("path", FILES)
def test_nothing_of_ones_own_stays_whatever_member_it_stands_in(path: Path) -> None:
    """Each kind of place in turn, one way or another; all ways at all places of a small export are the next test's."""
    document = read(path)
    assert not is_in(dumps(anonymous(document)))
    ways = itertools.count()
    _plant(document, lambda found: [found[next(ways) % len(found)]])


@pytest.mark.parametrize("path", FILES)
def test_no_id_stays_but_those_of_the_catalogue(path: Path) -> None:
    ids, found = (set(re.findall(rb"[0-9a-f]{32}", dumps(one).replace(b"-", b""))) for one in (_protected(read(path)), anonymous(read(path))))
    kept = {family.encode() for family in (GLOBAL, *modules.BUILT_IN)}
    assert ids - kept
    assert ids & found <= kept
    assert len(found) == len(ids)


def test_people_and_titles_are_told_by_what_they_are_called() -> None:
    found = anonymous({**a_graph(), "Creator": f"{OWN}", "Summary": "One.\n\nTwo."})
    assert re.fullmatch("Person [0-9a-f]{12}", str(found["Creator"]))
    assert re.fullmatch("Experiment [0-9a-f]{12}", str(found["Description"]))
    assert re.fullmatch("Text [0-9a-f]{12}\n\nText [0-9a-f]{12}", str(found["Summary"]))


def test_nothing_of_ones_own_stays_at_any_place_in_any_way() -> None:
    _plant(an_export(), lambda found: found)


def _plant(document: Members, chosen: Callable[[list[Json]], list[Json]]) -> None:
    planted = refused = 0
    for place in some_paths(document):
        for value in chosen(list(_ways(value_at(document, place)))):
            try:
                found = anonymous(put_in(document, place, value))
            except (InvalidDocument, AssertionError):  # no export any more: an id that is none, a node twice
                refused += 1
                continue
            planted += 1
            assert not is_in(dumps(found)), (place, value)
    assert planted > 2 * refused


@given(exports(), st.integers())
def test_nothing_of_ones_own_stays_in_odd_exports(document: Members, seed: int) -> None:
    chance = random.Random(seed)
    place = chance.choice(list(paths(document)))
    value = chance.choice(list(_ways(value_at(document, place))))
    try:
        found = anonymous(put_in(document, place, value))
    except (InvalidDocument, AssertionError):
        return
    assert not is_in(dumps(found)), (place, value)


@pytest.mark.parametrize("module", [PYTHON, R, SQL, IMPORT, ENTER, SELECT])
@pytest.mark.parametrize(
    "script",
    [
        f"# {OWN}\nx = {OWN}.{OWN}_1(1)\n",
        f"'''{OWN}\n{OWN}''' + \"{OWN}\" + '{OWN}",
        f"-- {OWN}\nselect {OWN}.[{OWN}] from \"{OWN}\" where a = '{OWN}' /* {OWN}\n * {OWN} */",
        f"/* {OWN}",
        f'""" {OWN}',
        f"x <- data${OWN}; `{OWN} b` <- 'it\\'s {OWN}' # {OWN}\r\n{OWN}@slot",
        f'a,{OWN}\r\n1,"{OWN} x"\r\n',
        f"é{OWN}é = u'{OWN}'\\{OWN}\t%{OWN}",
        OWN,
    ],
)
def test_nothing_of_ones_own_stays_in_a_script(module: str, script: str) -> None:
    names = {PYTHON: "R Script", R: "R Script", SQL: "SQL Query Script", IMPORT: "Database Query", ENTER: "Data", SELECT: "Select Columns"}
    document = put_in(a_graph(), ("Graph", "ModuleNodes", 0, "ModuleId"), module)
    document = put_in(document, ("Graph", "ModuleNodes", 0, "ModuleParameters", 0), {"Name": names[module], "Value": script})
    assert not is_in(dumps(anonymous(document)))


def test_nothing_of_ones_own_stays_in_a_definition() -> None:
    document = a_definition()
    planted = 0
    for place in paths(document):
        for value in _ways(value_at(document, place)):
            changed = put_in(document, place, value)
            try:
                form = webservices.split(changed, "0" * 32, REPLACE_ALL)
            except InvalidDocument:
                continue
            planted += 1
            found = anonymiser().definition(webservices.join(form.content, form.run))
            assert not is_in(dumps(found)), (place, value)
    assert planted > 100


def test_data_is_replaced_with_its_numbers() -> None:
    rows: Json = {"input1": [[4711, "4711", -0.4711, True, None], {"age": 4711}]}
    document = put_in(a_definition(), ("properties", "exampleRequest"), {"inputs": rows})
    assert b"4711" not in dumps(anonymiser().definition(document))
    entered = put_in(a_graph(), ("Graph", "ModuleNodes", 0, "ModuleId"), ENTER)
    entered = put_in(entered, ("Graph", "ModuleNodes", 0, "ModuleParameters", 0), {"Name": "Data", "Value": "a,4711\r\nb,47.11"})
    found = dumps(anonymous(entered))
    assert b"4711" not in found
    assert b"47.11" not in found


def _shape(value: Json) -> Json:
    """A document without its texts: what is left are its lists, numbers, truth values and built-in modules."""
    if isinstance(value, dict):
        module = modules.name(str(value.get("ModuleId")))
        kept = module if module in modules.BUILT_IN.values() else ""
        return [kept, *sorted((_shape(inner) for inner in value.values()), key=dumps)]
    if isinstance(value, list):
        return sorted((_shape(entry) for entry in value), key=dumps)
    return isinstance(value, str) or value


@given(exports())
def test_the_graph_is_the_same_up_to_its_names(document: Members) -> None:
    form = split(document, REPLACE_ALL)
    protected = loaded(dumps(join(form.content, form.run)))
    found = anonymous(document)
    assert dumps(_shape(found)) == dumps(_shape(protected))
    again = Splitter(Decisions()).split(dumps(found), family(found))
    assert again.suspicions == ()
    assert len(again.content) == len(form.content)
    assert _fed(again.content) == _fed(form.content)


def _fed(content: Mapping[str, bytes]) -> Counter[int]:
    """How many nodes have how many ports with an edge: a member that is named Source may stand anywhere."""
    pages = (path for path in content if path.startswith(nodes.FOLDER) and path.endswith(".json"))
    return Counter(len(nodes.read(parse(path, content[path]), content, path).sources) for path in pages)


def _changes(old: Object, new: Object) -> dict[str, int]:
    found: dict[str, int] = {str(name): count for name, count in counts(diff(old, new).changes).items()}
    return found


def test_a_difference_is_the_same_difference() -> None:
    versions = [read(path) for path in sorted(sample_exports(), key=lambda path: path.name)]
    told = 0
    for old, new in itertools.pairwise(versions):
        if family(old) != family(new):
            continue
        told += 1
        assert _changes(anonymous(old), anonymous(new)) == _changes(*(_protected(one) for one in (old, new)))
    assert told


def _protected(document: Object) -> Object:
    form = split(document, REPLACE_ALL)
    return join(form.content, form.run)


@given(exports(), st.integers())
def test_one_edit_of_a_text_is_one_edit_afterwards(document: Members, seed: int) -> None:
    places = [place for place in paths(document) if isinstance(value_at(document, place), str) and place[-1] in ("Comment", "Value", "Summary")]
    if not places:
        return
    changed = put_in(document, random.Random(seed).choice(places), f"{OWN} sees another")
    try:
        old, new = (_protected(one) for one in (document, changed))
    except InvalidDocument:
        return
    assert _changes(anonymous(document), anonymous(changed)) == _changes(old, new)


def test_the_same_key_gives_the_same_and_another_key_another() -> None:
    document = read(sample_exports()[0])
    assert anonymous(document) == anonymous(document)
    one, other = (set(re.findall(rb"[0-9a-f]{12}", dumps(anonymous(document, key)))) for key in (KEY, b"x" * 32))
    kept = set(re.findall(rb"[0-9a-f]{12}", dumps(document)))
    assert one - kept
    assert not (one - kept) & (other - kept)


def test_one_thing_has_one_pseudonym_wherever_it_stands() -> None:
    """A column in a selection, a script, a query and a list; a storage account by itself and in a URL; an id in two spellings."""
    texts_ = Texts(Pseudonyms(KEY))
    word = texts_.technical("Umsatz")
    for text in ("df['Umsatz']", "x = df.Umsatz  # why"):
        assert word in texts_.code(text, "py")
    assert word in texts_.code('select "Umsatz" from t1', "sql")
    assert word in texts_.technical("id,Umsatz,x")
    assert texts_.technical("https://contosostore.blob.core.windows.net/c").startswith(
        f"https://{texts_.technical('contosostore')}.blob.core.windows.net/"
    )
    dashed = texts_.technical("20ea4e8d-d3d9-4f1d-947c-441675acd4f7")
    assert dashed.replace("-", "") == texts_.technical("20ea4e8dd3d94f1d947c441675acd4f7")
    assert texts_.technical("umsatz")[1:] == word[1:13]  # SQL does not tell them apart


@pytest.mark.parametrize(
    "text",
    ["Split Rows", "0.7", "-1", "True", "English", "/Date(1464199879696)/", "2017-06-05T15:03:37.7508698Z", "1;2;3", "https://studio.azureml.net/"],
)
def test_what_studio_says_itself_stays(text: str) -> None:
    assert Texts(Pseudonyms(KEY)).value(text) == text


@pytest.mark.parametrize("text", ["0171 5550123456", "4111111111111111", "j.doe@contoso.com", "10.20.30.40", "Contoso", "ünï", "\N{SNOWMAN}"])
def test_what_may_be_somebodys_does_not(text: str) -> None:
    found = Texts(Pseudonyms(KEY)).value(text)
    assert not set(re.findall(r"\w{6,}|[^\x00-\x7f]", text)) & set(re.findall(r"\w{6,}|[^\x00-\x7f]", found))


@pytest.mark.parametrize(
    ("choice", "place", "text"),
    [
        ("titles", ("Description",), f"{OWN} of jane@contoso.com"),
        ("texts", ("Summary",), f"{OWN}\n20ea4e8dd3d94f1d947c441675acd4f7"),
        ("texts", ("Graph", "ModuleNodes", 0, "Comment"), f"see {OWN}"),
        ("scripts", ("Graph", "ModuleNodes", 1, "ModuleParameters", 0, "Value"), f"{OWN} = 'jane@contoso.com'\n"),
    ],
)
def test_what_is_kept_stays_but_for_addresses_and_ids(choice: str, place: Place, text: str) -> None:
    document = put_in(a_graph(), place, text)
    shown = dumps(anonymous(document, kept=[choice]))
    assert is_in(shown)
    for other in (b"jane@contoso.com", b"20ea4e8dd3d94f1d947c441675acd4f7"):
        assert other not in shown
    others = {"titles", "texts", "scripts", "columns"} - {choice}
    assert not is_in(dumps(anonymous(document, kept=others)))


def test_placeholders_of_secrets_stay_and_say_nothing_of_ones_own() -> None:
    linked: Members = {"Name": "Password", "Value": "Tr0ub4dor", "ValueType": "Literal", "LinkedGlobalParameter": f"{OWN} password"}
    document = put_in(a_graph(), ("Graph", "ModuleNodes", 0, "ModuleParameters", 0), linked)
    own: Members = {"Name": f"{OWN} password", "Value": "Tr0ub4dor", "ParameterDefinition": {"Name": f"{OWN} password", "DefaultValue": "Tr0ub4dor"}}
    document = put_in(document, ("WebService",), {"Parameters": [own]})
    document = put_in(document, ("Summary",), "AccountKey=c2hvcnQgYnV0IGEga2V5")
    found = anonymous(document)
    assert not is_in(dumps(found))
    assert value_at(found, ("Graph", "ModuleNodes", 0, "ModuleParameters", 0, "Value")) == "${secret:Password}"
    form = split(found)
    assert form.suspicions == ()
    everything = b"\n".join(texts(form).values())
    assert not is_in(everything)
    assert b"Tr0ub4dor" not in everything
    before = Counter(re.findall(rb"\$\{secret:", b"\n".join(texts(split(document)).values())))
    assert Counter(re.findall(rb"\$\{secret:", everything)) == before
    assert b"${secret:account key}" in form.content["experiment.json"]
    assert b"$${" not in everything


def test_a_long_row_of_what_a_mail_address_may_begin_with_takes_no_time() -> None:
    """A hundred thousand starts, each read to the end, would be hours."""
    texts = Texts(Pseudonyms(b"k" * 32))
    assert texts.technical("-." * 100_000) == "-." * 100_000
    for text in ("john.doe+x@example.org", "a@b.com+john@x.com", "x" * 200 + "@example.org", f"{'0' * 32}.f-id.{'1' * 32}+john@x.com"):
        shown = texts.masked(text)
        assert not any(part in shown for part in ("john", "xxx", "a@b"))


def test_a_string_without_an_end_goes_on_to_the_end_of_its_line() -> None:
    texts = Texts(Pseudonyms(b"k" * 32))
    for mark, escaped in (("'", "\\'"), ('"', '\\"')):
        code = texts.code(f"import os\nx = {mark}mine {escaped}ours{escaped} # yours\nimport sys  # hers  \n", "py")
        assert code.startswith("import os\n")
        assert re.search(r"\nimport sys  # w[0-9a-f]+  \n$", code)
        assert not any(word in code for word in ("mine", "ours", "yours", "hers"))


def test_the_marks_of_comments_stay_and_each_line_is_one_word() -> None:
    texts = Texts(Pseudonyms(b"k" * 32))
    for language, code in (
        ("sql", "/* a b\n ** c d \n e f  */ "),
        ("py", "#!  a b \n#\n  #-- c d"),
        ("R", "# a */ b\t\n"),
        ("py", '"""a b \n\n  c d  """'),
    ):
        shown = texts.code(code, language)
        assert re.sub("w[0-9a-f]{12}", "W", shown) == re.sub(r"\b[a-f]( \*/)? [a-f]\b", "W", code)
