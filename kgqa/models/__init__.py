"""Models as folders: registry, cards, checks, the built-in weights, and what makes a model of a name."""

BUILTIN = "builtin"
"""Name of the models that kgqa brings along."""
