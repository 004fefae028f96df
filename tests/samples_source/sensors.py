"""The sample experiment on sensor data, in which somebody typed two storage keys."""

from datetime import UTC, datetime

from . import modules, parameters, scripts
from .churn import STORAGE, WORKSPACE
from .graph import Experiment, Node, Nodes, State, Text, Version, with_parameter
from .made_up import guid, hex32, storage_key

_TITLE = "Sensor anomalies"
_ACCOUNT = "pumpteststand"


def _nodes() -> Nodes:
    def own(number: int) -> str:
        return f"{guid(_TITLE)}-{number}"

    copied_by = (
        "Copied every night from the test stand in Lübeck with "
        f"DefaultEndpointsProtocol=https;AccountName={_ACCOUNT};AccountKey={storage_key(_ACCOUNT, 'second key')};"
        "EndpointSuffix=core.windows.net"
    )
    return {
        "readings": Node(
            id=own(205),
            module=modules.IMPORT_DATA,
            at=(120, 20),
            parameters=parameters.from_blob(_ACCOUNT, storage_key(_ACCOUNT, "first key"), "readings/2017-01/bearings.csv"),
        ),
        "hours": Node(
            id=own(211),
            module=modules.SQL,
            at=(120, 140),
            parameters=parameters.literals({"SQL Query Script": scripts.HOURLY_SQL}),
            feeds={"Table1": (own(205), "Results dataset")},
            comment=copied_by,
        ),
        "scaled": Node(
            id=own(219),
            module=modules.NORMALIZE,
            at=(120, 260),
            parameters=parameters.literals(
                {
                    "Transformation method": "ZScore",
                    "Columns to transform": parameters.columns("bearing_temperature", "vibration_mm_s", "flow_l_min"),
                    "Use 0 for constant columns when checked": "True",
                }
            ),
            feeds={"Dataset": (own(211), "Results dataset")},
        ),
        "split": Node(
            id=own(224),
            module=modules.SPLIT,
            at=(120, 380),
            parameters=parameters.split("0.8", "11", None),
            feeds={"Dataset": (own(219), "Transformed dataset")},
        ),
        "pca": Node(
            id=own(230),
            module=modules.PCA_ANOMALY,
            at=(-160, 380),
            parameters=parameters.literals(
                {
                    "Training mode": "SingleParameter",
                    "Number of components to use in PCA": "2",
                    "Oversampling parameter for randomized PCA": "2",
                    "Enable input feature mean normalization": "False",
                }
            ),
        ),
        "train": Node(
            id=own(236),
            module=modules.TRAIN_ANOMALY,
            at=(-40, 500),
            feeds={"Untrained model": (own(230), "Untrained model"), "Dataset": (own(224), "Results dataset1")},
        ),
        "score": Node(
            id=own(243),
            module=modules.SCORE,
            at=(60, 620),
            parameters=parameters.literals({"Append score columns to output": "True"}),
            feeds={"Trained model": (own(236), "Trained model"), "Dataset": (own(224), "Results dataset2")},
        ),
    }


def sensors() -> Experiment:
    """The sensor experiment: a run, and a draft edited after it."""
    nodes = _nodes()
    ran = datetime(2017, 2, 13, 7, 44, 10, 239000, UTC)
    edited = datetime(2017, 2, 20, 12, 30, 57, 684000, UTC)
    return Experiment(
        workspace=WORKSPACE,
        family=hex32(_TITLE),
        creator="jonas.brandt",
        summary="Finds hours in which a pump behaves unlike itself.",
        storage=STORAGE,
        versions=(
            Version(path=f"{ran:%Y-%m-%d}/{_TITLE}.json", created=ran, title=_TITLE, nodes=nodes, text=Text.SPACES),
            Version(
                path=f"{edited:%Y-%m-%d}/{_TITLE}.json",
                created=edited,
                title=_TITLE,
                nodes=with_parameter(nodes, "pca", "Number of components to use in PCA", "3"),
                state=State.DRAFT,
            ),
        ),
    )
