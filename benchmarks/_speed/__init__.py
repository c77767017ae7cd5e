"""The measurements behind `benchmarks.speed`, one file per group."""
