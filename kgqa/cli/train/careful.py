"""Options of ``kgqa train reader`` that change examples or bound what the model keeps of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click

from kgqa.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])
_PATH = click.Path(path_type=Path)
_NAMES = ("augment", "augment_share", "augment_graph", "translate", "scrub", "private", "private_delta", "private_clip")


@dataclass(frozen=True, slots=True)
class Careful:
    """What the options stand for.

    :param prepare: changes the training examples; ``None`` leaves them.
    :param trainer: runs the training.
    :param said: what the card says of it.
    :param private: whether differential privacy is in force; then no questions may be asked of other passages.
    """

    trainer: Any
    prepare: Callable[[list[Any]], list[Any]] | None = None
    said: dict[str, Any] = field(default_factory=dict)
    private: bool = False


def careful_options(function: F) -> F:
    """Add the options; the command receives them as one ``careful``."""

    @functools.wraps(function)
    def wrapped(*args: Any, **given: Any) -> Any:
        said = {name: given.pop(name) for name in _NAMES}
        return function(*args, careful=careful_of(**said), **given)

    for option in reversed(_options()):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def _options() -> list[Callable[[Any], Any]]:
    kinds = click.Choice(["synonyms", "entities", "paraphrase", "back-translate"])
    positive = click.FloatRange(0, min_open=True)
    return [
        click.option("--augment", multiple=True, type=kinds, help="Make more examples of this kind; repeatable."),
        click.option(
            "--augment-share", default=0.3, show_default=True, type=positive, help="So many of each kind, as a share."
        ),
        click.option(
            "--augment-graph", type=_PATH, help="Knowledge base or RDF whose names are exchanged (synonyms, entities)."
        ),
        click.option(
            "--translate", nargs=2, type=_PATH, metavar="THERE BACK", help="Model folders for back-translate."
        ),
        click.option("--scrub", is_flag=True, help="Take personal data out of the training examples first."),
        click.option("--private", type=positive, metavar="EPSILON", help="Train with differential privacy (opacus)."),
        click.option(
            "--private-delta", type=positive, help="Chance that the bound fails; 1 / (2 x passages) if not given."
        ),
        click.option(
            "--private-clip", default=1.0, show_default=True, type=positive, help="Length each gradient is cut to."
        ),
    ]


def careful_of(
    augment: tuple[Any, ...],
    augment_share: float,
    augment_graph: Path | None,
    translate: tuple[Path, Path] | None,
    scrub: bool,
    private: float | None,
    private_delta: float | None,
    private_clip: float,
) -> Careful:
    """Return what the options stand for.

    :raises UsageError: they contradict each other, or something that they need is missing.
    """
    from kgqa.training.augment import Augmentation
    from kgqa.training.augment import augment as more
    from kgqa.training.loop import train
    from kgqa.training.personal import KINDS
    from kgqa.training.private import Privacy

    steps: list[Callable[[list[Any]], list[Any]]] = []
    said: dict[str, Any] = {}
    if scrub:
        from kgqa.training.privacy import scrub_examples

        steps.append(scrub_examples)
        said["scrubbed"] = list(KINDS)
    if augment:
        if private and "entities" in augment:
            raise UsageError(
                "--augment entities spreads one passage over several, which --private cannot count; leave one out"
            )
        how = Augmentation(augment, augment_share, _names(augment, augment_graph), _translation(translate))
        steps.append(lambda examples: more(examples, how))
        said["augmentation"] = {"kinds": list(augment), "share": augment_share}
    privacy = Privacy(private, private_delta, private_clip) if private else None
    if privacy:
        said["privacy"] = privacy.spent  # filled in when it is spent
    prepare = (lambda examples: functools.reduce(lambda done, step: step(done), steps, examples)) if steps else None
    return Careful(privacy.train if privacy else train, prepare, said, privacy is not None)


def _names(kinds: tuple[str, ...], graph: Path | None) -> Any:
    if graph is None or not {"synonyms", "entities"} & set(kinds):
        return None
    from kgqa.training.names import names_of

    return names_of(graph if graph.exists() else Path("kb") / graph)


def _translation(folders: tuple[Path, Path] | None) -> Any:
    if not folders:
        return None
    from kgqa.training.translating import BackTranslation, translator

    return BackTranslation(translator(folders[0]), translator(folders[1]))
