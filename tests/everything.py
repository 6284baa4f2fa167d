"""All that must not depend on the machine, made in one process: ``python -m tests.everything FOLDER``.

test_any_machine.py runs it under settings that stand for other processors, which count only for a new process.
"""

import sys
from pathlib import Path

from click.testing import CliRunner

from tests.audit.room import make_run
from tools.runs import SETTINGS

PER_SCENE = 3


def main(out: Path) -> None:
    """A run of every type on the room's scan, the same on the demo, a small film in every layout, one from close by."""
    make_run(out / "room", PER_SCENE)
    _run_on_demo(out / "demo")
    _film(out / "film", out / "layouts")


def _run_on_demo(out: Path) -> None:
    from qagen.demo import demo_root
    from qagen.generate import main

    settings = out.with_suffix(".yaml")
    settings.write_text(SETTINGS)
    arguments = ["--scene", "scannet", "--root", str(demo_root("scannet")), "--out", str(out), "--workers", "1"]
    arguments += ["--config", str(settings), "--per-scene", str(PER_SCENE), "--media", "none"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output


def _film(folder: Path, layouts: Path) -> None:
    from qagen.demo import WRITERS
    from qagen.demo.apartment.shoot import shoot
    from qagen.demo.tabletop.shoot import shoot as shoot_close
    from tests.demo.writing import write_layout
    from tests.films import bare_room

    film = shoot(folder, bare_room(), 1, lambda done, total, what: None)
    shoot_close(folder.with_name("close film"), bare_room(), 1, lambda done, total, what: None)
    for dataset in WRITERS:
        (layouts / dataset).mkdir(parents=True)
        write_layout(dataset, film, layouts / dataset)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
