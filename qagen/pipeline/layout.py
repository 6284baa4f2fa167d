"""Where a run puts its files."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything goes for one dataset and split."""

    root: Path
    """<out>/<dataset>."""
    split: str
    """train, val, ..."""
    shard: str = ""
    """"2/4" where this run does the second of four shares of the scenes, else empty."""

    @property
    def images(self) -> Path:
        return self.root / "images"

    @property
    def report(self) -> Path:
        return self.root / "report.json"

    @property
    def parts(self) -> Path:
        return self.root / ".parts" / self.split

    @property
    def scratch(self) -> Path:
        """Unfinished files of this run; what a killed run left there is cleared when it starts again."""
        return self.parts / f"tmp{self.shard_suffix}"

    @property
    def shard_suffix(self) -> str:
        """ "-2-of-4" for the second of four shards."""
        return self.shard and f"-{self.shard.replace('/', '-of-')}"

    def part(self, scene_id: str) -> Path:
        """Folder of what a finished scene left."""
        return self.parts / "done" / scene_id

    def lines(self, kind: str, type_name: str, answer_format: str) -> Path:
        """Folder of one type and format; ``kind`` is "qa" or "evidence"."""
        return self.root / f"{kind}_jsonl" / self.split / type_name / answer_format
