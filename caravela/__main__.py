"""`python -m caravela` is `caravela`."""

from caravela.cli import main

if __name__ == "__main__":
    main()
