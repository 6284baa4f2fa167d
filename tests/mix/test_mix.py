"""Mixes: that a trainer's own way of reading one gives what was wished, and that drawing is fair, seeded and frugal."""

import io
import json
import re
import tarfile
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from qagen.errors import ConfigError
from qagen.mix.__main__ import _short, main
from qagen.mix.plan import Share, Source, apportion, entries_of, parse_amount
from qagen.mix.sample import draw_lines, shuffled_lines
from qagen.records.entries import Entry, read_index
from qagen.rng import rng_for


def make_record(number: int, type_name: str, images: int) -> dict[str, Any]:
    turns = [{"from": "human", "value": "How far is it?"}, {"from": "gpt", "value": f"{number}.5"}]
    return {
        "id": f"{type_name}_{number}",
        "conversations": turns,
        "image": [f"room/{index}.png" for index in range(images)],
        "type": type_name,
        "red_point": [[500, 500]],
    }


def write_file(
    out: Path, dataset: str, type_name: str, format_name: str, lines: int, images: int = 1
) -> dict[str, Any]:
    """A file of records where a run puts it, and its entry in a data JSON."""
    path = out / dataset / "qa_jsonl" / "train" / type_name / format_name / f"{format_name}_{lines}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(make_record(i, type_name, images)) + "\n" for i in range(lines)))
    root = out / dataset / "images"
    for index in range(images):
        (root / "room").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 6), (index, 0, 0)).save(root / "room" / f"{index}.png")
    entry = {"root": str(root), "annotation": str(path), "repeat_time": 1, "length": 1, "data_augment": False}
    return {f"{dataset}_{type_name}_{format_name}": entry}


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """scannet: 100 sentences and 60 fills of distances, 40 relations to select; posed: 20 sentences."""
    entries = {
        **write_file(tmp_path / "out", "scannet", "distance_prediction_oc", "sentence", 100),
        **write_file(tmp_path / "out", "scannet", "distance_prediction_oc", "fill", 60),
        **write_file(tmp_path / "out", "scannet", "obj_spatial_relation_oc_mv", "select", 40, images=3),
        **write_file(tmp_path / "out", "posed", "distance_prediction_oc", "sentence", 20),
    }
    path = tmp_path / "index.json"
    path.write_text(json.dumps(entries))
    return path


def run(index: Path, *options: str) -> Result:
    return CliRunner().invoke(main, [str(index), "--out", str(index.parent / "mix.json"), *options])


def refusal(result: Result) -> str:
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    return line


def read_as_trainers_do(path: Path) -> dict[str, list[str]]:
    """InternVL's and SPAR's reading: a head of the lines below 1, whole rounds above, and those must be integers."""
    read = {}
    for name, entry in json.loads(path.read_text()).items():
        lines, repeat = Path(entry["annotation"]).read_text().splitlines(), entry["repeat_time"]
        if repeat < 1:
            lines = lines[: int(len(lines) * repeat)]
        if repeat > 1:
            assert isinstance(repeat, int)
            lines = lines * repeat
        assert entry["length_with_repeat"] == len(lines)
        assert isinstance(entry["data_augment"], bool)
        read[name] = lines
    return read


def counts(index: Path, *options: str) -> dict[str, int]:
    result = run(index, *options)
    assert result.exit_code == 0, result.output
    return {name: len(lines) for name, lines in read_as_trainers_do(index.parent / "mix.json").items()}


def test_only_what_differs_is_printed(index: Path) -> None:
    lines = run(index, "--format", "fill=0", "select=0", "judge=0").stdout.splitlines()
    assert next(line.split()[0] for line in lines if line.strip()) != "format"
    assert "type" not in run(index).stdout.split()
    assert "type" in run(index, "--details").stdout.split()
    assert lines[-1].endswith(f" tokens: {index.parent / 'mix.json'}")


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (950.4, "950"), (12_345, "12.3k"), (4_560_000, "4.56M")])
def test_large_numbers_are_short(number: float, text: str) -> None:
    assert _short(number) == text


def test_the_spar7m_preset_takes_all_sentences_and_a_tenth_of_the_rest(index):
    assert counts(index, "--preset", "spar7m") == {
        "scannet_distance_prediction_oc_sentence": 100,
        "scannet_distance_prediction_oc_fill": 6,
        "scannet_obj_spatial_relation_oc_mv_select": 4,
        "posed_distance_prediction_oc_sentence": 20,
    }
    mix = json.loads((index.parent / "mix.json").read_text())
    assert mix["scannet_distance_prediction_oc_fill"]["repeat_time"] == 0.1


def test_ratios_of_dataset_type_format_and_level_multiply(index):
    options = ["--ratio", "posed=3", "scannet=0.5", "--type", "distance_*=0.5", "--level", "high=2"]
    assert counts(index, *options, "--format", "fill=0") == {
        "scannet_distance_prediction_oc_sentence": 25,  # 100 x 0.5 x 0.5
        "scannet_obj_spatial_relation_oc_mv_select": 40,  # 40 x 0.5 x 2
        "posed_distance_prediction_oc_sentence": 20,  # 20 x 3 x 0.5 = 30, of which one round ...
        "posed_distance_prediction_oc_more_sentence": 10,  # ... and the rest
    }


def test_a_length_that_an_index_tells_is_not_believed(index):
    run(index)
    mix = json.loads((index.parent / "mix.json").read_text())
    assert [entry["length"] for entry in mix.values()] == [100, 60, 40, 20]


def test_a_size_is_met_exactly(index):
    assert sum(counts(index, "--size", "77").values()) == 77
    assert sum(counts(index, "--size", "1k", "--ratio", "posed=0.37").values()) == 1000


def test_a_token_budget_is_met_by_the_documented_estimate(index):
    # Single images: 256 + (14 + 3 or 4 characters) / 4, about 260.4 tokens; three images: 772.4. 180 and 40 of them.
    told = counts(index, "--tokens", "25k")
    images = {name: 3 if "select" in name else 1 for name in told}
    tokens = sum(count * (256 * images[name] + 4.4) for name, count in told.items())
    assert tokens == pytest.approx(25_000, rel=0.01)


def test_other_data_sets_come_in_as_entries(index, tmp_path):
    (tmp_path / "coco.jsonl").write_text(
        '{"image": "a.jpg", "conversations": [{"from": "human", "value": "?"}]}\n' * 10
    )
    told = counts(index, "--add", f"coco={tmp_path}/coco.jsonl:/pictures", "--ratio", "coco=2", "scannet=0")
    assert told == {"posed_distance_prediction_oc_sentence": 20, "coco": 20}
    assert json.loads((tmp_path / "mix.json").read_text())["coco"]["root"] == "/pictures"


def test_a_yaml_tells_the_same_and_flags_win_over_it(index, tmp_path):
    (tmp_path / "mix.yaml").write_text("ratio: {scannet: 0, posed: 0.5}\n")
    config = ("--config", str(tmp_path / "mix.yaml"))
    assert counts(index, *config) == {"posed_distance_prediction_oc_sentence": 10}
    assert counts(index, *config, "--ratio", "posed=1") == {"posed_distance_prediction_oc_sentence": 20}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--ratio", "scanet=1"], "ratio: no dataset 'scanet'. Did you mean 'scannet'?"),
        (["--type", "distance_prediction_ox=1"], "Did you mean 'distance_prediction_"),
        (["--format", "selct=1"], "format: no format 'selct'. Did you mean 'select'?"),
        (["--level", "hihg=1"], "level: no level 'hihg'. Did you mean 'high'?"),
        (["--preset", "spar7"], "no preset 'spar7'. Did you mean 'spar7m'?"),
        (["--ratio", "scannet=-1"], "command line: ratio.scannet: found -1.0, expected a number from 0 on"),
        (["--size", "many"], "command line: size: found 'many', expected an amount such as 100k, 1.5M or 2B"),
        (["--size", "1k", "--tokens", "1k"], "found a size and a number of tokens, expected only one of them"),
        (["--ratio", "scannet=0", "posed=0"], "the ratios leave nothing"),
        (["--add", "coco=nowhere.jsonl"], "add: coco: annotation: no file nowhere.jsonl"),
    ],
)
def test_a_mistake_is_one_line_with_the_nearest_name_and_writes_nothing(index, options, message):
    assert message in refusal(run(index, *options))
    assert not (index.parent / "mix.json").exists()


def test_values_may_follow_an_option_with_or_without_an_equals_sign(index):
    assert counts(index, "--ratio=scannet=0", "posed=0.5") == {"posed_distance_prediction_oc_sentence": 10}


def test_the_meta_file_of_an_export_is_mixed_by_the_names_of_its_entries(tmp_path):
    (entry,) = write_file(tmp_path, "scannet", "distance_prediction_oc_mv", "fill", 40).values()
    lines = tmp_path / "annotations" / "lines.jsonl"
    lines.parent.mkdir()
    Path(entry["annotation"]).rename(lines)
    names = ("my_rooms_distance_prediction_oc_mv_fill", "chat_fill")  # the second names no type
    meta = tmp_path / "meta.json"
    meta.write_text(json.dumps({name: {**entry, "annotation": str(lines)} for name in names}))
    options = ("--ratio", "my_rooms=0.5", "--type", "*_oc_mv=0.5", "--format", "fill=0.2", "--level", "low=2")
    assert counts(meta, *options) == {names[0]: 4, names[1]: 40}


def test_files_that_give_no_record_are_told(index):
    result = run(index, "--ratio", "posed=0.01", "--format", "select=0")
    told = "qagen: 1 files are too short for their ratio and give no record: posed_distance_prediction_oc_sentence (20)"
    assert result.stderr.splitlines()[0] == told


CAT = {
    "image": "cat.jpg",
    "conversations": [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "A cat."}],
}
CHAT = [{"role": "user", "content": "<image>What?"}, {"role": "assistant", "content": "A cat."}]
PARTS = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "cat.jpg"}}]}]


def add(index: Path, *rows: Any) -> Result:
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    (index.parent / "cats.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return run(index, "--add", f"cats={index.parent}/cats.jsonl")


@pytest.mark.parametrize(
    ("row", "images"),
    [
        (CAT, 1),
        (CAT | {"image": ["cat.jpg"]}, 1),
        (CAT | {"image": ["cat.jpg", "dog.jpg"], "conversations": [{"from": "human", "value": "Which?"}]}, 2),
        ({"conversations": [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "Who?"}]}, 0),
        (json.dumps(CAT).encode() + b"\r", 1),
    ],
)
def test_what_trainers_read_is_added(index, row, images):
    result = add(index, row)
    assert result.exit_code == 0, result.output
    (entry,) = [entry for entry in read_index(index.parent / "mix.json") if entry.name == "cats"]
    assert (entry.length, entry.images) == (1, images)


KEYS = "missing required field `conversations`, found {}; expected conversations (of from: human or gpt, and value)"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([1], "not a record: Expected `object`, got `array`"),
        (b"", "found an empty line"),
        (b"  \r", "found an empty line"),
        (json.dumps(CAT).encode()[:-9], "not a record: "),
        (json.dumps(CAT).encode() + b",", "trailing characters"),
        (json.dumps(CAT).encode() + b"\0\0", "found NUL bytes"),
        (b"\xef\xbb\xbf" + json.dumps(CAT).encode(), "found a byte order mark"),
        (json.dumps(CAT).encode("utf-16"), "found UTF-16"),
        (b"PAR1\x15", "found parquet"),
        ({"messages": CHAT, "images": ["cat.jpg"]}, KEYS.format("messages, images")),
        ({"messages": PARTS}, KEYS.format("messages")),
        ({"query": "What?", "response": "A cat.", "images": ["cat.jpg"]}, KEYS.format("query, response, images")),
        ({"conversations": CHAT, "image": "cat.jpg"}, "missing required field `from`"),
        ({"conversations": [{"from": "user", "value": "?"}], "image": "cat.jpg"}, "Invalid enum value 'user'"),
        (CAT | {"image": [{"bytes": "", "path": "cat.jpg"}]}, "Expected `str`, got `object` - at `$.image[0]`"),
        (CAT | {"image": {"path": "cat.jpg"}}, "Expected `str | array | null`, got `object` - at `$.image`"),
        (CAT | {"image": [""]}, "image: found an empty name"),
        (CAT | {"image": None}, "found 1 <image> in conversations and 0 in image"),
        (CAT | {"image": ["cat.jpg", "dog.jpg"]}, "found 1 <image> in conversations and 2 in image"),
        ({"conversations": [], "image": "cat.jpg"}, "conversations: found none"),
        (
            {"conversations": [{"from": "human", "value": "?"}], "images": ["cat.jpg"]},
            "found images and no image, expected the paths of the images in image",
        ),
        ({"conversations": [{"from": "human", "value": "?"}], "video": "cat.mp4"}, "found video and no image"),
    ],
)
def test_what_trainers_cannot_read_is_refused_with_its_line(index, row, message):
    found = refusal(add(index, CAT, CAT, row, CAT))
    assert "cats.jsonl:3: " in found
    assert message in found


def test_an_index_that_names_an_entry_twice_is_refused(index):
    content = index.read_text()
    index.write_text(content[:-1] + "," + content[1:])
    assert "index.json: is not JSON: found 'scannet_distance_prediction_oc_sentence' twice" in refusal(run(index))


def test_an_index_saved_with_a_byte_order_mark_is_read(index):
    index.write_bytes(b"\xef\xbb\xbf" + index.read_bytes())
    assert run(index).exit_code == 0


def test_a_dataset_that_is_indexed_twice_is_refused(index, tmp_path):
    (tmp_path / "again.json").write_text(index.read_text())
    assert "two entries are named" in refusal(run(index, str(tmp_path / "again.json")))


@given(st.integers(1, 5000), st.integers(0, 20_000), st.floats(0, 4))
def test_trainers_read_exactly_the_count_whatever_floats_do(length, count, weight):
    share = Share(Source(Entry("a_b_fill", "", "", length), "a", "b", "fill", ""), count)
    entries = entries_of(share, weight)
    assert sum(entry.lines_read for entry in entries) == count
    assert all(entry.repeat_time < 1 or isinstance(entry.repeat_time, int) for entry in entries)
    assert all(entry.name.endswith("_fill") for entry in entries)


@given(st.lists(st.floats(0, 1e6), min_size=1).filter(sum), st.integers(1, 10**9))
def test_apportioning_gives_each_its_rounded_share(wanted, total):
    counts = apportion(wanted, total)
    assert sum(counts) == total
    exact = [value / sum(wanted) * total for value in wanted]
    assert all(abs(count - value) < 1 + 1e-6 * total for count, value in zip(counts, exact, strict=True))


@pytest.mark.parametrize(("text", "amount"), [("100k", 100_000), ("1.5M", 1_500_000), ("2B", 2 * 10**9), (7, 7)])
def test_amounts(text, amount):
    assert parse_amount(text, "") == amount


@pytest.mark.parametrize("text", ["", "k", "-1", "0", "nan", "inf", "1kk", True])
def test_what_is_no_amount(text):
    with pytest.raises(ConfigError, match="size: found"):
        parse_amount(text, "size")


# --- materialized -----------------------------------------------------------------------------------------------------


def share_of(path: Path, count: int) -> Share:
    length = len(path.read_bytes().splitlines())
    return Share(Source(Entry("a_b_fill", str(path.parent), str(path), length), "a", "b", "fill", ""), count)


def test_one_file_holds_the_mix_shuffled_with_paths_from_one_root(index):
    assert run(index, "--format", "fill=0.5", "--materialize", "jsonl").exit_code == 0
    (entry,) = json.loads((index.parent / "mix.json").read_text()).values()
    records = [json.loads(line) for line in Path(entry["annotation"]).read_text().splitlines()]
    assert entry["length"] == entry["length_with_repeat"] == len(records) == 100 + 30 + 40 + 20
    assert all((Path(entry["root"]) / image).is_file() for record in records for image in record["image"])
    assert {record["image"][0].split("/")[0] for record in records} == {"scannet", "posed"}
    positions = [place for place, record in enumerate(records) if record["type"] == "obj_spatial_relation_oc_mv"]
    assert 40 < sum(positions) / 40 < 150  # mean position of 40 among 190: 94.5, standard deviation below 9


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(index):
    def content(seed: int) -> bytes:
        run(index, "--format", "fill=0.5", "--materialize", "jsonl", "--seed", str(seed))
        return (index.parent / "mix.jsonl").read_bytes()

    assert content(0) == content(0) != content(1)


def test_every_line_is_drawn_as_often_as_every_other(tmp_path, monkeypatch):
    monkeypatch.setattr("qagen.mix.sample.BLOCK_LINES", 4)  # 3 blocks: 4 + 4 + 2
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join("0123456789"))
    drawn: Counter[bytes] = Counter()
    for seed in range(2000):
        lines = list(draw_lines(share_of(path, 3), rng_for(seed, "draw")))
        assert len(set(lines)) == 3
        drawn.update(lines)
    assert sorted(drawn) == [b"%d\n" % digit for digit in range(10)]
    assert all(abs(count - 600) < 5 * 20.5 for count in drawn.values())  # binomial(2000, 0.3): deviation 20.5


def test_more_than_all_is_all_of_them_and_a_draw(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f"{number}\n" for number in range(100)))
    drawn = Counter(draw_lines(share_of(path, 230), rng_for(0, "draw")))
    assert Counter(drawn.values()) == {2: 70, 3: 30}


def test_every_order_is_equally_likely_over_several_buckets(tmp_path, monkeypatch):
    monkeypatch.setattr("qagen.mix.sample.BUCKET_BYTES", 3)
    path = tmp_path / "a.jsonl"
    path.write_text("1\n2\n3\n")
    orders = Counter(b"".join(shuffled_lines([share_of(path, 3)], seed, tmp_path)) for seed in range(1200))
    assert len(orders) == 6
    assert all(abs(count - 200) < 5 * 13 for count in orders.values())


@pytest.mark.slow
def test_shuffling_many_lines_needs_the_memory_of_one_bucket(tmp_path, monkeypatch):
    monkeypatch.setattr("qagen.mix.sample.BUCKET_BYTES", 1 << 20)
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"id": "{number:070d}"}}\n' for number in range(200_000)))  # 16 MB
    share = share_of(path, 300_000)
    tracemalloc.start()
    count = sum(1 for _ in shuffled_lines([share], 0, tmp_path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 300_000
    assert peak < 8 << 20
    assert list(tmp_path.glob(".mix.*")) == []


def test_tars_hold_images_and_record_and_are_apart_by_the_number_of_images(index):
    assert run(index, "--size", "50", "--materialize", "webdataset").exit_code == 0
    told: Counter[int] = Counter()
    for path in (index.parent / "mix").glob("*.tar"):
        images = int(path.name.split("-")[1].removesuffix("png"))
        with tarfile.open(path) as tar:
            names = tar.getnames()
            told[images] += len(names) // (images + 1)
            key = names[0].split(".")[0]
            assert names[: images + 1] == [*(f"{key}.{i}.png" for i in range(images)), f"{key}.json"]
            member = tar.extractfile(names[0])
            assert member is not None
            assert Image.open(io.BytesIO(member.read())).size == (8, 6)
    assert sum(told.values()) == 50
    assert set(told) == {1, 3}


def test_tars_are_apart_by_the_kinds_of_images_as_readers_want(index):
    root = index.parent / "out" / "posed"
    (root / "images/room/0.png").rename(root / "images/room/0.jpg")  # as ScanNet's jpg beside Structured3D's png
    (path,) = root.glob("qa_jsonl/*/*/*/*.jsonl")
    path.write_text(path.read_text().replace("0.png", "0.jpg"))
    assert run(index, "--materialize", "webdataset").exit_code == 0
    names = sorted(path.name for path in (index.parent / "mix").glob("*.tar"))
    assert names == ["mix-1jpg-000000.tar", "mix-1png-000000.tar", "mix-3png-000000.tar"]


def test_datasets_keeps_all_images_and_marks_of_tars(index, tmp_path):
    cache = str(tmp_path / "cache")
    datasets = pytest.importorskip("datasets")
    (path,) = (index.parent / "out" / "posed").glob("qa_jsonl/*/*/*/*.jsonl")
    path.write_text(path.read_text().replace("red_point", "blue_point"))  # a key that few records have
    assert run(index, "--materialize", "webdataset").exit_code == 0
    told: Counter[str] = Counter()
    for count in (1, 3):
        for row in datasets.load_dataset(str(index.parent / "mix"), f"{count}png", split="train", cache_dir=cache):
            assert [row[name].size for name in row["json"]["image"]] == [(8, 6)] * count
            told.update(list(json.loads(row["json"]["marks"])))
    assert told == {"red_point": 200, "blue_point": 20}


def test_parquet_rows_are_alike_and_hold_the_images(index):
    assert run(index, "--size", "50", "--materialize", "parquet").exit_code == 0
    rows = pq.read_table(index.parent / "mix").to_pylist()
    assert len(rows) == 50
    assert {len(row["images"]) for row in rows} == {1, 3}
    assert Image.open(io.BytesIO(rows[0]["images"][0]["bytes"])).size == (8, 6)
    assert json.loads(rows[0]["marks"]) == {"red_point": [[500, 500]]}


def test_a_missing_image_is_named_and_nothing_half_written_stays(index):
    (index.parent / "out/posed/images/room/0.png").unlink()
    message = refusal(run(index, "--materialize", "parquet"))
    assert re.search(r"record '\w+': image \S+posed/images/room/0\.png is missing", message)
    assert {path.name for path in index.parent.iterdir()} == {"out", "index.json"}
