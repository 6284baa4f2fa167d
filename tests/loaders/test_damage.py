"""Whatever happens to a file of any dataset, a loader reads the scene or says what is wrong, and where."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from qagen.core.scene import Scene
from qagen.demo import WRITERS
from qagen.demo.film import Film
from qagen.errors import QagenError
from qagen.loaders import LOADERS, make_loader
from tests.demo.writing import write_layout

SEEDS = 4
"""Different damages of each kind to each kind of file."""


def cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def flip(content: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(rng.choice((1, 4, 64))):
        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
    return bytes(damaged)


def swap_digits(content: bytes, rng: random.Random) -> bytes:
    """Numbers that are far too large, negative or none at all, where the file has text."""
    places = [i for i, byte in enumerate(content[:20_000]) if chr(byte).isdigit()]
    if not places:
        return content[::-1]
    at = rng.choice(places)
    return content[:at] + rng.choice((b"9999999999999", b"-7", b"nan", b"1e308", b'"x"', b"null")) + content[at + 1 :]


def noise(content: bytes, rng: random.Random) -> bytes:
    return rng.randbytes(min(len(content), 4096))


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut": cut,
    "flip": flip,
    "digits": swap_digits,
    "noise": noise,
}


@pytest.fixture(scope="module", params=sorted(LOADERS))
def layout(
    request: pytest.FixtureRequest, small_film: Film, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    """A dataset's name and a root that holds the small film in its layout."""
    root = tmp_path_factory.mktemp(request.param)
    write_layout(request.param, small_film, root)
    return request.param, root


def one_of_each_kind(root: Path) -> list[Path]:
    """The first and the last file of every folder and ending, large lists of images being all alike."""
    kinds: dict[tuple[Path, str], list[Path]] = {}
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        kinds.setdefault((path.parent, "".join(path.suffixes[-2:])), []).append(path)
    return [path for paths in kinds.values() for path in dict.fromkeys((paths[0], paths[-1]))]


def read_everything(dataset: str, root: Path) -> list[Scene]:
    """All scenes, and every image of their first and last frames."""
    loader = make_loader(dataset, root)
    scenes = [loader.load(name) for name in loader.scene_ids("train")]
    for frame in (frame for scene in scenes for frame in (scene.frames[0], scene.frames[-1])):
        assert frame.color.read_bytes()
        if frame.depth is not None and frame.depth_camera is not None:
            depth = frame.depth.read_m()
            assert depth.shape == (frame.depth_camera.height, frame.depth_camera.width)
            assert np.isfinite(depth).all()
        if frame.instances is not None:
            assert frame.instances.read_objects().ndim == 2
    return scenes


def test_every_dataset_has_a_demo_in_its_own_layout() -> None:
    assert set(LOADERS) == set(WRITERS)


def test_the_undamaged_layout_is_read(layout: tuple[str, Path]) -> None:
    (scene,) = read_everything(*layout)
    assert scene.dataset == layout[0]


def check_read_or_refused(dataset: str, root: Path, what: str) -> None:
    """Fail unless the scene is read, or refused by an error that names a file of it."""
    try:
        read_everything(dataset, root)
    except QagenError as error:
        if str(root) not in str(error):
            pytest.fail(f"{what}: the error names no file: {error}")
    except Exception as error:
        raise AssertionError(what) from error


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_read_or_refused_by_name(layout: tuple[str, Path], damage: str) -> None:
    dataset, root = layout
    for path in one_of_each_kind(root):
        content = path.read_bytes()
        for seed in range(SEEDS):
            path.write_bytes(DAMAGES[damage](content, random.Random(f"{path.name} {damage} {seed}")))
            check_read_or_refused(dataset, root, f"{path} {damage} {seed}")
        path.write_bytes(content)


@pytest.mark.slow
def test_a_missing_file_or_folder_is_left_out_or_refused_by_name(layout: tuple[str, Path], tmp_path: Path) -> None:
    dataset, root = layout
    folders = [path for path in sorted(root.rglob("*")) if path.is_dir()]
    for path in [*one_of_each_kind(root), *folders]:
        aside = shutil.move(path, tmp_path / "aside")
        check_read_or_refused(dataset, root, f"without {path}")
        shutil.move(aside, path)
