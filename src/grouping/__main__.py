"""``python -m grouping`` is the command ``grouping``."""

from grouping.cli import main

if __name__ == "__main__":
    main()
