"""Long work says what it is at, to whoever listens last."""

from numba import njit

from qagen.stages import Stage, about, announce, announcing_compilation, each, listening


def test_items_are_announced_one_by_one_with_what_they_are_about() -> None:
    heard: list[Stage] = []
    with listening(heard.append), about("scene1"):
        assert list(each("reading", "ab")) == ["a", "b"]
    assert heard == [Stage("scene1", "reading", 0, 2), Stage("scene1", "reading", 1, 2)]


def test_the_innermost_listener_hears_and_without_one_nothing_happens() -> None:
    outer: list[Stage] = []
    inner: list[Stage] = []
    with listening(outer.append):
        with listening(inner.append):
            announce("within")
        announce("after")
    announce("never")
    assert [stage.what for stage in inner] == ["within"]
    assert [stage.what for stage in outer] == ["after"]


def test_compiling_is_said_only_when_something_is_compiled() -> None:
    double = njit(lambda value: 2 * value)
    heard: list[Stage] = []
    with listening(heard.append), announcing_compilation():
        double(1)
        assert {stage.what for stage in heard} == {"compiling kernels (once)"}
        heard.clear()
        double(2)
    assert heard == []
