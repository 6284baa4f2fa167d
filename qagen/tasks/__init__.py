"""The task families, one module each, and the types that YAMLs make of them."""

from importlib import import_module
from pkgutil import iter_modules

from qagen.tasks._base import Family


def _find_families() -> dict[str, type[Family]]:
    """Every Family that a module of this package defines, by name."""
    modules = [import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, type)]
    return {cls.name: cls for cls in found if issubclass(cls, Family) and cls is not Family}


FAMILIES = _find_families()
