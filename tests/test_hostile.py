"""Files that try to hang qagen, to fill its memory or to read other files are refused at once, by name."""

import json
import resource
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.core.scene import FileSource, Walk, validate_scene
from qagen.errors import ConfigError, QagenError, SceneError
from qagen.loaders.io.ply import read_mesh
from qagen.loaders.io.text import inside, read_json
from qagen.pipeline.config import load_run
from qagen.records.read import RecordFile, read_lines, read_pairs
from qagen.visibility.views import observe
from qagen.wording.phrasebook import MAX_BYTES, Phrasebook
from tests.loaders.scannet_files import NAME, make_shots, pack_sens, write_scene
from tests.scenes import at, looking, room
from tests.wording.test_templates import BOOK

MEMORY = 3 * 2**30
SECONDS = 60


def refusal(call: Callable[[], object], accepted: str) -> str:
    """The message of the error that qagen raises, or ``accepted`` when it raises none. Other errors fail the test."""
    try:
        call()
    except QagenError as error:
        return str(error)
    return accepted


def book_of(folder: Path, line: str, words: str = "") -> Phrasebook:
    (folder / "words.jinja").write_text(words, encoding="utf-8")
    block = f"{{% block one %}}\n{line}\n{{% endblock %}}\n"
    (folder / "depth.jinja").write_text(block, encoding="utf-8")
    return Phrasebook(folder)


ESCAPES = {
    "attribute of a class": "{{ answer.__class__.__mro__ }}",
    "attribute by filter": "{{ answer | attr('__class__') }}",
    "attribute by map": "{{ [answer] | map(attribute='__class__') | first }}",
    "a macro's globals": "{{ say.most.__globals__ }}",
    "format string": "{{ '{0.__class__}'.format(answer) }}",
    "another file": "{% include '/etc/passwd' %}",
    "endless range": "{% for i in range(1000000000) %}{{ i }}{% endfor %}",
    "nested loops": "{% for a in answer %}{% for b in answer %}x{% endfor %}{% endfor %}",
    "long text": "{{ 'x' * 1000000000000 }}",
    "large number": "{{ 10 ** 10 ** 10 }}",
    "padding by sign": "{{ '%1000000000d' % 1 }}",
    "padding by method": "{{ 'x'.ljust(1000000000000) }}",
    "padding by filter": "{{ 'x' | center(1000000000000) }}",
    "padding by map": "{{ ['x'] | map('center', 1000000000000) | join }}",
    "growth by join": "{{ 'xxxx' " + "| join('yyyyyyyy') " * 50 + "}}",
    "deep nesting": "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "deep list": "{{ " + "[" * 20_000 + "]" * 20_000 + " }}",
    "division by zero": "{{ 1 / 0 }}",
    "no index": "{{ answer[99] }}",
    "no number": "{{ ['a', 1] | sort }}",
}


@pytest.mark.parametrize("line", ESCAPES.values(), ids=ESCAPES.keys())
def test_a_phrasing_can_neither_look_behind_its_words_nor_grow(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigError, match=r"depth\.jinja: block one: .* in phrasing: "):
        book_of(tmp_path, line).phrasings("depth", "one")[0].render({"answer": "1.0"})


MACROS = {
    "a class": "{%- set x = ''.__class__.__mro__[1].__subclasses__() -%}",
    "another file": "{%- include '/etc/passwd' -%}",
    "a module": "{%- import 'depth.jinja' as depth -%}",
    "endless recursion": "{%- macro f() -%}{{ f() }}{%- endmacro -%}{{ f() }}",
    "a range": "{%- for i in range(1000000000) -%}x{%- endfor -%}",
    "long text": "{%- set x = 'x' * 1000000000000 -%}",
    "no syntax": "{%- macro -%}",
}


@pytest.mark.parametrize("words", MACROS.values(), ids=MACROS.keys())
def test_macros_are_no_more_free_than_phrasings(tmp_path: Path, words: str) -> None:
    with pytest.raises(ConfigError, match=r"words\.jinja: "):
        book_of(tmp_path, "{{ answer }}", words)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * (MAX_BYTES + 1)])
def test_a_template_that_is_no_text_or_too_long_is_refused(tmp_path: Path, content: bytes) -> None:
    book = book_of(tmp_path, "{{ answer }}")
    (tmp_path / "depth.jinja").write_bytes(content)
    with pytest.raises(ConfigError, match=r"depth\.jinja: found"):
        book.phrasings("depth", "one")


PIECES = ("{{", "}}", "{%", "%}", "{#", "#}", " ", "\n", "block", "endblock", "one", "answer", "'", "(", "[", "|", ".")


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map("".join))
def test_any_phrasing_renders_or_is_refused(line: str) -> None:
    assert refusal(lambda: BOOK._compile(line, "here").render({"answer": "1.0"}), "here: ").startswith("here: ")


YAML_PIECES = (
    *("tasks", "per_scene", "seed", ":", " ", "\n", "- ", "[", "]", "{", "}", "&a ", "*a", "1e999", "'"),
    "!!python/name:os.system ",
)


@given(text=st.lists(st.sampled_from(YAML_PIECES) | st.text(max_size=3), max_size=20).map("".join))
def test_any_config_is_read_or_refused_by_name(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "run.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert str(path) in refusal(lambda: load_run(None, path, {}), str(path))


RECORD = {"id": "scene_1", "type": "t", "image": [], "conversations": [{"from": "human", "value": "?"}]}
GOOD = json.dumps(RECORD).encode()
LINES = (GOOD, b"[" * 100_000, b'{"id":' * 100_000, b"null", b"1e999", b'{"id": 7}', b"\xff", b"")


def read_all(read: Callable[[RecordFile], Iterable], file: RecordFile) -> None:
    for _ in read(file):
        pass


@given(st.lists(st.sampled_from(LINES) | st.binary(max_size=40), min_size=1, max_size=4).map(b"\n".join), st.booleans())
def test_any_records_are_read_or_refused_by_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, same: bool
) -> None:
    file = RecordFile(tmp_path_factory.getbasetemp() / "qa_jsonl" / "train" / "t" / "fill" / "fill_1.jsonl")
    for path, text in ((file.path, content), (file.evidence, content if same else b'{"id": "scene_1"}\n')):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    for read in (read_lines, read_pairs):
        assert "fill_1.jsonl:" in refusal(partial(read_all, read, file), "fill_1.jsonl:")


def bounded(program: str, *arguments: object) -> str:
    """Run a Python program within MEMORY bytes and SECONDS; returns what it prints."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    call = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(call, capture_output=True, text=True, timeout=SECONDS, preexec_fn=limit)
    assert done.returncode == 0, done.stderr
    return done.stdout


def png(width: int, height: int) -> bytes:
    """A gray PNG of zeros whose header claims any size and which holds a few rows at most."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(min(width + 1, 10**6)) * min(height, 200), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("side", "message"), [(8000, ": found 8000 x 8000"), (30_000, " cannot"), (2**31 - 1, " cannot")]
)
def test_an_image_that_claims_more_pixels_than_its_camera_is_not_decoded(
    tmp_path: Path, side: int, message: str
) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png(side, side))
    scene = room({"cube": at(0, 2, 1.5)}, [looking("+y")])
    frames = tuple(replace(frame, color=FileSource(path)) for frame in scene.frames)
    with pytest.raises(SceneError, match=rf"bomb\.png: color image{message}"):
        observe(replace(scene, frames=frames))


PLY = b"ply\nformat binary_little_endian 1.0\nelement vertex %d\nproperty float x\nproperty float y\nproperty float z\n"
FACES = b"element face %d\nproperty list uchar int vertex_indices\nend_header\n"


@pytest.mark.parametrize(("vertices", "faces"), [(10**9, 1), (1, 10**9), (300, 300), (10**30, 1)])
def test_a_mesh_that_claims_more_than_its_file_holds_is_refused(tmp_path: Path, vertices: int, faces: int) -> None:
    path = tmp_path / "bomb.ply"
    path.write_bytes(PLY % vertices + FACES % faces + bytes(300))
    with pytest.raises(SceneError, match=r"bomb\.ply: "):
        read_mesh(path)


@pytest.mark.parametrize("text", ["[" * 10**6, '{"a":' * 10**6, "[" * 10**6 + "]" * 10**6])
def test_json_of_any_depth_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deep.json"
    path.write_text(text)
    with pytest.raises(SceneError, match=r"deep\.json: content: "):
        read_json(path, dict)


REFUSED = """
import sys, time
from pathlib import Path
from qagen.errors import QagenError
from qagen.loaders import make_loader
start = time.process_time()
try:
    loader = make_loader(sys.argv[1], Path(sys.argv[2]))
    for name in loader.scene_ids("train"):
        loader.load(name)
except QagenError as error:
    print(error)
print(time.process_time() - start)
"""


def test_a_recording_of_a_billion_frames_takes_neither_time_nor_memory(tmp_path: Path) -> None:
    folder = write_scene(tmp_path / "scans" / NAME)
    path = folder / f"{NAME}.sens"
    path.write_bytes(pack_sens(make_shots(), claimed_frames=10**9))
    message, seconds = bounded(REFUSED, "scannet", tmp_path).splitlines()
    assert f"{path}: number of frames: found 1000000000" in message
    assert float(seconds) < 10


@pytest.mark.parametrize("name", ["", ".", "..", "../other", "a/b", "/etc/passwd", "a.b", "a\0b", "a\nb", "a" * 300])
def test_nothing_is_called_like_a_path(name: str) -> None:
    scene = room({"cube": at(0, 2, 1.5)}, [looking("+y")])
    walk = Walk(name, (scene.frames[0].id,), "Go ahead.")
    frames = (replace(scene.frames[0], id=name),)
    for changed in (replace(scene, id=name), replace(scene, frames=frames), replace(scene, walks=(walk,))):
        with pytest.raises(SceneError, match="without"):
            validate_scene(changed)


@given(st.lists(st.sampled_from(["..", ".", "a", "", "\\", "\0", "C:"]), max_size=6).map("/".join))
def test_a_path_in_a_file_stays_in_its_folder_or_is_refused(name: str) -> None:
    folder = Path("/data/scene")
    paths: list[Path] = []
    message = refusal(lambda: paths.append(inside(folder, name, folder / "scene.json", "file_path")), "fits")
    assert all(path.resolve().is_relative_to(folder) for path in paths)
    assert message == "fits" or "scene.json: file_path: " in message
