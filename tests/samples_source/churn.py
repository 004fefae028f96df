"""The sample experiments on customer churn: training in eight versions, scoring in four."""

from dataclasses import replace
from datetime import UTC, datetime

from . import modules, parameters, scripts
from .graph import (
    Asset,
    AssetKind,
    Experiment,
    Node,
    Nodes,
    Parameter,
    Service,
    ServiceParameter,
    ServicePort,
    State,
    Text,
    Version,
    moved,
    with_feed,
    with_parameter,
)
from .made_up import guid, hex32

WORKSPACE = hex32("workspace")
STORAGE = "harbourtelml"

_TRAINING = "Customer churn - training"
_SCORING = "Customer churn - scoring"
_SERVICE = "Churn scoring service"
FEATURES = scripts.edited(scripts.FEATURES_PY, scripts.FEE_PER_CALL, scripts.GUARDED_FEE_PER_CALL)
BANDS = scripts.crlf(scripts.edited(scripts.BANDS_R, "p = 0.99)", "p = 0.995)"))


def _asset_id(name: str, version: int = 1) -> str:
    return f"{WORKSPACE}.{hex32(name)}.{hex32(name, str(version))}"


def _id(session: str, number: int) -> str:
    return f"{guid(session)}-{number}"


def _training_draft() -> Nodes:
    def own(number: int) -> str:
        return _id(_TRAINING, number)

    usage = Asset(kind=AssetKind.DATASET, id=_asset_id("usage-2016.csv"), at=(420, 20))
    return {
        "customers": Node(
            id=own(112),
            module=modules.IMPORT_DATA,
            at=(100, 20),
            parameters=parameters.from_database("harbourtel.database.windows.net", "crm", "studio_reader", scripts.CUSTOMERS_QUERY),
            comment="Contracts that began before 2017",
            cached=True,
        ),
        "usage": Node(
            id=own(118),
            module=modules.SQL,
            at=(240, 140),
            parameters=parameters.literals({"SQL Query Script": scripts.USAGE_SQL}),
            feeds={"Table1": (own(112), "Results dataset"), "Table2": usage},
        ),
        "features": Node(
            id=own(125),
            module=modules.PYTHON,
            at=(240, 260),
            parameters=parameters.python(scripts.FEATURES_PY),
            feeds={"Dataset1": (own(118), "Results dataset")},
        ),
        "label": Node(
            id=own(131),
            module=modules.METADATA,
            at=(240, 380),
            parameters=parameters.edit_metadata(parameters.columns("churned"), "Categorical", "Labels", Parameter(value="")),
            feeds={"Dataset": (own(125), "Result Dataset")},
        ),
        "bands": Node(
            id=own(140),
            module=modules.R,
            at=(240, 500),
            parameters=parameters.r(scripts.crlf(scripts.BANDS_R)),
            feeds={"Dataset1": (own(131), "Results dataset")},
        ),
        "columns": Node(
            id=own(147),
            module=modules.SELECT,
            at=(240, 620),
            parameters=parameters.literals({"Select Columns": parameters.all_columns_but("customer_id")}),
            feeds={"Dataset": (own(140), "Result Dataset")},
        ),
        "split": Node(
            id=own(153),
            module=modules.SPLIT,
            at=(240, 740),
            parameters=parameters.split("0.7", "42", "churned"),
            feeds={"Dataset": (own(147), "Results dataset")},
        ),
        "tree": Node(id=own(160), module=modules.BOOSTED_TREE, at=(-60, 740), parameters=parameters.boosted_tree("0.2")),
        "train": Node(
            id=own(166),
            module=modules.TRAIN,
            at=(60, 860),
            parameters=parameters.literals({"Label column": parameters.columns("churned")}),
            feeds={"Untrained model": (own(160), "Untrained model"), "Dataset": (own(153), "Results dataset1")},
        ),
        "score": Node(
            id=own(173),
            module=modules.SCORE,
            at=(180, 980),
            parameters=parameters.literals({"Append score columns to output": "True"}),
            feeds={"Trained model": (own(166), "Trained model"), "Dataset": (own(153), "Results dataset1")},
        ),
        "evaluate": Node(
            id=own(181),
            module=modules.EVALUATE,
            at=(180, 1100),
            feeds={"Scored dataset": (own(173), "Scored dataset")},
        ),
    }


def _with_cleaning(nodes: Nodes) -> Nodes:
    clean = Node(
        id=_id("cleaning", 64),
        module=modules.CLEAN,
        at=(240, 200),
        parameters=parameters.literals(
            {
                "Columns to be cleaned": parameters.columns("calls_per_month", "data_gb", "support_calls"),
                "Minimum missing value ratio": "0",
                "Maximum missing value ratio": "1",
                "Cleaning mode": "Custom substitution value",
                "Replacement value": "0",
                "Generate missing value indicator column": "False",
            }
        ),
        feeds={"Dataset": (nodes["usage"].id, "Results dataset")},
    )
    return with_feed({**nodes, "clean": clean}, "features", "Dataset1", (clean.id, "Cleaned dataset"))


def _tidied(nodes: Nodes) -> Nodes:
    comment = "Rate 0.1 gave the best AUC on the held-out customers, see the run of 9 March"
    commented = {**nodes, "tree": replace(nodes["tree"], comment=comment)}
    return moved(commented, usage=(240, 130), features=(240, 290), tree=(-110, 720))


def training() -> Experiment:
    """The training experiment: a draft and seven runs, one reviewable change each."""
    draft = _training_draft()
    held_out = with_feed(draft, "score", "Dataset", (draft["split"].id, "Results dataset2"))
    slower = with_parameter(held_out, "tree", "The learning rate", "0.1")
    guarded = with_parameter(slower, "features", "R Script", FEATURES)
    cleaned = _with_cleaning(guarded)
    no_postcode = parameters.all_columns_but("customer_id", "postcode_area")
    selected = with_parameter(cleaned, "columns", "Select Columns", no_postcode)
    capped = with_parameter(selected, "bands", "R Script", BANDS)
    states = {
        datetime(2017, 3, 6, 9, 12, 41, 318000, UTC): draft,
        datetime(2017, 3, 7, 8, 55, 3, 127000, UTC): held_out,
        datetime(2017, 3, 9, 14, 20, 36, 904000, UTC): slower,
        datetime(2017, 3, 14, 10, 2, 58, 466000, UTC): guarded,
        datetime(2017, 3, 16, 15, 47, 12, 53000, UTC): cleaned,
        datetime(2017, 3, 21, 9, 31, 27, 780000, UTC): selected,
        datetime(2017, 3, 23, 16, 5, 49, 241000, UTC): capped,
        datetime(2017, 3, 24, 11, 18, 5, 612000, UTC): _tidied(capped),
    }
    return Experiment(
        workspace=WORKSPACE,
        family=hex32(_TRAINING),
        creator="mira.holm",
        summary="Which customers will leave within a quarter? Trained on the contracts and the usage of 2016.",
        tags=("churn",),
        storage=STORAGE,
        versions=tuple(
            Version(
                path=f"{created:%Y-%m-%d}/{_TRAINING}.json",
                created=created,
                title=_TRAINING,
                nodes=nodes,
                state=State.DRAFT if nodes is draft else State.RUN,
            )
            for created, nodes in states.items()
        ),
    )


def _model(version: int) -> Asset:
    return Asset(kind=AssetKind.TRAINED_MODEL, id=_asset_id("Churn model", version), at=(-40, 500))


def _scoring_nodes() -> Nodes:
    def own(number: int) -> str:
        return _id(_SCORING, number)

    cleaning = Asset(kind=AssetKind.TRANSFORM, id=_asset_id("Usage cleaning"), at=(-40, 20))
    example = Asset(kind=AssetKind.DATASET, id=_asset_id("scoring-example.csv"), at=(200, 20))
    results = ("Scored Labels", "Scored Probabilities")
    names = Parameter(value="churn,churn_probability", linked="Score column names")
    return {
        "clean": Node(id=own(31), module=modules.APPLY, at=(80, 140), feeds={"Transformation": cleaning, "Dataset": example}),
        "features": Node(
            id=own(37),
            module=modules.PYTHON,
            at=(80, 260),
            parameters=parameters.python(FEATURES),
            feeds={"Dataset1": (own(31), "Transformed dataset")},
        ),
        "bands": Node(
            id=own(42),
            module=modules.R,
            at=(80, 380),
            parameters=parameters.r(BANDS),
            feeds={"Dataset1": (own(37), "Result Dataset")},
        ),
        "score": Node(
            id=own(48),
            module=modules.SCORE,
            at=(80, 620),
            parameters={
                "Append score columns to output": Parameter(value="True", linked="Append score columns"),
            },
            feeds={"Trained model": _model(1), "Dataset": (own(42), "Result Dataset")},
        ),
        "columns": Node(
            id=own(55),
            module=modules.SELECT,
            at=(80, 740),
            parameters=parameters.literals({"Select Columns": parameters.columns("customer_id", *results)}),
            feeds={"Dataset": (own(48), "Scored dataset")},
        ),
        "names": Node(
            id=own(61),
            module=modules.METADATA,
            at=(80, 860),
            parameters=parameters.edit_metadata(parameters.columns(*results), "Unchanged", "Unchanged", names),
            feeds={"Dataset": (own(55), "Results dataset")},
        ),
        "action": Node(
            id=own(66),
            module=modules.SQL,
            at=(80, 980),
            parameters=parameters.literals({"SQL Query Script": scripts.ACTION_SQL}),
            feeds={"Table1": (own(61), "Results dataset")},
            comment="Only these customers are called",
        ),
    }


def scoring_action_sql() -> str:
    """The query behind the service's `action` column, as deployed."""
    return scripts.edited(scripts.ACTION_SQL, ">= 0.6", ">= 0.5")


def scoring() -> Experiment:
    """The predictive experiment: four runs, renamed at the third."""
    first = _scoring_nodes()
    more_calls = with_parameter(first, "action", "SQL Query Script", scoring_action_sql())
    retrained = with_feed(more_calls, "score", "Trained model", _model(2))
    customers = ServicePort(id=_id(_SERVICE, 70), node=first["clean"].id, port="Dataset", name="customers", at=(400, 20))
    scores = ServicePort(id=_id(_SERVICE, 74), node=first["action"].id, port="Results dataset", name="scores", at=(80, 1100))
    versions = (
        (datetime(2017, 4, 3, 10, 40, 19, 855000, UTC), _SCORING, first, Text.WIRE),
        (datetime(2017, 4, 18, 13, 8, 52, 391000, UTC), _SCORING, more_calls, Text.TABS),
        (datetime(2017, 5, 8, 8, 25, 44, 76000, UTC), _SERVICE, more_calls, Text.WIRE),
        (datetime(2017, 5, 15, 9, 50, 31, 502000, UTC), _SERVICE, retrained, Text.WIRE),
    )
    return Experiment(
        workspace=WORKSPACE,
        family=hex32(_SCORING),
        creator="mira.holm",
        summary="Scores customers with the newest churn model and says whom to call.",
        tags=("churn", "web service"),
        storage=STORAGE,
        service=Service(
            inputs=(customers,),
            outputs=(scores,),
            parameters=(
                ServiceParameter(name="Append score columns", type="Boolean", default="True"),
                ServiceParameter(name="Score column names", type="String", default="churn,churn_probability"),
            ),
        ),
        versions=tuple(
            Version(path=f"{created:%Y-%m-%d}/{title}.json", created=created, title=title, nodes=nodes, text=text)
            for created, title, nodes, text in versions
        ),
    )
