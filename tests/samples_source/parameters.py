"""Parameter lists of the modules the samples place, in the order of the modules' interfaces."""

import json
from collections.abc import Mapping
from urllib.parse import quote

from .graph import Parameter

Parameters = Mapping[str, Parameter]


def literals(values: Mapping[str, str]) -> Parameters:
    """Plain parameters."""
    return {name: Parameter(value=value) for name, value in values.items()}


def columns(*names: str) -> str:
    """A column selection that names its columns."""
    return _selection({"ruleType": "ColumnNames", "columns": names, "exclude": False})


def all_columns_but(*names: str) -> str:
    """A column selection that names what to leave out."""
    return _selection({"ruleType": "AllColumns", "exclude": False}, {"ruleType": "ColumnNames", "exclude": True, "columns": names})


def _selection(*rules: Mapping[str, object]) -> str:
    selection: dict[str, object] = {"isFilter": True, "rules": rules}
    if len(rules) > 1:
        selection["ui"] = {"withRules": True}
    return quote(json.dumps(selection, separators=(",", ":")), safe="")


def from_database(server: str, database: str, user: str, query: str) -> Parameters:
    """Import Data that queries a database; the password stays in Studio's own store."""
    return {
        **literals(
            {
                "Please Specify Data Source": "SqlAzure",
                "Database Server Name": server,
                "Database Name": database,
                "Server User Account Name": user,
            }
        ),
        "Server User Account Password": Parameter(value=None, kind="PlaceHolder"),
        **literals({"Trust Server Certificate": "False", "Database Query": query}),
    }


def from_blob(account: str, key: str, path: str) -> Parameters:
    """Import Data that reads a delimited file, with the storage key typed into the node."""
    return literals(
        {
            "Please Specify Data Source": "AzureBlobStorage",
            "Please Specify Authentication Type": "Account",
            "Account Name": account,
            "Account Key": key,
            "Path to container or directory or blob": path,
            "Blob File format": "DelimitedText",
            "Column delimiter": "Semicolon",
            "Encoding Format": "utf_8",
            "File has Header Row": "True",
        }
    )


def python(script: str) -> Parameters:
    """Execute Python Script, whose parameter is named as in R."""
    return literals({"R Script": script, "Python Version": "Anaconda 4.0/Python 3.5"})


def r(script: str) -> Parameters:
    """Execute R Script."""
    return literals({"R Script": script, "Random Seed": "", "R Version": "Microsoft R Open 3.2.2"})


def split(fraction: str, seed: str, stratify: str | None) -> Parameters:
    """Split Data by a fraction of the rows."""
    key = {} if stratify is None else {"Stratification key column": columns(stratify)}
    return literals(
        {
            "Splitting mode": "Split Rows",
            "Fraction of rows in the first output dataset": fraction,
            "Randomized split": "True",
            "Random seed": seed,
            "Stratified split": str(stratify is not None),
            **key,
        }
    )


def boosted_tree(rate: str) -> Parameters:
    """Two-Class Boosted Decision Tree with a learning rate."""
    return literals(
        {
            "Create trainer mode": "SingleParameter",
            "Maximum number of leaves per tree": "20",
            "Minimum number of training instances required to form a leaf": "10",
            "The learning rate": rate,
            "Total number of trees constructed": "100",
            "Random number seed": "7",
            "Allow unknown levels in categorical features": "True",
        }
    )


def edit_metadata(selection: str, categorical: str, fields: str, names: Parameter) -> Parameters:
    """Edit Metadata that keeps the columns' types."""
    return {
        **literals(
            {"Column": selection, "Data Type": "Unchanged", "Categorical": categorical, "Fields": fields},
        ),
        "New Column Name": names,
    }
