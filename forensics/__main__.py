"""Main: runs the command line by `python -m forensics`."""

from forensics.cli import main

main()
