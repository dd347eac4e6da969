"""All scenarios, in the order they run."""

from . import (apply, basics, faults, heavy, safety,  # noqa: F401
               sources)
