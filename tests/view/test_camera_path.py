"""The page of a camera's path: what it holds, and in a real browser that it shows what it says."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from qagen.__main__ import main
from qagen.core.camera import Camera
from qagen.core.motion import Segment
from qagen.core.pose import Pose
from qagen.core.scene import Frame, Scene
from qagen.errors import SceneError
from qagen.spatialvid.released import read_instructions
from qagen.view.camera_path import MAX_PICTURES, MAX_ROWS, choose_rows, motion_track
from tests.loaders import spatialvid_files as files
from tests.view.browser import needs_browser, opened

EVIL = "</script><img src=x onerror=alert(1)>"


class NoImage:
    suffix, path = ".png", None

    def read_bytes(self) -> bytes:
        raise SceneError("nowhere", "no image")


def scene_of(centers: np.ndarray, times_s: np.ndarray, **changes: Any) -> Scene:
    """A scene without objects whose cameras stand upright and look along world x."""
    camera = Camera(100, 100, 49.5, 49.5, 100, 100)
    ahead = np.array([[0, 0, 1], [-1, 0, 0], [0, -1, 0.0]])
    frames = tuple(
        Frame(str(row), NoImage(), None, camera, None, Pose(ahead, center.astype(float)), float(time_s))
        for row, (center, time_s) in enumerate(zip(centers, times_s, strict=True))
    )
    return replace(Scene("lab", "room", Path("room"), frames, (), None), **changes)


def straight(n: int, step_s: float) -> Scene:
    """A camera that goes ahead by a meter a second."""
    times_s = step_s * np.arange(n)
    return scene_of(np.column_stack([times_s, 0 * times_s, 0 * times_s]), times_s)


# --- what is chosen ---------------------------------------------------------------------------------------------------


def test_short_paths_are_shown_whole_and_long_ones_thinned_to_both_ends() -> None:
    short = choose_rows(straight(75, 0.2))
    assert (len(short.rows), short.shown) == (75, tuple(range(75)))
    scan = choose_rows(straight(1500, 1 / 30))
    assert (len(scan.rows), len(scan.shown)) == (1500, MAX_PICTURES)
    assert (scan.shown[0], scan.shown[-1]) == (0, 1499)
    assert set(np.diff(scan.shown)) <= {12, 13}
    long = choose_rows(straight(20_000, 1 / 30))
    assert (len(long.rows), long.rows[-1].id) == (MAX_ROWS, "19999")


def test_motion_is_taken_from_poses_a_fifth_of_a_second_apart() -> None:
    ahead = motion_track(choose_rows(straight(75, 0.2)))
    assert ahead is not None
    assert ahead.segments == (Segment(0, 74, ("Dolly In",)),)
    # 30 frames a second: still for 3 s, then ahead for 3 s; segments lead to the last row
    times_s = np.arange(181) / 30
    centers = np.column_stack([np.maximum(times_s - 3, 0), 0 * times_s, 0 * times_s])
    track = motion_track(choose_rows(scene_of(centers, times_s)))
    assert track is not None
    assert track.segments == (Segment(0, 90, ("Stay",)), Segment(90, 180, ("Dolly In",)))


def test_rows_whose_times_tell_nothing_have_no_motion() -> None:
    assert motion_track(choose_rows(straight(75, 1.0))) is None  # photographs are numbered a second apart
    assert motion_track(choose_rows(straight(1, 0.2))) is None
    assert motion_track(choose_rows(scene_of(np.zeros((4, 3)), np.zeros(4)))) is None


@pytest.mark.parametrize(
    ("content", "segments", "notes"),
    [
        ({"0->3": ["Stay"], "3->9": ["Dolly In", "Pan Right"]}, ["0->3", "3->9"], []),
        ({"3->9": ["Stay"], "0->3": ["Stay"]}, ["0->3", "3->9"], []),
        ({"0-3": ["Stay"], "a->b": ["Stay"]}, [], ["found the key '0-3', expected 'a->b'", "found the key 'a->b'"]),
        ({"0->10": ["Stay"]}, [], ["found '0->10', expected rising rows of 0 to 9"]),
        ({"4->4": ["Stay"], "5->2": ["Stay"]}, [], ["found '4->4'", "found '5->2'"]),
        ({"0->5": ["Stay"], "4->9": ["Stay"]}, ["0->5"], ["'4->9' overlaps '0->5'"]),
        ({"0->5": ["Forward"]}, [], ["found the label 'Forward' at '0->5', expected one like 'Dolly In'"]),
        ({"0->5": "Stay", "5->6": [], "6->7": [3]}, [], ["found Stay at", "found [] at", "found the label '3'"]),
        ({f"x{i}": [] for i in range(9)}, [], [*["found the key"] * 5, "4 more entries are left aside"]),
    ],
)
def test_instructions_that_others_wrote_are_told_where_they_do_not_fit(
    tmp_path: Path, content: dict[str, Any], segments: list[str], notes: list[str]
) -> None:
    path = tmp_path / "instructions.json"
    path.write_text(json.dumps(content))
    kept, told = read_instructions(path, 10)
    assert [segment.key for segment in kept] == segments
    assert len(told) == len(notes)
    assert all(expected in note for note, expected in zip(told, notes, strict=True))


def test_instructions_that_are_no_object_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "instructions.json"
    for text in ("[1]", "{", "", " " * (1 << 21)):
        path.write_text(text)
        with pytest.raises(SceneError):
            read_instructions(path, 10)


# --- the command ------------------------------------------------------------------------------------------------------


def view(*words: object) -> Result:
    return CliRunner().invoke(main, ["spatialvid", "view", *map(str, words)])


def test_mistakes_are_told(tmp_path: Path) -> None:
    files.write_clip(tmp_path)
    page = tmp_path / "x.html"
    assert "expected either DIR, a folder of clips, or --scene" in view("--html", page).stderr
    assert "expected either DIR" in view(tmp_path, "--scene", "spatialvid", "--html", page).stderr
    assert "no clip 'x'" in view(tmp_path, "x", "--html", page).stderr
    assert "Did you mean 'scannet'?" in view("--scene", "scanet", "--html", page).stderr
    files.write_clip(tmp_path, clip="second")
    result = view("--scene", "spatialvid", "--root", tmp_path, "--scenes", "*", "--html", page)
    assert "--scenes: found 2 scenes, expected one" in result.stderr
    assert not page.exists()


def test_a_damaged_image_leaves_no_page(tmp_path: Path) -> None:
    folder = files.write_clip(tmp_path)
    (folder / "poses.npy").write_bytes(b"")
    result = view(tmp_path, "--html", tmp_path / "x.html")
    assert result.exit_code == 2
    assert "poses.npy" in result.stderr
    assert not (tmp_path / "x.html").exists()


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip that goes ahead and turns right by 10 degrees a row; frame i is 20 i gray, every second one is a row."""
    root = tmp_path_factory.mktemp("path")
    folder = files.write_clip(root)
    poses = files.POSES.copy()
    turns = Rotation.from_euler("y", 10 * np.arange(4)[:, None], degrees=True)
    centers = -files.POSES[:, :3].astype(float)
    poses[:, :3], poses[:, 3:] = -turns.inv().apply(centers), turns.inv().as_quat()
    np.save(folder / "poses.npy", poses)
    instructions = {"0->2": ["Dolly In"], "2->3": ["Pan Right", "Dolly In"], EVIL: ["Stay"]}
    (folder / "instructions.json").write_text(json.dumps(instructions))
    result = view(root, files.CLIP, "--html", root / "clip.html")
    assert result.exit_code == 0, result.output
    assert "4 rows, 4 pictures" in result.stdout
    assert "instructions.json: found the key" in result.stdout
    return root / "clip.html"


def test_the_page_has_the_path_in_the_first_cameras_axes(html: Path) -> None:
    text = html.read_text()
    data = json.loads(text.partition('<script type="application/json" id="data">')[2].partition("</script>")[0])
    # right, ahead, up: the camera goes ahead by 0.1 a row; the last one has turned right by 30 degrees
    assert_allclose(data["path"], [[0, 0.1 * row, 0] for row in range(4)], atol=1e-5)
    looks = [line[2] for line in data["axes"][3]]
    assert_allclose(looks, [0.5, 0.75**0.5, 0], atol=1e-5)
    assert data["times"] == [0, 0.2, 0.4, 0.6]
    assert_allclose(data["edges"][0], [-0.625, -1 / 2.8, 0.625, 1 / 2.8], atol=1e-5)  # fx 0.8, fy 1.4 of the image
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


@pytest.fixture(scope="module")
def page(html: Path) -> Iterator[Any]:
    """The page in the browser; a script error, a console message or a request for anything fails the test."""
    with opened(html, 1280, 900) as page:
        page.uncheck("#turn")
        yield page


GRAY_SHOWN = """async () => {
  const image = document.getElementById("picture");
  await image.decode();
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  return pen.getImageData(5, 5, 1, 1).data[0];
}"""


@needs_browser
def test_every_row_shows_its_own_frame(page: Any) -> None:
    for row in range(files.ROWS):
        page.evaluate(f"show({row})")
        assert page.evaluate(GRAY_SHOWN) == pytest.approx(40 * row, abs=4)
        assert f"row {row} (0 to 3) · {0.2 * row:.2f} s" in page.inner_text("#now")
        assert f"frame {2 * row}" in page.inner_text("#caption")
        assert page.evaluate("at('depth').naturalWidth") == 292  # every second of 584 pixels
    page.evaluate("show(0)")


@needs_browser
def test_keys_slider_and_bars_step_through_the_rows(page: Any) -> None:
    now = lambda: page.inner_text("#now").split(" (")[0]  # noqa: E731
    page.keyboard.press("ArrowRight")
    assert now() == "row 1"
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    assert now() == "row 3"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    assert now() == "row 0"
    page.fill("#slider", "2")
    assert now() == "row 2"
    page.keyboard.press("ArrowLeft")
    assert now() == "row 1"
    box = page.query_selector(".bar").bounding_box()
    page.mouse.click(box["x"] + box["width"] - 2, box["y"] + 5)
    assert now() == "row 3"
    page.keyboard.press("Home")


@needs_browser
def test_playing_goes_on_to_the_last_row_and_stops(page: Any) -> None:
    page.keyboard.press(" ")
    assert "pause" in page.inner_text("#play")
    page.wait_for_function("shown === 3 && !timer", timeout=10_000)
    assert "play" in page.inner_text("#play")
    page.keyboard.press("Home")


@needs_browser
def test_labels_are_those_of_the_segment(page: Any) -> None:
    # Straight ahead along the first camera's z while it turns right by 30 degrees: in its own axes it also goes left.
    assert [track["name"] for track in page.evaluate("data.tracks")] == ["exact", "instructions.json"]
    assert page.inner_text(".track:first-child .label").startswith("Dolly In")
    page.evaluate("show(1)")
    assert "instructions.json: Dolly In" in page.inner_text("#caption")
    page.evaluate("show(2)")
    assert "instructions.json: Pan Right, Dolly In" in page.inner_text("#caption")
    page.evaluate("show(3)")
    assert "instructions.json: Pan Right, Dolly In" in page.inner_text("#caption")
    page.evaluate("show(0)")


@needs_browser
def test_every_center_and_frustum_lies_inside_its_canvas(page: Any) -> None:
    inside = """name => {
      const view = projection(name), lies = (value, size) => value >= 0 && value <= size;
      const points = [...data.path, ...corners.flat()].map(view.place);
      return points.every(([x, y]) => lies(x, view.width) && lies(y, view.height));
    }"""
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for name in ("above", "side"):
            assert page.evaluate(inside, name)
        for yaw, pitch in ((0, 0), (1, 0.5), (2.5, 1.57), (-2, -1), (4, 0.1)):
            page.evaluate(f"yaw = {yaw}; pitch = {pitch};")
            assert page.evaluate(inside, "turning")
    page.set_viewport_size({"width": 1280, "height": 900})


@needs_browser
def test_from_above_ahead_is_up_and_right_is_right(page: Any) -> None:
    # The path goes along the first camera's z; the last camera has turned right by 30 degrees.
    (x0, y0), *_, (x3, y3) = page.evaluate("centersOn('above')")
    assert x3 == pytest.approx(x0, abs=0.1)
    assert y3 < y0 - 50
    ends = page.evaluate("corners[3].map(projection('above').place)")
    assert np.mean([x for x, _ in ends]) > x3 + 5
    assert "first camera’s y axis" in page.inner_text(".pair")


@needs_browser
def test_dragging_turns_the_path(page: Any) -> None:
    before = page.evaluate("yaw")
    box = page.query_selector("#turning").bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 100)
    page.mouse.up()
    assert page.evaluate("yaw") == pytest.approx(before - 0.5)


@needs_browser
def test_what_is_unknown_and_left_aside_is_said(page: Any) -> None:
    notes = page.inner_text("#notes")
    assert "Up is unknown" in notes
    assert "Nobody knows the length of a unit" in notes
    assert "found the key '</script><img" in notes
    assert "4 rows · 0.6 s · 64 × 36 pixels · not metric · path of 0.3 units · with depth" in page.inner_text("#facts")


@pytest.mark.slow
@needs_browser
def test_any_dataset_is_shown_and_a_clip_of_sixty_rows_stays_small(tmp_path: Path, demo: Path) -> None:
    page = tmp_path / "scan.html"
    assert view("--scene", "scannet", "--root", demo, "--html", page).exit_code == 0
    text = page.read_text()
    assert "metric" in text
    assert "rows have a picture; the path leads through all" in text
    assert "Up is unknown" not in text
    assert len(text) < MAX_PICTURES * 100_000
