"""Azure Machine Learning Studio (classic) experiments under git."""

__version__ = "0.1.0"
