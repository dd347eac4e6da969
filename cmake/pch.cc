// Compiles cmake/pch.h once, for all targets.
