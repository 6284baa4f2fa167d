"""What people and models write: every spelling of an answer is read alike, or not at all."""

import contextlib
import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from qagen.score import letters, numbers
from qagen.score.__main__ import main
from qagen.score.items import ScoredItem
from qagen.score.plain import UnreadError
from qagen.score.strict import judge

OPTIONS = {"A": "left", "B": "right", "C": "in front", "D": "behind"}

B = [
    "B",
    "b",
    "(B)",
    "（B）",
    "【B】",
    "B)",
    "(B",
    "B：",
    "Ｂ",
    "option B",
    "Option b",
    "**B**",
    "\\\\boxed{\\\\text{B}}",
    "\\\\boxed{B}",
    "答案是B",
    "答案是B。",
    "选B",
    "正确答案为B。",
    "所以选项B正确",
    "答案：B",
    "答案是 B",
    "我认为是B",
    "故选（B）",
    "B选项正确",
    "B项是对的",
    "答案是B而不是A",
    "정답은 B입니다",
    "正解はBです",
    "The correct answer is B. Here is why: option B is correct because the lamp is on the right.",
    "The correct answer is B. Option A is incorrect because the lamp is not on the left.",
    "Answer: B\n\nExplanation: Option A describes the left side.",
    "A would be nearer, so the answer: B",
    "I see a cat. B",
    "not A but B",
    "It is not A but B",
    "B, because A is in front",
    "B because A is in front of C",
    "A. left\nB. right\nC. in front\nD. behind\n\nAnswer: B",
    "A. left\nB. right\nC. in front\nD. behind\n\nB",
    "B. right",
    "B) right",
    "right",
    "The answer is right.",
    "The answer is: right",
    "B. The lamp is right. A is wrong.",
    "Option B is correct.",
    "The lamp is on the right (option B).",
    "I'd go with B.",
    "I choose option B over A.",
    '{"answer": "B"}',
    '{"answer": "B", "reasoning": "A is left"}',
    '```json\n{"answer": "B"}\n```',
    "the answer is b.",
    "answer: b",
    "Answer: (b) right",
    "**Answer:** B",
    "**Answer**: **B**",
    "Answer\nB",
    "Final Answer: B",
    "The final answer is $\\\\boxed{B}$.",
    "A and C are incorrect. B is correct.",
    "We can eliminate A, C and D, so B.",
    "Options A, C and D are wrong. So it must be B.",
    "A: incorrect\nB: correct\nC: incorrect",
    "A. left - incorrect\nB. right - correct",
    "The answer is B, and A is incorrect.",
    "The answer is B. A lamp is to the right.",
    "Initially I thought the answer is A. Final answer: B",
    "Therefore, B.",
    "B\n\nThe lamp is at the right, so A cannot be it.",
    "The correct option is B",
    "B.The lamp",
    '"B"',
    "B、右边",
    "B 右边",
    "Answer:B",
    "<answer>B</answer>",
    "<answer>(B) right</answer>",
    "Respuesta: B",
    "La respuesta es B.",
    "Die Antwort ist B",
    "ans: B",
    "The answer is option (B).",
    "It can't be A. It's B",
    "Both A and C can be ruled out; the answer is B",
    "B is the correct answer, not A or C.",
    "Answer: B (right)",
    "My answer is B!",
    "The answer is 'B'.",
    "Answer - B",
    "=> B",
    "The answer should be B: right",
    "选择B选项",
    "选项B",
    "应选B",
    "本题选B",
    "因此,答案为(B)",
    "选 B，因为A在左边",
    "B是正确的，A是错误的",
]

B_AFTER_THOUGHTS = [
    "<think>A? C?</think>B",
    "A? C?</think>B",
    "◁think▷A? C?◁/think▷B",
    "◁think▷A?◁/think▷\n\n**B**",
    "<thinking>A</thinking>B",
    "<thought>A</thought>B",
    "<reasoning>A</reasoning><answer>B</answer>",
    "<seed:think>A</seed:think>B",
    "[THINK]A[/THINK]B",
    "<|begin_of_thought|>A<|end_of_thought|><|begin_of_solution|>B<|end_of_solution|>",
    "<|channel|>analysis<|message|>A?<|end|><|start|>assistant<|channel|>final<|message|>B<|return|>",
    "analysisIs it A?assistantfinalB",
    "<think>A</think><answer><|begin_of_box|>B<|end_of_box|></answer>",
    "＜think＞A＜/think＞B",
    "&lt;think&gt;A&lt;/think&gt;B",
    "<think>A. <answer>B</answer>",
    "B\n<think>A?</think>",
    "<think>A</think>C?<think>A</think>B",
    "<|START_THINKING|>A<|END_THINKING|><|START_RESPONSE|>B<|END_RESPONSE|>",
    "<think>A</think>so \\boxed{\\text{B}}",
]

NO_LETTER = [
    "A or B",
    "The answer is A or B.",
    "Answer: A\nAnswer: B",
    "The answer is A. No, the answer is B.",
    "The answer is A, no wait, B",
    "A. left\nB. right",
    "Bottom",
    "",
    "E",
    "Answer: A lamp on the right",
    "A/B",
    "Either A or B",
    "A, B",
    "The answer is not A.",
    "B. left",
    "A cat",
    "It may be B, it may be C",
    "neither A nor B",
    "<think>it is B",
    "◁think▷it is B",
    "I don't know",
    " The 3D box",
]


@pytest.mark.parametrize("text", [*B, *B_AFTER_THOUGHTS])
def test_a_letter_is_read_in_every_dress(text):
    assert letters.letter(text, OPTIONS) == "B"


@pytest.mark.parametrize("text", NO_LETTER)
def test_no_letter_is_read_where_none_is_sure(text):
    with pytest.raises(UnreadError):
        letters.letter(text, OPTIONS)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("答案是Yes", "yes"),
        ("是的", "yes"),
        ("不是", "no"),
        ("Yes, it is, there is no doubt", "yes"),
        ("No, the lamp is not closer. Yes would need more", "no"),
        ("true", "yes"),
        ("Answer: **No**", "no"),
    ],
)
def test_yes_and_no(text, answer):
    assert letters.yes_no(text) == answer


METERS = [
    ("1.5", 1.5),
    ("1.5 m", 1.5),
    ("150 cm", 1.5),
    ("\\boxed{150\\text{ cm}}", 1.5),
    ("\\boxed{150\\,\\text{cm}}", 1.5),
    ("$150\\,\\mathrm{cm}$", 1.5),
    ("\\(150 \\text{ cm}\\)", 1.5),
    ("\\SI{150}{\\centi\\meter}", 1.5),
    ("\\scalar{150} \\distance_unit{cm}", 1.5),
    ("150~cm", 1.5),
    ("**1.5** m", 1.5),
    ("`1.5 m`", 1.5),
    ("150&nbsp;cm", 1.5),
    ("150 CM", 1.5),
    ("1500 MM", 1.5),
    ("150 Centimeters", 1.5),
    ("15 dm", 1.5),
    ("1.5米", 1.5),
    ("约1.5米", 1.5),
    ("答案是1.5", 1.5),
    ("距离为1.5米。", 1.5),
    ("150厘米", 1.5),
    ("150公分", 1.5),
    ("1.5メートル", 1.5),
    ("1.5 м", 1.5),
    ("1.5m左右", 1.5),
    ("5 feet", 1.524),
    ("5 ft", 1.524),
    ("a 5-foot gap", 1.524),
    ("1.5 m (4.9 ft)", 1.5),
    ("5 ft (1.5 m)", 1.5),
    ("about 1.5 meters, or 5 feet", 1.5),
    ("5 ft 3 in", 1.6002),
    ("5'3\"", 1.6002),
    ("5′3″", 1.6002),
    ("5 feet and 3 inches", 1.6002),
    ("5ft3in", 1.6002),
    ('60"', 1.524),
    ("60 in", 1.524),
    ("2 yards", 1.8288),
    ("0.001 miles", 1.609344),
    ("0.0015 km", 1.5),
    ("1 m 50 cm", 1.5),
    ("1m50", 1.5),
    ("1米5", 1.5),
    ("1米50厘米", 1.5),
    ("1,5", 1.5),
    ("Der Abstand ist 1,5 Meter.", 1.5),
    ("1,500 mm", 1.5),
    ("1 500 mm", 1.5),
    ("1'500 mm", 1.5),
    ("1.500,5 mm", 1.5005),
    ("1,500.5 mm", 1.5005),
    ("\\boxed{\\frac{3}{2}}", 1.5),
    ("\\dfrac{3}{2} m", 1.5),
    ("1\\frac{1}{2}", 1.5),
    ("3/2", 1.5),
    ("1 1/2 m", 1.5),
    ("1½ m", 1.5),
    ("15 × 10^{-1} m", 1.5),
    ("15×10⁻¹ m", 1.5),
    ("0.15e1", 1.5),
    ("１.５", 1.5),
    ("１．５ｍ", 1.5),
    ("١٫٥", 1.5),
    ("٠,٥٠٠ m", 0.5),
    ("one and a half meters", 1.5),
    ("a meter and a half", 1.5),
    ("half a meter", 0.5),
    ("one point five meters", 1.5),
    ("one hundred and fifty centimeters", 1.5),
    ("two", 2.0),
    ("−1.5", -1.5),
    ("1.5 ± 0.1 m", 1.5),
    ("(150 ± 10) cm", 1.5),
    ("$1.5 \\pm 0.1$ m", 1.5),
    ("1.5 m, give or take 0.2 m", 1.5),
    ("1.5 m with an error of 0.2 m", 1.5),
    ("~1.5", 1.5),
    ("≈1.5 m", 1.5),
    ("not 2 m but 1.5 m", 1.5),
    ("1.5 m, because the door is 2.0 m high", 1.5),
    ("2.7 - 1.2 = 1.5", 1.5),
    ('{"answer": 1.5}', 1.5),
    ('["1.5"]', 1.5),
]
NO_METERS = [
    "1.4-1.6 m",
    "1.4~1.6m",
    "1.4–1.6 m",
    "between 1.4 and 1.6 m",
    "between 1.4 m and 1.6 m",
    "from 1.4 up to 1.6",
    "1.4 or 1.6",
    "1.4到1.6米之间",
    "在1.4和1.6之间",
    "less than 2 m",
    "at least 2 m",
    "2 m or more",
    ">2 m",
    "2+ m",
    "不到2米",
    "2米以上",
    "3 cubits",
    "3 steps",
    "1.5 units",
    "20 degrees",
    "50%",
    "1,500 m",
    "1.500 mm",
    "1.2.3",
    "1 meter 50",
    "far",
    "The lamp is 1.5 m away and the table is 1.1 m away",
]


@pytest.mark.parametrize(("text", "meters"), METERS)
def test_a_length_is_read_in_every_spelling_and_unit(text, meters):
    assert numbers.number(text, "How many meters?") == pytest.approx(meters, abs=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "45",
        "45.0",
        "45 degrees",
        "45°",
        "45 deg",
        "about 45 degrees",
        "forty-five degrees",
        "The camera turns 45 degrees between Frame-4 and Frame-17.",
        "Rounded to 5, it is 45 degrees.",
    ],
)
def test_an_angle_is_read_in_every_spelling(text):
    question = "By how many degrees does the camera turn from Frame-4 to Frame-17?\nGive the degrees, rounded to 5."
    assert numbers.degrees(text, question) == 45


@pytest.mark.parametrize("text", ["45 meters", "40 to 50 degrees", "30 degrees or 45 degrees", "45 cm", ""])
def test_no_angle_is_read_where_none_is_sure(text):
    with pytest.raises(UnreadError):
        numbers.degrees(text)


@pytest.mark.parametrize("text", NO_METERS)
def test_no_length_is_read_where_none_is_sure(text):
    with pytest.raises(UnreadError):
        numbers.number(text, "How many meters?")


RATIOS = [
    ("2.5", 2.5),
    ("2.5 times", 2.5),
    ("about 2.5 times as far", 2.5),
    ("2.5x", 2.5),
    ("2.5 x farther", 2.5),
    ("2.5×", 2.5),
    ("$2.5\\times$", 2.5),
    ("2.5-fold", 2.5),
    ("2.5:1", 2.5),
    ("The ratio is 2.5 to 1.", 2.5),
    ("a ratio of 2.5", 2.5),
    ("a factor of 2.5", 2.5),
    ("5/2", 2.5),
    ("about two and a half times", 2.5),
    ("two point five times", 2.5),
    ("twice as far", 2.0),
    ("It is double the distance.", 2.0),
    ("three times", 3.0),
    ("2.5倍", 2.5),
    ("The table is 2.5 m away and the chair 1.0 m, so it is 2.5 times as far.", 2.5),
    ("2.5 m / 1.0 m = 2.5", 2.5),
    ("**Answer:** 2.5", 2.5),
    ("\\boxed{2.5}", 2.5),
    ("<think>3 or 4?</think>2.5", 2.5),
]
NO_RATIOS = [
    "",
    "2.5 m",
    "between 2 and 3 times",
    "2 to 3 times",
    "at least 2 times",
    "2.5 cubits",
    "far",
    "2 times or 3 times",
]


@pytest.mark.parametrize(("text", "ratio"), RATIOS)
def test_a_ratio_is_read_in_every_spelling(text, ratio):
    assert numbers.ratio(text) == pytest.approx(ratio, abs=1e-9)


@pytest.mark.parametrize("text", NO_RATIOS)
def test_no_ratio_is_read_where_none_is_sure(text):
    with pytest.raises(UnreadError):
        numbers.ratio(text)


ANSWERS = [
    (
        "direction_cardinal_mv",
        "northeast",
        "",
        [
            ("Northeast", 1),
            ("**North-East**.", 1),
            ("It is to the north east of the chair.", 1),
            ("You would go in a northeasterly direction, northeastward.", 1),
            ("north", 0),
            ("East", 0),
            ("to the south-east", 0),
        ],
    ),
    (
        "view_change_infer",
        "move_right:0.5,move_up:0.2,move_forward:1.0,rotate_right:30,rotate_up:5",
        "",
        [
            ("move\\_right: 0.5, move\\_up: 0.2, move\\_forward: 1.0, rotate\\_right: 30, rotate\\_up: 5", 1),
            ('{"move_right": 0.5, "move_up": 0.2, "move_forward": 1.0, "rotate_right": 30, "rotate_up": 5}', 1),
            (
                '```json\n{\n  "move_right": 0.5,\n  "move_up": 0.2,\n  "move_forward": 1.0,\n  "'
                'rotate_right": 30,\n  "rotate_up": 5\n}\n```',
                1,
            ),
            (
                "- **move_right**: 0.5 m\n- **move_up**: 0.2 m\n- **move_forward**: 1.0 m\n- **"
                "rotate_right**: 30°\n- **rotate_up**: 5°",
                1,
            ),
            (
                "| movement | amount |\n|---|---|\n| move_right | 0.5 |\n| move_up | 0.2 |\n| mo"
                "ve_forward | 1.0 |\n| rotate_right | 30 |\n| rotate_up | 5 |",
                1,
            ),
            (
                "| Movement | Amount |\n|:---|---:|\n| `move_right` | 0.5 m |\n| `move_up` | 20"
                " cm |\n| `move_forward` | 1.0 m |\n| `rotate_right` | 30° |\n| `rotate_up` | 5"
                "° |",
                1,
            ),
            ("rotate_up:5, rotate_right:30, move_forward:1.0, move_up:0.2, move_right:0.5", 1),
            ("move right: 0.5, move up: 0.2, move forward: 1.0, rotate right: 30, rotate up: 5", 1),
            (
                "Move_Right: 0.5 meters, Move_Up: 0.2 meters, Move_Forward: 1.0 meters, Rota"
                "te_Right: 30 degrees, Rotate_Up: 5 degrees",
                1,
            ),
            ("1. move_right: 0.5\n2. move_up: 0.2\n3. move_forward: 1.0\n4. rotate_right: 30\n5. rotate_up: 5", 1),
            ("move_right=0.5; move_up=0.2; move_forward=1.0; rotate_right=30; rotate_up=5", 1),
            ("move_right(0.5), move_up(0.2), move_forward(1.0), rotate_right(30), rotate_up(5)", 1),
            (
                "$move\\_right: 0.5$, $move\\_up: 0.2$, $move\\_forward: 1.0$, $rotate\\_right: "
                "30^\\circ$, $rotate\\_up: 5^\\circ$",
                1,
            ),
            ("\\boxed{move\\_right:0.5,move\\_up:0.2,move\\_forward:1.0,rotate\\_right:30,rotate\\_up:5}", 1),
            ("\\boxed{\\text{move\\_right:0.5,move\\_up:0.2,move\\_forward:1.0,rotate\\_right:30,rotate\\_up:5}}", 1),
            ("move_right:50 cm,move_up:20 cm,move_forward:100 cm,rotate_right:30,rotate_up:5", 1),
            ("Move 0.5 m to the right, 0.2 m up and 1.0 m forward, then rotate 30° to the right and 5° up.", 1),
            (
                "The camera moves right by 0.5 m, up by 0.2 m, forward by 1 m, turns right b"
                "y 30 degrees and tilts up by 5 degrees.",
                1,
            ),
            ("move_right: 0,5; move_up: 0,2; move_forward: 1,0; rotate_right: 30; rotate_up: 5", 1),
            (
                "move_right:0.5,move_up:0.2,move_forward:1.0,rotate_right:30,rotate_up:5\n\nSo"
                " the answer is move_right:0.5,move_up:0.2,move_forward:1.0,rotate_right:30,"
                "rotate_up:5",
                1,
            ),
            ("move_left:-0.5,move_up:0.2,move_forward:1.0,rotate_left:-30,rotate_up:5", 1),
            ("move_right：0.5，move_up：0.2，move_forward：1.0，rotate_right：30，rotate_up：5", 1),
            (
                '[{"action": "move_right", "value": 0.5}, {"action": "move_up", "value": 0.2'
                '}, {"action": "move_forward", "value": 1.0}, {"action": "rotate_right", "va'
                'lue": 30}, {"action": "rotate_up", "value": 5}]',
                1,
            ),
            ("move_right → 0.5\nmove_up → 0.2\nmove_forward → 1.0\nrotate_right → 30\nrotate_up → 5", 1),
            ("*move_right*: 0.5, *move_up*: 0.2, *move_forward*: 1.0, *rotate_right*: 30, *rotate_up*: 5", 1),
            ("__move_right__: 0.5, __move_up__: 0.2, __move_forward__: 1.0, __rotate_right__: 30, __rotate_up__: 5", 1),
            ("<answer>move_right:0.5,move_up:0.2,move_forward:1.0,rotate_right:30,rotate_up:5</answer>", 1),
            ("move-right: 0.5, move-up: 0.2, move-forward: 1.0, rotate-right: 30, rotate-up: 5", 1),
            ("moveRight: 0.5, moveUp: 0.2, moveForward: 1.0, rotateRight: 30, rotateUp: 5", 1),
            ("move_right: **0.5**, move_up: **0.2**, move_forward: **1.0**, rotate_right: **30**, rotate_up: **5**", 1),
            ("move_right: +0.5, move_up: +0.2, move_forward: +1.0, rotate_right: +30, rotate_up: +5", 1),
            ("move_right:0.5m,move_up:0.2m,move_forward:1.0m,rotate_right:30deg,rotate_up:5deg", 1),
            ("'move_right': 0.5, 'move_up': 0.2, 'move_forward': 1.0, 'rotate_right': 30, 'rotate_up': 5", 1),
            ("move_right|move_left:0.5,move_up|move_down:0.2", None),
            ("move_right:0.5,move_right:0.7", None),
            ("none", None),
            ("rotate_right: 0.5 m", None),
        ],
    ),
    (
        "appearance_order",
        "chair, table, lamp",
        "",
        [
            ("chair, table, lamp", 1),
            ("the chair, the table, the lamp", 1),
            ("1. chair\n2. table\n3. lamp", 1),
            ("1. chair, 2. table, 3. lamp", 1),
            ("1) chair 2) table 3) lamp", 1),
            ("- chair\n- table\n- lamp", 1),
            ("* the chair\n* the table\n* the lamp", 1),
            ("chair, table and lamp", 1),
            ("chair, table, and lamp", 1),
            ("chair -> table -> lamp", 1),
            ("chair → table → lamp", 1),
            ("chair > table > lamp", 1),
            ('["chair", "table", "lamp"]', 1),
            ("['chair', 'table', 'lamp']", 1),
            ("chair (Frame-0), table (Frame-3), lamp (Frame-9)", 1),
            ("First the chair, then the table, and finally the lamp.", 1),
            ("The order is chair, table, lamp.", 1),
            ("Order: chair, table, lamp", 1),
            ("**chair**, **table**, **lamp**", 1),
            ("1. **Chair**\n2. **Table**\n3. **Lamp**", 1),
            ("Chair\nTable\nLamp", 1),
            ("chair；table；lamp", 1),
            ("chair、table、lamp", 1),
            ("chair => table => lamp", 1),
            ("chair, then table, then lamp", 1),
            ("\\boxed{chair, table, lamp}", 1),
            ("\\text{chair} \\rightarrow \\text{table} \\rightarrow \\text{lamp}", 1),
            ("<answer>chair, table, lamp</answer>", 1),
            ('{"order": ["chair", "table", "lamp"]}', 1),
            ("| 1 | chair |\n| 2 | table |\n| 3 | lamp |", 1),
            ("①chair②table③lamp", 1),
            ("1: chair\n2: table\n3: lamp", 1),
            ("(1) chair, (2) table, (3) lamp", 1),
            ("a chair, a table, a lamp", 1),
            ("chair followed by table followed by lamp", 1),
            ("Frame-0: chair\nFrame-3: table\nFrame-9: lamp", 1),
            ("chair - table - lamp", 1),
            ("1.chair 2.table 3.lamp", 1),
            ("The chair, table, and lamp.", 1),
            ("Answer: chair, table, lamp", 1),
            ("1\\. chair\n2\\. table\n3\\. lamp", 1),
            ("chair | table | lamp", 1),
            ("i. chair\nii. table\niii. lamp", 1),
            ("a) chair\nb) table\nc) lamp", 1),
        ],
    ),
    (
        "obj_frame_locate",
        "You can find it in Frame-10 and Frame-12.",
        "",
        [
            ("10, 12", 1),
            ("Frame-10, Frame-12", 1),
            ("Frames 10 and 12", 1),
            ("[10, 12]", 1),
            ("frame 10, 12", 1),
            ("Frame-10和Frame-12", 1),
            ("在Frame-10、Frame-12中", 1),
            ("- Frame-10\n- Frame-12", 1),
            ("Frame 10 & Frame 12", 1),
            ("frames: 10, 12", 1),
            ("The object is visible in frames 10 and 12.", 1),
            ('["Frame-10", "Frame-12"]', 1),
            ("Frame_10, Frame_12", 1),
            ("Frame\\_10, Frame\\_12", 1),
            ("Frame #10, Frame #12", 1),
            ("**Frame-10**, **Frame-12**", 1),
            ("Frame10, Frame12", 1),
            ("1. Frame-10\n2. Frame-12", 1),
            ("Frames 10-12", 0.8),
            ("Frame-10 to Frame-12", 0.8),
            ("Frame-10 through Frame-12", 0.8),
        ],
    ),
    (
        "position_matching",
        "[469, 79, 559, 538]",
        "",
        [
            ("[469, 79, 559, 538]", 1),
            ("(469, 79), (559, 538)", 1),
            ("<box>(469,79),(559,538)</box>", 1),
            ("<|box_start|>(469,79),(559,538)<|box_end|>", 1),
            ('{"bbox_2d": [469, 79, 559, 538], "label": "lamp"}', 1),
            ("[[469, 79], [559, 538]]", 1),
            ("[[469, 79, 559, 538]]", 1),
            ("[0.469, 0.079, 0.559, 0.538]", 1),
            ("469,79,559,538", 1),
            ("469 79 559 538", 1),
            ("[469 79 559 538]", 1),
            ('{"x1": 469, "y1": 79, "x2": 559, "y2": 538}', 1),
            ("x1=469, y1=79, x2=559, y2=538", 1),
            ("xmin: 469, ymin: 79, xmax: 559, ymax: 538", 1),
            ('{"ymin": 79, "xmin": 469, "ymax": 538, "xmax": 559}', 1),
            ("46.9%, 7.9%, 55.9%, 53.8%", 1),
            ("The box is [469, 79, 559, 538].", 1),
            ("**[469, 79, 559, 538]**", 1),
            ("$[469, 79, 559, 538]$", 1),
            ("\\[469, 79, 559, 538\\]", 1),
            ("\\boxed{[469, 79, 559, 538]}", 1),
            ("top-left (469, 79), bottom-right (559, 538)", 1),
            ("[469.0, 79.0, 559.0, 538.0]", 1),
            ("left: 469, top: 79, right: 559, bottom: 538", 1),
            ("【469，79，559，538】", 1),
            ("```json\n[\n  469,\n  79,\n  559,\n  538\n]\n```", 1),
            ("<box>469 79 559 538</box>", 1),
            ("<box>[469, 79, 559, 538]</box>", 1),
            ("[469; 79; 559; 538]", 1),
            ("\\left[469, 79, 559, 538\\right]", 1),
            ("[469, 79, 559, 538] and [1, 2, 3, 4]", None),
            ("[1469, 79, 1559, 538]", None),
            ("[469, 79, 559, 538] pixels", None),
            ('{"box_2d": [79, 469, 538, 559]}', None),
            ("<loc0079><loc0469><loc0538><loc0559>", None),
            ("469, 79", None),
            ("[ymin, xmin, ymax, xmax] = [79, 469, 538, 559]", None),
            ("x: 469-559, y: 79-538", None),
        ],
    ),
    (
        "distance_infer_center_oc_mv",
        "lamp, image 3, [469, 79, 559, 538]",
        "",
        [
            ("lamp, image 3, [469, 79, 559, 538]", 1),
            ("the third image, [469, 79, 559, 538]", 1),
            ('{"name": "lamp", "image": 3, "bbox": [469, 79, 559, 538]}', 1),
            ("Image-3: [469, 79, 559, 538]", 1),
            ("lamp, Image #3, [469, 79, 559, 538]", 1),
            ("第3张图, [469, 79, 559, 538]", 1),
            ("lamp, image_3, (469, 79), (559, 538)", 1),
        ],
    ),
    (
        "camera_motion_infer",
        "(606,69),2.8",
        "",
        [
            ("(606, 69), depth 2.8 meters", 1),
            ("(606,69),2.8 m", 1),
            ("[606, 69], 2.8", 1),
            ("(606, 69, 2.8)", 1),
            ("606,69,2.8", 1),
            ('{"x": 606, "y": 69, "depth": 2.8}', 1),
            ("x=606, y=69, depth=2.8 m", 1),
            ("(606,69), 280 cm", 1),
            ("(0.606, 0.069), 2.8", 1),
            ("The position is (606, 69) and the depth is 2.8 m.", 1),
            ("(606，69)，2.8", 1),
            ("**(606,69),2.8**", 1),
            ("(606,69), 2,8 m", 1),
        ],
    ),
    (
        "spatial_volume_infer",
        "126,25,106",
        "",
        [
            ("126,25,106", 1),
            ("126 x 25 x 106 cm", 1),
            ("126x25x106", 1),
            ("126cm x 25cm x 106cm", 1),
            ("1.26 m x 0.25 m x 1.06 m", 1),
            ("1.26 x 0.25 x 1.06 m", 1),
            ("1.26m × 0.25m × 1.06m", 1),
            ('{"length": 126, "width": 25, "height": 106}', 1),
            ("length=126, width=25, height=106", 1),
            ("L: 126 cm, W: 25 cm, H: 106 cm", 1),
            ("height 106, length 126, width 25", 1),
            ("126 CM, 25 CM, 106 CM", 1),
            ("长126厘米，宽25厘米，高106厘米", 1),
            ("高度106厘米，长度126厘米，宽度25厘米", 1),
            ("$126 \\times 25 \\times 106$ cm", 1),
            ("126\\text{ cm}, 25\\text{ cm}, 106\\text{ cm}", 1),
            ("126 * 25 * 106", 1),
            ("126 by 25 by 106 centimeters", 1),
            ("- Length: 126 cm\n- Width: 25 cm\n- Height: 106 cm", 1),
            ("| length | 126 cm |\n| width | 25 cm |\n| height | 106 cm |", 1),
            ("126 cm long, 25 cm wide and 106 cm high", 1),
            ("about 126, 25 and 106 cm", 1),
            ("1260 mm, 250 mm, 1060 mm", 1),
            ("126,25,106.", 1),
            ("Length: 126 cm (1.26 m), width: 25 cm, height: 106 cm", 1),
            ("1,26 m x 0,25 m x 1,06 m", 1),
            ("[126, 25, 106]", 1),
            ("126, 25, 106 (length, width, height)", 1),
            ("126,25", None),
            ("100-150 cm, 25 cm, 106 cm", None),
            ("width 126, depth 25, height 106", None),
        ],
    ),
    (
        "spatial_imagination_map_mv",
        "object0: (-0.1, 1.6), object1: (3.0, 4.0)",
        "",
        [
            ("object0: (-0.1, 1.6), object1: (3.0, 4.0)", 1),
            ('{"object0": [-0.1, 1.6], "object1": [3.0, 4.0]}', 1),
            ("| object0 | -0.1 | 1.6 |\n| object1 | 3.0 | 4.0 |", 1),
            ("object0: x=-0.1, y=1.6; object1: x=3.0, y=4.0", 1),
            ("object0 (-0.1 m, 1.6 m), object1 (3.0 m, 4.0 m)", 1),
            ("Object 0: (−0.1, 1.6)\nObject 1: (3.0, 4.0)", 1),
            ("- **object0**: (-0.1, 1.6)\n- **object1**: (3.0, 4.0)", 1),
            ("object\\_0: (-0.1, 1.6), object\\_1: (3.0, 4.0)", 1),
            ("object0: -0.1, 1.6\nobject1: 3.0, 4.0", 1),
        ],
    ),
    (
        "distance_infer_center_oo",
        "chair (green point)",
        "Which of the two, the chair (green point) or the table (blue point), is closer to the lamp (red point)?",
        [
            ("The chair (green point).", 1),
            ("chair (green point)", 1),
            ("the green point", 1),
            ("**chair (green point)**", 1),
            ("The chair (green point) is closer than the table (blue point).", 1),
            ("the chair (green point), not the table (blue point)", 1),
            ("答案是chair (green point)", 1),
            ("\\boxed{\\text{chair (green point)}}", 1),
            ("Answer: chair (green point)", 1),
            ("chair (blue point)", 0),
            ("The table (blue point) is farther.", None),
            ("green or blue", None),
        ],
    ),
    (
        "spatial_imagination_oc",
        "Before the move, the lamp is to the left. After the move, it is to the right.",
        "",
        [
            ("Before the move, the lamp is to the left. After the move, it is to the right.", 1),
            ("Before the move, the lamp is to the right. After the move, it is to the left.", 0),
            ("At first left, afterwards right.", 1),
            ("left, right", None),
            ("The lamp is left before the move and right after it.", 1),
        ],
    ),
    (
        "obj_count",
        "3",
        "",
        [
            ("3", 1),
            ("three", 1),
            ("three chairs", 1),
            ("There are 3 chairs.", 1),
            ("3个", 1),
            ("共有3把椅子", 1),
            ("\\boxed{3}", 1),
            ("３", 1),
            ("3.", 1),
            ("3 chairs (one of them twice)", 1),
            ("**3**", 1),
            ("Three", 1),
            ("٣", 1),
            ("3 or 4", None),
            ("2-3", None),
            ("several", None),
            ("at least 3", None),
            ("3 m", None),
        ],
    ),
    (
        "room_size",
        "88.9",
        "How many square meters?",
        [
            ("88.9 square meters", 1),
            ("88.9 m²", 1),
            ("88.9 m^2", 1),
            ("88.9㎡", 1),
            ("88.9平方米", 1),
            ("88.9 sqm", 1),
            ("88.9 sq m", 1),
            ("88,9 m²", 1),
            ("$88.9\\,\\text{m}^2$", 1),
            ("889000 cm²", 1),
            ("about 88.9 SQUARE METERS", 1),
            ("88.9 Quadratmeter", 1),
            ("88.9 m", None),
            ("957 sq ft", 1),
            ("957 square feet", 1),
            ("957 ft²", 1),
        ],
    ),
    (
        "depth_prediction_oc",
        "1.2",
        "The depth of the papers (red point) is 1.1 meters. What is the depth of the laptop in meters?",
        [
            ("The papers are at 1.1 m, so the laptop is at 1.2 m", 1),
            ("With the papers at 1.1 meters, the laptop is 1.2 meters deep.", 1),
            ("1.2 square meters", None),
            ("1.2 m²", None),
        ],
    ),
]
"""Task, true answer, question, and predictions with their scores; None for those that cannot be read."""


@pytest.mark.parametrize(
    ("item", "prediction", "score"),
    [
        (ScoredItem("0", task, question, truth), prediction, score)
        for task, truth, question, predictions in ANSWERS
        for prediction, score in predictions
    ],
)
def test_what_an_answer_scores_or_that_it_is_unread(item, prediction, score):
    judgment = judge(item, prediction)
    assert bool(judgment.unread) == (score is None), judgment
    assert judgment.score == pytest.approx(score or 0.0)


# --- numbers printed in many spellings --------------------------------------------------------------------------------

DIGITS = {"ascii": "0123456789", "full-width": "０１２３４５６７８９", "arabic": "٠١٢٣٤٥٦٧٨٩"}
PRINTED = {
    "m": [1.0, " m", "m", " meters", " METERS", "米", "\\text{ m}", "~\\mathrm{m}", "&nbsp;m", "メートル", ""],
    "cm": [0.01, " cm", " CM", "厘米", "公分", "\\,\\text{cm}", " centimetres", "㎝"],
    "mm": [0.001, " mm", "毫米", " millimeters", "㎜"],
    "ft": [0.3048, " ft", " feet", "英尺", "-foot gap"],
}
AROUND = [
    "{}",
    "**{}**",
    "about {}",
    "答案是{}。",
    "${}$",
    "\\boxed{{{}}}",
    "It is {}, I think.",
    "<answer>{}</answer>",
    "~{}",
]


@given(
    thousandths=st.integers(1, 99_999),
    unit=st.sampled_from(sorted(PRINTED)),
    mark=st.sampled_from([".", ",", "٫", "．"]),
    script=st.sampled_from(sorted(DIGITS)),
    around=st.sampled_from(AROUND),
    data=st.data(),
)
def test_a_printed_length_is_read_back(thousandths, unit, mark, script, around, data):
    factor, *names = PRINTED[unit]
    name = data.draw(st.sampled_from(names))
    value = thousandths / 1000
    digits = f"{value:.2f}"  # with three decimals a separator of thousands is as likely
    text = digits.replace(".", mark).translate(str.maketrans(DIGITS["ascii"], DIGITS[script])) + name
    assert numbers.number(around.format(text), "How many meters?") == pytest.approx(
        float(digits) * float(factor), abs=1e-8
    )


@given(
    st.integers(1, 20), st.integers(0, 11), st.sampled_from(["{} ft {} in", "{} feet {} inches", "{}'{}\"", "{}′{}″"])
)
def test_printed_feet_and_inches_are_read_back(feet, inches, form):
    assert numbers.number(form.format(feet, inches)) == pytest.approx(0.3048 * feet + 0.0254 * inches)


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_unread(text):
    with contextlib.suppress(UnreadError):
        assert not math.isnan(numbers.number(text))


# --- the report -------------------------------------------------------------------------------------------------------


def test_unread_predictions_are_counted_by_type_and_listed_with_their_reason(tmp_path: Path):
    rows = [{"id": i, "task": "depth_prediction_oc", "question": "How many meters?", "answer": "2.0"} for i in range(3)]
    rows.append({"id": 3, "task": "obj_count", "question": "", "answer": "2"})
    (tmp_path / "bench.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "p.json").write_text(json.dumps(["2.0", "1 to 3 m", "2 cubits", "2"]))
    arguments = [
        str(tmp_path / "p.json"),
        "--against",
        str(tmp_path / "bench.jsonl"),
        "--out",
        str(tmp_path / "s.json"),
    ]
    result = CliRunner().invoke(main, arguments)
    report = json.loads((tmp_path / "s.json").read_text())
    assert [(entry["id"], entry["reason"]) for entry in report["unread"]] == [
        ("1", "a range"),
        ("2", "an unknown unit: cubits"),
    ]
    assert {task: line["unread"] for task, line in report["tasks"].items()} == {
        "depth_prediction_oc": 2,
        "obj_count": 0,
    }
    assert report["overall"]["unread"] == 2
    assert (
        "2 predictions could not be read and score 0, as --out lists: a range (1), an unknown unit (1)" in result.stderr
    )
    CliRunner().invoke(main, [*arguments, "--mode", "official"])
    assert json.loads((tmp_path / "s.json").read_text())["unread"] == []
