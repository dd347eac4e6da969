"""All scenarios, in the order they run."""

from . import (apply, basics, faults, heavy, registries,  # noqa: F401
               release_actions, release_charts, release_hostile,
               release_inputs, release_preview, releases, safety, sources)
