"""One clip of a root, by the name that a user gives."""

from pathlib import Path

from qagen.errors import ConfigError, did_you_mean
from qagen.loaders.spatialvid.files import Clip, clip_homes, clip_of, find_clips, is_clip

LISTED = 5
"""As many clips are listed where none is near to a name."""


def choose_clip(root: Path, name: str | None) -> Clip:
    """The clip of this id, or of ``group_0061/<id>`` where two groups have the id; without a name the only one.

    Raises:
        ConfigError: no clip or several have the name; the message has the nearest.
        SceneError: the root is no folder, or holds no clip.
    """
    clips = find_clips(root) if name is None else _named(root, name)
    if name is None and len(clips) > 1:
        raise ConfigError(f"CLIP: found none, expected one of {len(clips)} clips, such as {clips[0].id}")
    if not clips:
        known = [clip.id for clip in find_clips(root)]
        raise ConfigError(f"CLIP: no clip '{name}' in {root}.{_nearest(str(name), known)}")
    if len(clips) > 1:
        where = " or ".join(f"{clip.group}/{clip.id}" for clip in clips)
        raise ConfigError(f"CLIP: found '{name}' {len(clips)} times, expected {where}")
    return clips[0]


def _named(root: Path, name: str) -> list[Clip]:
    """The clips of a name, without listing the others: a release has hundreds of thousands."""
    group, _, clip_id = name.strip("/").rpartition("/")
    folders = [root] if is_clip(root) else [home / clip_id for home in clip_homes(root)]
    clips = [clip_of(folder) for folder in folders if is_clip(folder)]
    return [clip for clip in clips if clip.id == clip_id and group in ("", clip.group)]


def _nearest(name: str, known: list[str]) -> str:
    """A suggestion; the ids of a release are too many to be listed."""
    hint = did_you_mean(name, known)
    is_short = "Did you mean" in hint or len(known) <= LISTED
    return hint if is_short else f" Found {len(known)} others, such as {known[0]}."
