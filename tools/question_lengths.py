"""Median words of a run's questions beside SPAR's, and how varied the questions are.

``python -m tools.question_lengths OUT``: by type and format the median number of words of a question with its options,
SPAR's, their ratio; and by type the number of forms and of 4-grams that its questions have once names and numbers are
masked.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median

from qagen.records.read import find_record_files, read_records

MOST_OF_SPAR = 1.3
"""Largest ratio of our median to SPAR's."""
WORDS_OF_SPAR: Mapping[str, Mapping[str, int]] = {
    "depth_prediction_oc": {"fill": 46, "select": 67, "sentence": 38},
    "depth_prediction_oc_mv": {"fill": 53, "select": 74, "sentence": 45},
    "depth_prediction_oo": {"fill": 49, "select": 70, "sentence": 41},
    "depth_prediction_oo_mv": {"fill": 63, "select": 84, "sentence": 55},
    "distance_prediction_oc": {"fill": 41, "select": 62, "sentence": 33},
    "distance_prediction_oc_mv": {"fill": 55, "select": 76, "sentence": 47},
    "distance_prediction_oo": {"fill": 35, "select": 56, "sentence": 27},
    "distance_prediction_oo_mv": {"fill": 35, "select": 56, "sentence": 27},
    "distance_prediction_oo_video": {"fill": 35, "select": 56, "sentence": 27},
    "distance_infer_center_oc": {"fill": 33, "select": 70, "sentence": 25},
    "distance_infer_center_oc_mv": {"fill": 47, "select": 92, "sentence": 39},
    "distance_infer_center_oo": {"fill": 36, "select": 55, "sentence": 28},
    "distance_infer_center_oo_mv": {"fill": 36, "select": 55, "sentence": 28},
    "distance_infer_center_oo_video": {"fill": 46, "select": 81, "sentence": 38},
    "obj_spatial_relation_oo": {"select": 98, "sentence": 31, "judge": 26},
    "obj_spatial_relation_oc_mv": {"select": 109, "sentence": 38},
    "obj_spatial_relation_oo_mv": {"select": 140, "sentence": 45, "judge": 40},
    "spatial_imagination_oc": {"select": 135, "sentence": 55},
    "spatial_imagination_oc_mv": {"select": 149, "sentence": 69},
    "spatial_imagination_oc_video": {"select": 138, "sentence": 58},
    "spatial_imagination_oc_video_hard": {"select": 126, "sentence": 46},
    "spatial_imagination_oo": {"select": 141, "sentence": 61},
    "spatial_imagination_oo_mv": {"select": 165, "sentence": 75},
    "spatial_imagination_oo_video": {"select": 154, "sentence": 64},
    "spatial_imagination_oo_video_hard": {"select": 138, "sentence": 48},
    "spatial_imagination_map_mv": {"sentence": 50},
    "spatial_volume_infer": {"fill": 20, "select": 69, "sentence": 12},
    "position_matching": {"fill": 31, "select": 64, "sentence": 23},
    "camera_motion_infer": {"fill": 31, "select": 68, "sentence": 23},
    "view_change_infer": {"fill": 60, "sentence": 20},
    "obj_frame_locate": {"select": 77, "sentence": 20},
    "appearance_order": {"fill": 28, "select": 67, "sentence": 20},
    "obj_count": {"fill": 18, "select": 39, "sentence": 10},
    "room_size": {"fill": 22, "select": 43, "sentence": 14},
    "nav_video": {"sentence": 46},
}
"""SPAR's median words by type and format.

Measured on SPAR's records: select of distance_infer_center_oc_mv; sentence of distance_prediction_oo_video,
spatial_imagination_oo_video, spatial_volume_infer and obj_count. The others are estimates from published examples: the
words of an example, plus the parts that its format adds (form of the answer 8, options 21 and the options themselves).
So are the formats that SPAR does not have.
"""
WORDS_OF_NEW_TYPES = 60 / MOST_OF_SPAR
"""Types that SPAR does not have use at most 60 words."""
MASKED = re.compile(
    r"\[\d+(?:, \d+){3}\]"
    r"|(?:\b[\w'-]+ ){0,3}\((?:[^()]*\b(?:red|blue|green|yellow|magenta|[Oo]bject\w|point\d)\b[^()]*)\)"
    r"(?: \(\w+ (?:point|box)\))?|\d+(?:\.\d+)?"
)


def words_of_spar(type_name: str, answer_format: str) -> float:
    """SPAR's median, or what stands for it where SPAR has no such type."""
    return WORDS_OF_SPAR.get(type_name, {}).get(answer_format, WORDS_OF_NEW_TYPES)


def words(text: str) -> int:
    """Number of words of a question, marks and options included."""
    return len(text.split())


def form(text: str) -> str:
    """The question's first line with names and numbers masked."""
    return MASKED.sub("#", text.split("\n")[0])


def four_grams(forms: Iterable[str]) -> int:
    """Number of different runs of four words in forms."""
    lists = [each.split() for each in forms]
    return len({tuple(some[k : k + 4]) for some in lists for k in range(len(some) - 3)})


def main() -> None:
    """Print the table of a run."""
    asked: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for file in find_record_files(Path(sys.argv[1])):
        for _, record in read_records(file):
            asked[file.type][file.format].append(record["conversations"][0]["value"])
    for name, by_format in sorted(asked.items()):
        forms = {form(text) for texts in by_format.values() for text in texts}
        print(f"{name}: {len(forms)} forms, {four_grams(forms)} 4-grams")
        for kind, texts in sorted(by_format.items()):
            ours, theirs = median(map(words, texts)), words_of_spar(name, kind)
            print(f"  {kind:9}{len(texts):6}  {ours:5.0f} /{theirs:4.0f}  {ours / theirs:.2f}")


if __name__ == "__main__":
    main()
