"""Benchmarks: each figure beside its goal and beside a rival measured in the same run.

`python -m benchmarks` runs all and writes benchmarks/RESULTS.md; `python -m benchmarks NAME` runs
one; `--quick` is a smoke of a minute whose figures mean nothing.
"""
