"""What is fast and how good; run with ``make bench`` or ``python -m benchmarks.run``."""
