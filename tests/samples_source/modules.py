"""The modules of Studio's catalogue that the samples place: families, ports and the script's parameter."""

from dataclasses import dataclass

GLOBAL_WORKSPACE = "506153734175476c4f62416c57734963"


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """An entry of the catalogue."""

    name: str
    family: str
    batch: int
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...]

    @property
    def id(self) -> str:
        """The id of the module's version."""
        return f"{GLOBAL_WORKSPACE}.{self.family}.v1-default-{self.batch}"


def _module(name: str, family: str, batch: int, inputs: str, outputs: str) -> Module:
    ports = tuple(port for port in inputs.split(", ") if port)
    return Module(name=name, family=family, batch=batch, inputs=ports, outputs=tuple(outputs.split(", ")))


_SCRIPT_PORTS = "Dataset1, Dataset2, Script Bundle"

IMPORT_DATA = _module("Import Data", "4e1b0fe6aded4b3fa36f39b8862b9004", 1744, "", "Results dataset")
SQL = _module("Apply SQL Transformation", "90381e8067c34d9987541db785b7ea37", 1744, "Table1, Table2, Table3", "Results dataset")
PYTHON = _module("Execute Python Script", "cdb56f957f4c404dbde75bb972e6f232", 1735, _SCRIPT_PORTS, "Result Dataset, Python Device")
R = _module("Execute R Script", "30806023392b42e094d66b775a6e0fd5", 1745, _SCRIPT_PORTS, "Result Dataset, R Device")
CLEAN = _module(
    "Clean Missing Data",
    "d2c5ca2f732341a39b7eda917c99f0c4",
    1741,
    "Dataset",
    "Cleaned dataset, Cleaning transformation",
)
METADATA = _module("Edit Metadata", "370b6676c11c486fbf7335349f842a66", 1742, "Dataset", "Results dataset")
SELECT = _module("Select Columns in Dataset", "1ec722fab6234e26a44ea50c6d726223", 1730, "Dataset", "Results dataset")
SPLIT = _module("Split Data", "70530644c97a4ab685f788bf30a8be5f", 1740, "Dataset", "Results dataset1, Results dataset2")
NORMALIZE = _module(
    "Normalize Data",
    "986df33367484b85923d871df70d6aaf",
    1739,
    "Dataset",
    "Transformed dataset, Transformation function",
)
BOOSTED_TREE = _module("Two-Class Boosted Decision Tree", "e3c522f853d948298ea45c6a6b75330c", 1738, "", "Untrained model")
PCA_ANOMALY = _module("PCA-Based Anomaly Detection", "c3822fa510954c72bd1efd43d285153a", 1737, "", "Untrained model")
TRAIN = _module("Train Model", "5cc7053eaa30450d96c0dae4be720977", 1744, "Untrained model, Dataset", "Trained model")
TRAIN_ANOMALY = _module(
    "Train Anomaly Detection Model",
    "d6acbacea72d44b99878869115e02458",
    1737,
    "Untrained model, Dataset",
    "Trained model",
)
SCORE = _module("Score Model", "401b4f92e7244d5abe81d5b0ff9bdb33", 1744, "Trained model, Dataset", "Scored dataset")
EVALUATE = _module(
    "Evaluate Model",
    "927d65ac3b504694990320f6c1672089",
    1743,
    "Scored dataset, Scored dataset to compare",
    "Evaluation results",
)
APPLY = _module(
    "Apply Transformation",
    "805e592d0f1f48eb97c9688ed0c1dc70",
    1736,
    "Transformation, Dataset",
    "Transformed dataset",
)
