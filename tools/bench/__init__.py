"""Measurements of the engine, its peers and the store; what they gave stands in docs/benchmarks.md."""
