"""Which questions get a twin, and how many samples there are then."""

from dataclasses import replace

import pytest

from qagen.pipeline.twins import choose_twins
from qagen.rng import rng_for
from qagen.tasks.registry import load_task
from tests.sampling.test_twins import standing_at, turning

FAMILY = load_task("spatial_imagination_oc_video_hard")
VIEWS = turning()
ASKED = standing_at(VIEWS, "stove", "bed", "toilet")
QUESTIONS = [replace(ASKED, facts={"number": i}) for i in range(10)]


def chosen(share: float, quota: int, seed: int = 0):
    return choose_twins(FAMILY, VIEWS, QUESTIONS, share, quota, rng_for(seed, "twins"))


@pytest.mark.parametrize(
    ("share", "quota", "questions", "pairs"),
    [
        (0.2, 10, 9, 1),  # 9 questions and the twin of one: 2 of 10 samples
        (0.4, 10, 8, 2),
        (0.4, 12, 10, 2),  # room for the twins
        (0.4, 11, 9, 2),
    ],
)
def test_pairs_take_the_place_of_other_questions(share, quota, questions, pairs):
    paired, reasons = chosen(share, quota)
    assert (len(paired.questions), len(paired.twins), paired.wanted, reasons) == (questions, pairs, pairs, [])
    assert set(paired.twins) <= {question.key for question in paired.questions}
    assert [q for q in QUESTIONS if q in paired.questions] == paired.questions


def test_a_part_of_a_pair_is_a_pair_now_and_then():
    # 0.1 of 10 samples is half a pair.
    counts = [len(chosen(0.1, 10, seed)[0].twins) for seed in range(40)]
    assert set(counts) == {0, 1}
    assert 10 <= sum(counts) <= 30


def test_reasons():
    nowhere = replace(VIEWS, absent=VIEWS.absent & False)
    paired, reasons = choose_twins(FAMILY, nowhere, QUESTIONS, 0.4, 10, rng_for(0, "twins"))
    assert (paired.questions, paired.twins) == (QUESTIONS, {})
    assert reasons == ["no images without the object"] * 10
    assert paired.wanted == 2
    drawn = load_task("spatial_imagination_oc_video")
    assert choose_twins(drawn, VIEWS, QUESTIONS, 0.4, 10, rng_for(0, "t"))[1] == ["no unanswerable form"]
    single = load_task("depth_prediction_oc")
    assert choose_twins(single, VIEWS, QUESTIONS, 0.4, 10, rng_for(0, "t"))[1] == []
