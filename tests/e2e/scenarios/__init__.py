"""All scenarios, in the order they run."""

from . import apply, basics, faults, heavy, safety, sources  # noqa: F401
