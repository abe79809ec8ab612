"""Models as folders: registry, cards, checks, and the built-in weights."""
