"""That the benchmarks run: their figures are looked at by people."""
