"""One transform per table: a plain function from a frame to the table's rows, in a module of the table's name."""

import pkgutil
from collections.abc import Callable
from importlib import import_module

from pyspark.sql import DataFrame

Transform = Callable[[DataFrame], DataFrame]

TRANSFORMS: dict[str, Transform] = {
    module.name: getattr(import_module(f"{__name__}.{module.name}"), module.name)
    for module in pkgutil.iter_modules(__path__)
}
