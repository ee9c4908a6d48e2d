"""One file per command of `jobcenter`."""
