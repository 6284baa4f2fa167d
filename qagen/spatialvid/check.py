"""``qagen spatialvid check``: which clips fit together, and why the others do not."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qagen import cli
from qagen.core.reasons import (
    FALSE_CAPTION,
    IRREGULAR_ROWS,
    LISTED_ALONE,
    MISSING_DEPTH,
    NO_FRAME_RATE,
    REPEATED_CLIP,
    UNREADABLE_CAPTION,
    UNREADABLE_DEPTH_IMAGE,
)
from qagen.loaders.spatialvid.files import (
    Clip,
    ClipError,
    find_clips,
    find_tables,
    group_of,
    read_camera_motion,
    read_metadata,
)

if TYPE_CHECKING:
    from qagen.loaders.spatialvid.depth import DepthArchive
    from qagen.loaders.spatialvid.integrity import CheckedClip

KEPT = (IRREGULAR_ROWS, UNREADABLE_DEPTH_IMAGE, MISSING_DEPTH, FALSE_CAPTION, UNREADABLE_CAPTION)
"""Reasons that do not prevent the use of a clip."""
MUCH_DEPTH_LACKS = 0.5
"""Share of the pixels without depth above which a clip is told of."""
SUBMITTED = 1000
"""Clips that wait for a thread at a time."""


@cli.command(
    "qagen spatialvid check /data/SpatialVid",
    "qagen spatialvid check /data/SpatialVid/HQ/annotations/group_0001 --all",
    "qagen spatialvid check outputs --csv clips.csv",
    "qagen spatialvid check /data/SpatialVid --captions",
)
@click.argument("root", metavar="DIR", type=cli.PATH)
@cli.path_option("--csv", "table", metavar="FILE", help="Table of the clips.  [default: those in data/train]")
@cli.option("--captions", "reads_captions", is_flag=True, help="Also list captions that contradict the camera's path.")
@cli.all_option("clips")
@cli.option("--workers", type=click.IntRange(min=1), help="Clips read at a time.  [default: one per core]")
def main(root: Path, table: Path | None, reads_captions: bool, lists_all: bool, workers: int | None) -> int:
    """List the clips below DIR that are incomplete, damaged or contradict themselves, by reason.

    DIR is a release, the output of the annotation pipeline, or the folder of one clip. All arrays, masks and depth are
    read, and the first and the last image are decoded.

    With --captions, sentences that name a motion of the camera which its poses rule out, or deny one that is sure, are
    listed with what the camera does instead; other words are passed over. They do not change the exit code.

    Exit codes: 0: all clips can be used. 1: some cannot, or the table does not fit them. 2: a mistake in the options, a
    table that cannot be read, or no clip.
    """
    clips = find_clips(root)
    listed = [fault for path in ([table] if table else find_tables(root)) for fault in table_faults(path, clips)]
    faults = [*_check_clips(clips, workers or os.cpu_count() or 1, reads_captions), *repeated_ids(clips)]
    failed = {clip_id for reason, clip_id, _ in faults if reason not in KEPT}
    n_usable = sum(clip.id not in failed for clip in clips)
    cli.show(f"{len(clips)} clips, {n_usable} of them can be used")
    if reads_captions:
        told = {clip_id for reason, clip_id, _ in faults if reason == FALSE_CAPTION}
        read = sum(clip.captions.is_file() for clip in clips)
        cli.show(f"{read} captions, {len(told)} of them contradict the path of the camera")
    cli.show_faults([*faults, *listed], lists_all)
    if n_usable:
        cli.next_step("generate", "--scene", "spatialvid", "--root", root)
    return 1 if failed or listed else 0


def _check_clips(clips: Sequence[Clip], workers: int, reads_captions: bool) -> Iterator[cli.Fault]:
    """What is wrong with the clips, in their order. Decoders work outside of Python's lock, so that threads do."""
    import_module("qagen.loaders.spatialvid.loader")  # once, before the threads need it
    with cli.progress("Checking clips", len(clips)) as bar, ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(clips), SUBMITTED):
            part = clips[start : start + SUBMITTED]
            for faults in pool.map(clip_faults, part, repeat(reads_captions)):
                yield from faults
                bar.advance()


def clip_faults(clip: Clip, reads_captions: bool = False) -> list[cli.Fault]:
    """What is wrong with one clip: the first fault that prevents its use, or what is unusual."""
    from qagen.loaders.spatialvid.integrity import check_clip, check_images

    try:
        checked = check_clip(clip)
        check_images(checked)
        notes = [] if checked.depth is None else list(_depth_notes(checked, checked.depth))
    except ClipError as error:
        return [(error.reason, clip.id, str(error))]
    if not checked.source.is_regular:
        notes.append((IRREGULAR_ROWS, clip.id, f"frames {', '.join(map(str, checked.frames[:8].tolist()))} …"))
    if reads_captions and clip.captions.is_file():
        notes += _caption_notes(checked)
    return notes


def _caption_notes(checked: "CheckedClip") -> Iterator[cli.Fault]:
    """Sentences of a clip's caption that its path rules out, and what the path does."""
    from qagen.core.motion import motion_of
    from qagen.spatialvid.captions import contradictions, quoted
    from qagen.spatialvid.rows import world_from_camera

    clip = checked.clip
    try:
        texts = read_camera_motion(clip.captions)
    except ClipError as error:
        yield UNREADABLE_CAPTION, clip.id, str(error)
        return
    motion = motion_of(*world_from_camera(checked.poses), checked.source.times_s)
    for key, text in texts.items():
        for claim, found in contradictions(text, motion):
            yield FALSE_CAPTION, clip.id, f"{key}: {quoted(claim.sentence)}; the path: {found}"


def _depth_notes(checked: "CheckedClip", depth: "DepthArchive") -> Iterator[cli.Fault]:
    """What is unusual about depth. Raises ClipError where it is damaged."""
    from qagen.loaders.spatialvid.depth import FAR_LIMIT
    from qagen.loaders.spatialvid.integrity import count_depth
    from qagen.loaders.spatialvid.loader import camera_of

    clip, counts = checked.clip, count_depth(depth, camera_of(checked, 0))
    if counts.unreadable:
        yield UNREADABLE_DEPTH_IMAGE, clip.id, f"{depth.path}: {', '.join(counts.unreadable)}"
    if counts.beyond + counts.without > MUCH_DEPTH_LACKS * counts.pixels:
        beyond, without = counts.beyond / counts.pixels, counts.without / counts.pixels
        found = f"{beyond:.0%} of the pixels are beyond {FAR_LIMIT:g} units, {without:.0%} have no disparity above 0"
        yield MISSING_DEPTH, clip.id, f"{depth.path}: {found}"


def repeated_ids(clips: Sequence[Clip]) -> Iterator[cli.Fault]:
    """Clips whose ids are not their own."""
    counts = Counter(clip.id for clip in clips)
    for clip in clips:
        if counts[clip.id] > 1:
            yield REPEATED_CLIP, clip.id, f"{clip.folder}: found the id {counts[clip.id]} times, expected it once"


def table_faults(path: Path, clips: Sequence[Clip]) -> Iterator[cli.Fault]:
    """Rows of a table without files, repeated or without a frame rate; groups that are not on disk are passed over.

    Raises:
        ClipError: the table cannot be read.
    """
    known, groups = {clip.id for clip in clips}, {clip.group for clip in clips}
    seen: set[str] = set()
    for line, row in enumerate(read_metadata(path), 2):
        clip_id, where = row["id"], f"{path}:{line}"
        if group_of(row) not in groups:
            continue
        if clip_id in seen:
            yield REPEATED_CLIP, clip_id, f"{where}: id: found a second time, expected it once"
        if clip_id not in known:
            yield LISTED_ALONE, clip_id, f"{where}: found no files of the clip, expected them"
        if "fps" in row and not _is_above_zero(row["fps"]):
            yield NO_FRAME_RATE, clip_id, f"{where}: fps: found {row['fps']!r}, expected a number above 0"
        seen.add(clip_id)


def _is_above_zero(text: str) -> bool:
    try:
        return 0 < float(text) < float("inf")
    except ValueError:
        return False


if __name__ == "__main__":
    main()
