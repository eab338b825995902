"""Training: data sets, preprocessing, the mini-batch loop, and what it leaves behind."""

from autograd_lite.train.datasets import Dataset, Settings, moons
from autograd_lite.train.fit import DivergedError, History, accuracy, fit
from autograd_lite.train.preprocessing import Standardizer, stratified_split
from autograd_lite.train.report import check_gradients

__all__ = [
    "Dataset",
    "DivergedError",
    "History",
    "Settings",
    "Standardizer",
    "accuracy",
    "check_gradients",
    "fit",
    "moons",
    "stratified_split",
]
