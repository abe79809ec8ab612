"""The chat: ``build`` makes the Gradio app, ``launch`` serves it on this machine."""

from __future__ import annotations

from typing import Any

__all__ = ["build", "launch"]


def build(*args: Any, **options: Any) -> Any:
    """Return the app as Gradio blocks; see :func:`ui.app.build` (Gradio is imported only then)."""
    from .app import build as make

    return make(*args, **options)


def launch(*args: Any, **options: Any) -> Any:
    """Serve the app; see :func:`ui.app.launch`."""
    from .app import launch as serve

    return serve(*args, **options)
