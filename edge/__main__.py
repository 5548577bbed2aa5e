"""`python -m edge`: the same as the command `store-edge`."""

from edge.cli import main

main()
