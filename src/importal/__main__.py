"""``python -m importal`` is the command line."""

from importal.cli import main

if __name__ == "__main__":
    main()
