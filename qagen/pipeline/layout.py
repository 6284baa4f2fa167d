"""Where a run puts its files."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """The output folder of one dataset and split.

    <root>/
        qa_jsonl/<split>/<type>/<format>/<format>_<N>.jsonl        N records, shuffled
        evidence_jsonl/<split>/<type>/<format>/<format>_<N>.jsonl  their evidence, line by line
        images/<scene>/image_color/<frame>.jpg                     and image_depth, pose, intrinsic with --rgbd
        report.json                                                config, versions, counts, skips
        .parts/<split>/                                            checkpoints of finished scenes (checkpoint.py)
    """

    root: Path
    """<out>/<dataset>."""
    split: str
    """train, val, ..."""
    shard: str = ""
    """"2/4" for the second of four shards; empty where a run does all scenes."""

    @property
    def images(self) -> Path:
        return self.root / "images"

    @property
    def report(self) -> Path:
        return self.root / "report.json"

    @property
    def checkpoints(self) -> Path:
        return self.root / ".parts" / self.split

    @property
    def scratch(self) -> Path:
        """Unfinished files of this run, which the next run clears."""
        return self.checkpoints / f"tmp{self.shard_suffix}"

    @property
    def shard_suffix(self) -> str:
        """ "-2-of-4" for the second of four shards."""
        return self.shard and f"-{self.shard.replace('/', '-of-')}"

    def checkpoint(self, scene_id: str) -> Path:
        """Folder of a finished scene's checkpoint."""
        return self.checkpoints / "done" / scene_id

    def lines(self, kind: str, type_name: str, answer_format: str) -> Path:
        """Folder of the JSON lines of one type and format; ``kind`` is "qa" or "evidence"."""
        return self.root / f"{kind}_jsonl" / self.split / type_name / answer_format
