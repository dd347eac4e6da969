"""All scenarios, in the order they run."""

from . import (apply, basics, commands, faults, heavy,  # noqa: F401
               registries, release_actions, release_charts, release_hostile,
               release_inputs, release_preview, releases, safety, sources)
