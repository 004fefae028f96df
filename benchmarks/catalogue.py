"""The part of Studio's catalogue that made-up experiments are made of: modules, their ports, what their parameters may hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Script:
    """How a made-up script is written: first line, any number of lines like the pattern, last line."""

    first: str
    pattern: str
    last: str
    end: str

    def line(self, random: Random) -> str:
        return self.pattern.format(random.randrange(60), random.randint(1, 99), random.randrange(60))


SCRIPTS = {
    "<SQL>": Script("SELECT t1.id,", "       AVG(t1.c{0}) * {1} AS c{2},", "       t1.day FROM t1;", "\n"),
    "<Python>": Script(
        "def azureml_main(frame=None, other=None):",
        '    frame["c{0}"] = frame["c{2}"].fillna({1}).clip(lower=0)',
        "    return frame,",
        "\n",
    ),
    "<R>": Script(
        "frame <- maml.mapInputPort(1)",
        "frame$c{0} <- pmin(frame$c{2}, quantile(frame$c{0}, 0.{1}, na.rm = TRUE))",
        'maml.mapOutputPort("frame")',
        "\r\n",
    ),
}


@dataclass(frozen=True, slots=True)
class Module:
    """An entry of Studio's catalogue, with the values its parameters may take."""

    family: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: Mapping[str, tuple[str, ...]]


# Family | input ports | output ports | parameters with their values; <columns> is a column selection.
_CATALOGUE = """
4e1b0fe6aded4b3fa36f39b8862b9004||Results dataset|Please Specify Data Source=SqlAzure;Database Name=sales,stock,service;Database Query=<SQL>
90381e8067c34d9987541db785b7ea37|Table1,Table2,Table3|Results dataset|SQL Query Script=<SQL>
cdb56f957f4c404dbde75bb972e6f232|Dataset1,Dataset2,Script Bundle|Result Dataset,Python Device|R Script=<Python>;Python Version=Anaconda 4.0/Python 2.7.11,Anaconda 4.0/Python 3.5
30806023392b42e094d66b775a6e0fd5|Dataset1,Dataset2,Script Bundle|Result Dataset,R Device|R Script=<R>;Random Seed=,1,7,42
d2c5ca2f732341a39b7eda917c99f0c4|Dataset|Cleaned dataset,Cleaning transformation|Columns to be cleaned=<columns>;Maximum missing value ratio=0.5,0.9,1;Cleaning mode=Replace with mean,Replace with median,Remove entire row
370b6676c11c486fbf7335349f842a66|Dataset|Results dataset|Column=<columns>;Data Type=Unchanged,Double,Integer,String;Categorical=Unchanged,Categorical,NonCategorical;Fields=Unchanged,Features,Labels
1ec722fab6234e26a44ea50c6d726223|Dataset|Results dataset|Select Columns=<columns>
124865f7e9014656adacf4cb08248099|Dataset1,Dataset2|Results dataset|Comma-separated case-sensitive names of join key columns for L=<columns>;Comma-separated case-sensitive names of join key columns for R=<columns>;Match case=True,False;Join type=Inner Join,Left Outer Join,Full Outer Join
986df33367484b85923d871df70d6aaf|Dataset|Transformed dataset,Transformation function|Transformation method=ZScore,MinMax,Tanh;Columns to transform=<columns>
70530644c97a4ab685f788bf30a8be5f|Dataset|Results dataset1,Results dataset2|Splitting mode=Split Rows;Fraction of rows in the first output dataset=0.5,0.6,0.7,0.75,0.8;Randomized split=True,False;Random seed=0,1,7,42
e3c522f853d948298ea45c6a6b75330c||Untrained model|Maximum number of leaves per tree=10,20,32,64;The learning rate=0.05,0.1,0.2,0.4;Total number of trees constructed=50,100,200,500
5cc7053eaa30450d96c0dae4be720977|Untrained model,Dataset|Trained model|Label column=<columns>
401b4f92e7244d5abe81d5b0ff9bdb33|Trained model,Dataset|Scored dataset|Append score columns to output=True,False
927d65ac3b504694990320f6c1672089|Scored dataset,Scored dataset to compare|Evaluation results|
"""  # noqa: E501  # a row is a module


def _module(row: str) -> Module:
    family, inputs, outputs, parameters = row.split("|")
    pairs = (parameter.split("=") for parameter in parameters.split(";") if parameter)
    return Module(
        family,
        tuple(port for port in inputs.split(",") if port),
        tuple(outputs.split(",")),
        {name: tuple(values.split(",")) for name, values in pairs},
    )


MODULES = tuple(_module(row) for row in _CATALOGUE.strip().splitlines())
BY_FAMILY = {module.family: module for module in MODULES}
