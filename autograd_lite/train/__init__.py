"""Training: data sets, tables, preprocessing, the mini-batch loop, and what it leaves behind."""

from autograd_lite.train.datasets import Dataset, Settings, moons
from autograd_lite.train.fit import DivergedError, History, accuracy, fit
from autograd_lite.train.model_file import TrainedModel, read_model, write_model
from autograd_lite.train.preprocessing import Standardizer, stratified_split
from autograd_lite.train.report import check_gradients
from autograd_lite.train.table import Table, read_table

__all__ = [
    "Dataset",
    "DivergedError",
    "History",
    "Settings",
    "Standardizer",
    "Table",
    "TrainedModel",
    "accuracy",
    "check_gradients",
    "fit",
    "moons",
    "read_model",
    "read_table",
    "stratified_split",
    "write_model",
]
