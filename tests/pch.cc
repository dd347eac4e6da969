// Compiles the precompiled header of all tests once.
