"""Several processes that serve on one port, under one supervisor."""
