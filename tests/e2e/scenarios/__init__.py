"""All scenarios, in the order they run."""

from . import (apply, basics, faults, heavy, registries,  # noqa: F401
               releases, safety, sources, targets)
