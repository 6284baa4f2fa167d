"""Instructions as the published programs write them: outputs recorded from these programs, and their faults."""

import numpy as np
import pytest

from qagen.spatialvid.compat import FORMS, VERSIONS, WORDS, TooShortError, published_segments
from tests.camera_paths import along, named_paths, path, real_outputs, real_rows, segments_of

ALL, RIGHT = VERSIONS, ("2025-09", "2026-04")
CROOKED = (
    "0->33 Pan Right, 33->34 Pan Right+Dolly In, 34->35 Pan Right, 35->43 Pan Right+Dolly In, "
    "43->44 Dolly In+Pan Right, "
    "44->45 Pan Right+Dolly In, 45->62 Dolly In+Pan Right, 62->63 Dolly In, 63->66 Dolly In+Pan Right, 66->67 Dolly In,"
    "67->68 Dolly In+Pan Right, 68->74 Dolly In"
)
RECORDED = [
    ("forward 60", "standard", RIGHT, "0->2 Stay, 2->29 Dolly In"),
    ("forward 60", "standard", ["2026-03"], "0->2 Stay, 2->29 Dolly Out"),
    ("forward 60", "enhanced", RIGHT, "0->3 Stay, 3->59 Dolly In"),
    ("forward 60", "enhanced", ["2026-03"], "0->3 Stay, 3->59 Dolly Out"),
    ("forward 17", "standard", RIGHT, "0->2 Stay, 2->8 Dolly In"),
    ("forward 17", "enhanced", RIGHT, "0->3 Stay, 3->15 Dolly In"),
    ("pan", "standard", ALL, "0->1 Stay, 1->29 Pan Right"),
    ("pan", "enhanced", ALL, "0->59 Pan Right"),
    ("forward, stop", "standard", RIGHT, "0->2 Stay, 2->28 Dolly In, 28->29 Stay"),
    ("forward, stop", "enhanced", RIGHT, "0->59 Dolly In"),
    ("forth and back", "standard", RIGHT, "0->2 Stay, 2->18 Dolly In, 18->22 Stay, 22->29 Dolly Out"),
    ("forth and back", "enhanced", RIGHT, "0->3 Stay, 3->35 Dolly In, 35->39 Stay, 39->59 Dolly Out"),
    ("heading 180", "standard", ["2025-09"], "0->2 Stay, 2->19 Dolly Out"),
    ("heading 180", "enhanced", ["2025-09"], "0->3 Stay, 3->39 Dolly Out"),
    ("heading 180", "standard", ["2026-04"], "0->2 Stay, 2->19 Dolly In"),
    ("heading 180", "enhanced", ["2026-04"], "0->3 Stay, 3->39 Dolly In"),
    ("heading 45", "standard", ["2025-09"], "0->3 Stay, 3->19 Dolly In+Truck Right"),
    ("heading 45", "enhanced", ["2025-09"], "0->6 Stay, 6->39 Dolly In+Truck Right"),
    ("heading 45", "standard", ["2026-03"], "0->2 Stay, 2->19 Truck Left"),
    ("heading 45", "standard", ["2026-04"], "0->2 Stay, 2->19 Dolly In"),
    ("heading 45", "enhanced", ["2026-04"], "0->3 Stay, 3->39 Dolly In"),
    ("pan off the origin", "standard", ["2025-09"], "0->2 Stay, 2->3 Pan Right, 3->19 Truck Left+Pan Right"),
    ("pan off the origin", "standard", ["2026-04"], "0->2 Stay, 2->19 Pan Right"),
    ("pan off the origin", "enhanced", ["2026-04"], "0->3 Stay, 3->39 Pan Right"),
    (
        "turn, walk",
        "standard",
        ["2025-09"],
        "0->17 Pan Right, 17->20 Truck Right+Pan Right, 20->23 Dolly In+Truck Right+Pan Right, "
        "23->36 Truck Right+Pan Right, 36->37 Truck Right",
    ),
    ("turn, walk", "standard", ["2026-04"], "0->17 Pan Right, 17->36 Dolly In+Pan Right, 36->37 Dolly In"),
    ("turn, walk", "enhanced", ["2026-04"], CROOKED),
    ("circle", "standard", ["2025-09"], "0->3 Truck Right+Pan Left, 3->29 Dolly Out+Truck Right+Pan Left"),
    (
        "circle",
        "standard",
        ["2026-04"],
        "0->4 Truck Right+Pan Left, 4->14 Dolly Out+Truck Right+Pan Left, "
        "14->23 Truck Right+Pan Left, 23->29 Dolly In+Truck Right+Pan Left",
    ),
    ("still", "standard", ALL, "0->29 Stay"),
    ("still", "enhanced", ALL, "0->59 Stay"),
]
REAL = [
    (
        "poses",
        "2025-09",
        "0->6 Stay, 6->51 Dolly In, 51->53 Dolly In+Pan Right, 53->54 Dolly In+Pan Right+Truck Left, "
        "54->55 Pan Right+Dolly In+Truck Left, 55->56 Dolly In+Pan Right+Truck Left, "
        "56->57 Pan Right+Truck Left+Dolly In",
    ),
    (
        "poses",
        "2026-04",
        "0->6 Stay, 6->51 Dolly In, 51->54 Dolly In+Pan Right, 54->55 Pan Right+Dolly In, "
        "55->56 Dolly In+Pan Right, 56->57 Pan Right+Dolly In",
    ),
    ("poses1", "2025-09", "0->7 Pan Right, 7->10 Pan Right+Dolly In, 10->14 Pan Right"),
    ("poses1", "2026-04", "0->7 Pan Right, 7->10 Pan Right+Dolly In, 10->14 Pan Right"),
]


def spelt(rows: np.ndarray, version: str, form: str) -> dict[str, list[str]]:
    return {segment.key: list(segment.labels) for segment in published_segments(rows, version, form)}


@pytest.mark.parametrize(("name", "form", "versions", "text"), RECORDED)
def test_recorded_outputs(name: str, form: str, versions: tuple[str, ...], text: str) -> None:
    for version in versions:
        assert list(spelt(named_paths()[name], version, form).items()) == list(segments_of(text).items())


@pytest.mark.parametrize(("name", "version", "text"), REAL)
def test_recorded_outputs_of_real_paths(name: str, version: str, text: str) -> None:
    assert spelt(real_rows(name), version, "enhanced") == segments_of(text)


RECORDED_AS = {
    "circle_looking_in": "circle",
    "dolly_in_17": "forward 17",
    "dolly_in_60": "forward 60",
    "dolly_then_stop": "forward, stop",
    "heading_180_walk": "heading 180",
    "heading_45_walk": "heading 45",
    "pan_off_origin": "pan off the origin",
    "pan_right_60": "pan",
    "static_60": "still",
    "there_and_back": "forth and back",
    "truck_right_40": "aside",
    "turn_then_walk": "turn, walk",
}


def test_all_recorded_outputs_of_all_versions_and_forms() -> None:
    recorded = real_outputs("expected")
    assert len(recorded) == 14
    for name, outputs in recorded.items():
        rows = named_paths()[RECORDED_AS[name]] if name in RECORDED_AS else real_rows(name)
        for version in VERSIONS:
            assert {form: spelt(rows, version, form) for form in FORMS} == outputs[version], (name, version)


def test_short_clips() -> None:
    rows = named_paths()["forward 60"]
    expected = {1: {}, 2: {"0->1": ["Stay"]}, 3: {"0->1": ["Stay"]}, 4: {"0->3": ["Stay"]}, 5: {"0->3": ["Stay"]}}
    for version in VERSIONS:
        assert {count: spelt(rows[:count], version, "enhanced") for count in expected} == expected
        assert spelt(rows[:3], version, "standard") == {"0->1": ["Stay"]}
        for count in (0, 1, 2):
            with pytest.raises(TooShortError, match=f"rows: found {count}, expected at least 3 for the standard form"):
                published_segments(rows[:count], version, "standard")
        with pytest.raises(TooShortError, match="found 0, expected at least 1 for the enhanced form"):
            published_segments(rows[:0], version, "enhanced")


@pytest.mark.parametrize(("rows", "last"), [(17, 15), (16, 15), (18, 17), (20, 19), (21, 20), (59, 57)])
def test_the_last_rows_that_no_voter_reaches_are_left_out(rows: int, last: int) -> None:
    found = published_segments(named_paths()["forward 60"][:rows], "2025-09", "enhanced")
    assert found[-1].end == last


def test_the_sign_of_a_quaternion_does_not_matter() -> None:
    rows = named_paths()["turn, walk"]
    turned = rows.copy()
    turned[5:40:3, 3:] *= -1
    for version in VERSIONS:
        for form in FORMS:
            assert spelt(turned, version, form) == spelt(rows, version, form)


def test_no_step_has_a_word_and_its_opposite_or_more_than_four() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        steps = rng.normal(0, 0.08, (40, 3))
        rows = path(np.cumsum(steps, axis=0), *np.cumsum(rng.normal(0, 3, (3, 40)), axis=1))
        for segment in published_segments(rows, "2026-04", "enhanced"):
            columns = sorted(WORDS.index(word) for word in segment.labels)
            assert len(columns) <= 4
            assert len({column // 2 for column in columns}) == len(columns)


def test_double_precision_is_read_as_well() -> None:
    rows = path(along((0, 0, 1), 0.05 * np.arange(30))).astype(np.float64)
    assert spelt(rows, "2026-04", "enhanced") == segments_of("0->3 Stay, 3->29 Dolly In")


@pytest.mark.parametrize(("version", "form"), [("2025-10", "enhanced"), ("2025-09", "fast")])
def test_unknown_versions_and_forms_are_refused(version: str, form: str) -> None:
    with pytest.raises(ValueError, match="expected one of"):
        published_segments(named_paths()["still"], version, form)
