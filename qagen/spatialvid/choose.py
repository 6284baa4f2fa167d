"""One clip of a root, by the name that a user gives."""

from pathlib import Path

from qagen.errors import ConfigError, did_you_mean
from qagen.loaders.spatialvid.files import Clip, find_clips


def choose_clip(root: Path, name: str | None) -> Clip:
    """The clip of this id, or of ``group_0061/<id>`` where two groups have the id; without a name the only one.

    Raises:
        ConfigError: no clip or several have the name; the message has the nearest.
        SceneError: the root is no folder, or holds no clip.
    """
    clips = find_clips(root)
    if name is None:
        if len(clips) > 1:
            raise ConfigError(f"CLIP: found none, expected one of {len(clips)} clips, such as {clips[0].id}")
        return clips[0]
    chosen = [clip for clip in clips if name.strip("/") in (clip.id, f"{clip.group}/{clip.id}")]
    if not chosen:
        raise ConfigError(f"CLIP: no clip '{name}' in {root}.{_nearest(name, [clip.id for clip in clips])}")
    if len(chosen) > 1:
        where = " or ".join(f"{clip.group}/{clip.id}" for clip in chosen)
        raise ConfigError(f"CLIP: found '{name}' {len(chosen)} times, expected {where}")
    return chosen[0]


def _nearest(name: str, known: list[str]) -> str:
    """A suggestion; the ids of a release are too many to be listed."""
    hint = did_you_mean(name, known)
    return hint if "Did you mean" in hint or len(known) <= 5 else f" Found {len(known)} others, such as {known[0]}."
