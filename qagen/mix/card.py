"""The card of a mix in tars."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from qagen.mix.plan import Share
from qagen.records.card import TAR_SUMMARY, TAR_USAGE, Card, table, tar_configs, titles_of
from qagen.records.read import TREE
from qagen.records.shards import TarShards

FIELDS = [
    ("`0.jpg`, `1.jpg`, ...", "the images in order"),
    ("`json`", "`id`, `type`, `conversations`, `image` (the names of the images) and `marks`, all other keys as JSON"),
    ("`__key__`", "number of the sample in the mix"),
]


def card_of(shares: Sequence[Share], shards: TarShards) -> Card:
    """The card of a mix."""
    datasets = sorted({share.source.dataset for share in shares})
    homes = sorted({Path(share.source.entry.root).parent for share in shares})
    configs = tar_configs({"train": shards})
    counts: Counter[tuple[str, str, str]] = Counter()
    for share in shares:
        counts[share.source.dataset, share.source.type, share.source.format] += share.count
    return Card(
        title=f"A mix of {titles_of(datasets)}",
        summary=f"{counts.total()} samples. Points, boxes and masks that questions name by their color are in `marks`, "
        f"not on the images; those of exports that were mixed are on the images.\n\n{TAR_SUMMARY}",
        datasets=datasets,
        runs=[home for home in homes if (home / TREE).is_dir()],
        samples=counts.total(),
        configs=configs,
        fields=table(["member", "content"], FIELDS),
        counts=table(["dataset", "type", "format", "samples"], ([*key, counts[key]] for key in sorted(counts))),
        usage=TAR_USAGE,
        command="qagen mix INDEX.json --materialize webdataset --out mix.json",
        tags=["webdataset"],
    )
