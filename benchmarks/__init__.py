"""What is fast and how good: ``make bench`` or ``python -m benchmarks.run``; the last full run is docs/benchmarks.md.

A family of cases is a module: ``cases`` says what is run, ``section`` turns rows into its part of the page, and
``figures`` compares rows with what was asked of the solver. ``run`` runs every case in a process of its own.
"""
