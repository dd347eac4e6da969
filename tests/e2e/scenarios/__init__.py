"""All scenarios, in the order they run."""

from . import (apply, basics, commands, examples, faults,  # noqa: F401
               heavy, notifications, registries, release_actions,
               release_charts, release_hostile, release_inputs,
               release_preview, releases, safety, sources, targets, webhooks)
