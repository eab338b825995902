"""Training: data sets, tables, preprocessing, the loop and what looks on, and what it leaves behind."""

from autograd_lite.train.adversarial import FastGradientSign, fast_gradient_sign
from autograd_lite.train.augmentation import ImageShift, InputNoise, chain, shift_images
from autograd_lite.train.callbacks import (
    Callback,
    EarlyStopping,
    GradientNormBelow,
    LossBelow,
    LossChangeBelow,
    Progress,
    Training,
)
from autograd_lite.train.compression import Pruned, Quantised, distil, factorise, prune, quantise
from autograd_lite.train.criteria import CRITERIA
from autograd_lite.train.datasets import Dataset, Settings, moons
from autograd_lite.train.engines import outputs_of
from autograd_lite.train.fit import accuracy, fit
from autograd_lite.train.history import History
from autograd_lite.train.loop import DivergedError
from autograd_lite.train.model_file import ModelFileError, TrainedModel, load, read_model, save, write_model
from autograd_lite.train.preprocessing import Centerer, MinMaxScaler, Standardizer, stratified_split
from autograd_lite.train.report import check_gradients
from autograd_lite.train.restarts import Restarts, fit_restarts
from autograd_lite.train.table import Table, read_table
from autograd_lite.train.whitening import Whitener

__all__ = ["CRITERIA", "DivergedError", "History", "Restarts", "accuracy", "fit", "fit_restarts", "outputs_of"]
__all__ += ["Callback", "EarlyStopping", "GradientNormBelow", "LossBelow", "LossChangeBelow", "Progress", "Training"]
__all__ += ["Dataset", "Settings", "Standardizer", "Table", "TrainedModel", "check_gradients", "moons", "read_model"]
__all__ += ["read_table", "stratified_split", "write_model"]
__all__ += ["Centerer", "MinMaxScaler", "Whitener", "FastGradientSign", "fast_gradient_sign"]
__all__ += ["ImageShift", "InputNoise", "chain", "shift_images"]
__all__ += ["Pruned", "Quantised", "distil", "factorise", "prune", "quantise"]
__all__ += ["ModelFileError", "load", "save"]
