"""Machine code beside the peers' best forms: `python -m tests.benchmarks.native`."""
