"""`python -m jobcenter`: the same as the command `jobcenter`."""

from jobcenter.cli import main

if __name__ == "__main__":
    main()
