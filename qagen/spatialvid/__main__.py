"""``qagen spatialvid COMMAND``: what is done with clips of SpatialVID apart from questions.

Only the chosen command is imported, so that help comes at once.
"""

import click

from qagen import cli

MODULES = {
    "check": ("qagen.spatialvid.check", "List clips that cannot be used, by reason."),
    "score": ("qagen.spatialvid.score", "Measure luminance and motion of videos."),
    "filter": ("qagen.spatialvid.filter", "Keep the rows of a table whose scores lie between bounds."),
    "instruct": ("qagen.spatialvid.instruct", "Write how the camera of each clip moves."),
    "stats": ("qagen.spatialvid.stats", "Measure the path of each clip."),
    "pack": ("qagen.spatialvid.pack", "Write a clip as one .npz file for SpatialVID's viewer."),
    "unpack": ("qagen.spatialvid.unpack", "Write a packed file as the folder of a clip."),
    "convert": ("qagen.spatialvid.convert", "Write scenes of any dataset as clips."),
    "view": ("qagen.spatialvid.view", "Show the path of a camera and what it saw as one page."),
}
"""Command to its module and a line of help."""


@click.group(
    cls=cli.Commands,
    modules=MODULES,
    epilog="\b\nExamples:\n  qagen spatialvid check /data/SpatialVid"
    "\n  qagen spatialvid score clips/ --out scores.csv"
    "\n  qagen spatialvid filter scores.csv --keep 'motion score=2..' --out kept.csv"
    "\n  qagen spatialvid instruct /data/SpatialVid"
    "\n  qagen spatialvid stats /data/SpatialVid --to stats.csv"
    "\n  qagen spatialvid view --scene spatialvid --html demo.html"
    "\n  qagen spatialvid convert --scene scannet --out clips",
)
def main() -> None:
    """Check and convert clips of SpatialVID.

    qagen spatialvid COMMAND --help describes a command. Questions come from qagen generate --scene spatialvid.
    """


if __name__ == "__main__":
    main(prog_name="qagen spatialvid")
