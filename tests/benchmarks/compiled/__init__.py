"""Compiled functions beside the peers' best forms: `python -m tests.benchmarks.compiled`."""
