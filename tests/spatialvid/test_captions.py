"""What captions say of the camera, and when its path rules that out."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from qagen.__main__ import main
from qagen.core.motion import AXES, Motion, motion_of
from qagen.spatialvid.captions import claims_of, contradictions
from tests.camera_paths import along, path, times, world_from_camera
from tests.loaders import spatialvid_files as files

FORWARD = ("Dolly In", "Pedestal Up")
TRANSLATIONS = tuple(label for axis in AXES[:3] for label in axis)


def said(text: str) -> list[str]:
    """The claims of a text: the plainest label of each, with "no" where denied and "?" where hedged."""
    return ["no " * claim.is_denied + claim.labels[0] + "?" * claim.is_hedged for claim in claims_of(text)]


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("The camera moves forward steadily and pans left.", ["Dolly In", "Pan Left"]),
        ("The camera moves forward and to the right, tilting downward.", ["Dolly In", "Truck Right", "Tilt Down"]),
        ("It tilts up and dollies back. Pan left and dolly in.", ["Tilt Up", "Dolly Out", "Pan Left", "Dolly In"]),
        ("Dolly in, truck left, pedestal up, roll clockwise.", ["Dolly In", "Truck Left", "Pedestal Up", "Roll CW"]),
        ("A slow backward motion combined with a leftward pan.", ["Dolly Out", "Pan Left"]),
        ("The camera pulls back. It pans upward.", ["Dolly Out", "Tilt Up"]),
        ("The camera moves left to right.", ["Truck Right"]),
        ("The camera is panning across the room.", ["Pan Right"]),
        ("The shot remains static throughout.", ["Stay"]),
        ("A static shot of a stationary car.", ["Stay"]),
    ],
)  # fmt: skip
def test_plain_words_are_claims(text: str, claims: list[str]) -> None:
    assert said(text) == claims


@pytest.mark.parametrize(
    "text",
    [
        "A man walks forward.",
        "The camera follows a man who moves to the left.",
        "The camera follows a car turning left.",
        "It follows the car as it turns left.",
        "The camera captures the forward motion of a train.",
        "The shot captures static trees on the left side.",
        "The camera moves in a circle.",
        "The camera moves up the stairs.",
        "The camera moves back and forth.",
        "The camera moves left or right.",
        "The camera moves left of the house.",
        "The camera movement is smooth.",
        "",
    ],
)
def test_what_is_said_of_something_else_or_not_plainly_is_no_claim(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("The camera pans left while a car moves right.", ["Pan Left"]),
        ("The camera pans left and a car moves right.", ["Pan Left"]),
        ("The camera moves ahead, passing a tree on the left side.", ["Dolly In"]),
        ("As a car turns right, the camera tilts up.", ["Tilt Up"]),
    ],
)
def test_things_beside_the_camera_are_passed_over(text: str, claims: list[str]) -> None:
    assert said(text) == claims


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("There is no tilt or roll.", ["no Tilt Up", "no Roll CW"]),
        ("The camera isn't panning left.", ["no Pan Left"]),
        ("The camera does not pan left but tilts up.", ["no Pan Left", "Tilt Up"]),
        ("The camera not only pans left but also tilts up.", ["Pan Left", "Tilt Up"]),
        ("It dollies in without any pan, tilt, or roll, then moves back.", ["Dolly In", "no Pan Right", "Dolly Out"]),
        ("The camera moves slightly forward.", ["Dolly In?"]),
        ("The camera moves forward a bit.", ["Dolly In?"]),
        ("Forward motion with a subtle pan to the right, tilting up.", ["Dolly In", "Pan Right?"]),
    ],
)  # fmt: skip
def test_negations_and_hedges(text: str, claims: list[str]) -> None:
    # after a comma nobody can tell whether a negation or a hedge goes on, so what follows is passed over
    assert said(text) == claims


def test_words_that_mean_several_motions_keep_all_of_them() -> None:
    (forward,) = claims_of("The camera moves forward.")
    assert forward.labels == FORWARD
    (still,) = claims_of("The camera does not move.")
    assert (still.labels, still.is_denied) == (TRANSLATIONS, True)


# --- against paths ---------------------------------------------------------------------------------------------------


def motion(rows: NDArray[np.float32]) -> Motion:
    return motion_of(*world_from_camera(rows), times(rows))


I = np.arange(40)  # noqa: E741
AHEAD = path(along((0, 0, 1), 0.05 * I))
TURNING_RIGHT = path(np.zeros((40, 3)), yaw=2.0 * I)
AHEAD_THEN_BACK = path(along((0, 0, 1), 0.05 * np.minimum(I, 39 - I)))
SLIGHTLY_RIGHT = path(along((0, 0, 1), 0.05 * I), yaw=0.3 * I)
"""1.5 degrees a second, below the threshold of 2 and above half of it."""


@pytest.mark.parametrize(
    ("rows", "text", "found"),
    [
        (AHEAD, "The camera moves forward.", []),
        (AHEAD, "The camera moves backward.", ["Dolly In; never Dolly Out or Pedestal Down"]),
        (AHEAD, "The camera pans left.", ["Dolly In; never Pan Left"]),
        (AHEAD, "The camera pans slightly left.", []),
        (AHEAD, "The camera is static.", ["Dolly In; never Stay"]),
        (AHEAD, "The camera does not move.", ["Dolly In, which the caption denies"]),
        (AHEAD, "The camera does not move at first.", []),
        (AHEAD, "The camera moves ahead without panning.", []),
        (TURNING_RIGHT, "The camera pans left.", ["Pan Right; never Pan Left"]),
        (TURNING_RIGHT, "The camera pans slightly left.", ["Pan Right; never Pan Left"]),
        (TURNING_RIGHT, "The camera moves to the right.", []),
        (TURNING_RIGHT, "The camera moves forward, without any pan.",
            ["Pan Right; never Dolly In or Pedestal Up", "Pan Right, which the caption denies"]),
        (AHEAD_THEN_BACK, "The camera moves forward. It moves back.", []),
        (SLIGHTLY_RIGHT, "The camera pans right.", []),
        (SLIGHTLY_RIGHT, "The camera does not pan.", []),
        (path(np.zeros((40, 3))), "The camera is static.", []),
        (path(np.zeros((40, 3))), "The camera dollies in.", ["Stay; never Dolly In"]),
        (AHEAD[:1], "The camera dollies out.", []),
    ],
)  # fmt: skip
def test_a_claim_is_ruled_out_only_where_the_path_is_sure(rows: NDArray, text: str, found: list[str]) -> None:
    assert [does for _, does in contradictions(text, motion(rows))] == found


# --- the command -----------------------------------------------------------------------------------------------------


def check(root: Path, caption: object, *words: str) -> Result:
    folder = root / "annotations" / files.GROUP / files.CLIP
    (folder / "caption.json").write_text(caption if isinstance(caption, str) else json.dumps(caption))
    return CliRunner().invoke(main, ["spatialvid", "check", str(root), *words])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clip whose camera goes ahead by 0.1 units a row, for 0.6 s."""
    files.write_clip(tmp_path)
    return tmp_path


@pytest.mark.parametrize("key", ["CameraMotion", "CamMotion", "OptCamMotion"])
def test_both_forms_of_captions_are_read_and_the_exit_code_stays(root: Path, key: str) -> None:
    caption = {key: "The camera pans left. It moves forward.", "SceneSummary": "The camera pans left."}
    result = check(root, caption, "--captions")
    assert result.exit_code == 0
    assert "1 clips, 1 of them can be used\n1 captions, 1 of them contradict the path of the camera" in result.stdout
    told = f'{files.CLIP}  {key}: "The camera pans left."; the path: Dolly In; never Pan Left'
    assert [line.strip() for line in result.stdout.splitlines() if "pans left" in line] == [told]
    assert "pans left" not in check(root, caption).stdout


def test_a_damaged_caption_is_told_and_no_fault(root: Path) -> None:
    result = check(root, "{", "--captions")
    assert result.exit_code == 0
    assert "1 unreadable caption: The caption is damaged" in result.stdout


def test_a_clip_without_caption_has_nothing_to_tell(root: Path) -> None:
    result = check(root, {"CameraMotion": ["no text"]}, "--captions")
    assert (result.exit_code, "contradicts" in result.stdout) == (0, False)
    (root / "annotations" / files.GROUP / files.CLIP / "caption.json").unlink()
    result = CliRunner().invoke(main, ["spatialvid", "check", str(root), "--captions"])
    assert "0 captions, 0 of them" in result.stdout
