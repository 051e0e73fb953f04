"""Many problems at once: where they are solved, how the time is shared among them, and what happens to lost workers."""
