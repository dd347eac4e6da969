"""All scenarios, in the order they run."""

from . import apply, basics, sources  # noqa: F401
