"""The front doors: command line, packaged scenarios."""
