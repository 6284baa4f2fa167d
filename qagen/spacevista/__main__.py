"""``qagen spacevista COMMAND``: what is done with records of SpaceVista apart from making them.

Only the chosen command is imported, so that help comes at once.
"""

import click

from qagen import cli

MODULES = {
    "check": ("qagen.spacevista.check", "Count what a file holds, and list items that cannot be used."),
    "convert": ("qagen.spacevista.convert", "Write items in another form."),
    "flatten": ("qagen.spacevista.flatten", "Write prompts as scalars and JSON strings."),
    "nest": ("qagen.spacevista.nest", "Undo flatten."),
    "show": ("qagen.spacevista.show", "Draw items with their prompts, as pictures or as a page."),
}
"""Command to its module and a line of help."""


@click.group(
    cls=cli.Commands,
    modules=MODULES,
    epilog="\b\nExamples:\n  qagen spacevista check meta.json --root /data/SpaceVista"
    "\n  qagen spacevista convert all.json --as nested --to meta.json"
    "\n  qagen spacevista flatten meta.json --to meta_flatten.json"
    "\n  qagen spacevista nest meta_flatten.json --to meta.json"
    "\n  qagen spacevista show meta.json --root /data/SpaceVista --html items.html",
)
def main() -> None:
    """Read, check, convert and draw records of SpaceVista.

    qagen spacevista COMMAND --help describes a command. qagen export spacevista writes a run as such records.
    """


if __name__ == "__main__":
    main(prog_name="qagen spacevista")
