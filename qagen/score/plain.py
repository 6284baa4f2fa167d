r"""The final answer of a text, in plain characters: without thoughts, tags, LaTeX, Markdown and typographic variants.

What follows the thoughts counts (``</think>`` and the marks of other models); of that the ``<answer>`` tags or
``\boxed{}`` if there are any.
"""

import html
import re
import unicodedata
from itertools import groupby, islice

MAX_CHARACTERS = 4000
"""Maximum length of a final answer; a longer one loses its middle."""
MAX_MARKS = 30
"""Largest number of combining marks in a row."""
BLANKS = re.compile(r"[^\S\n]+")
BLANK_LINES = re.compile(r"\n(?: ?\n){4,}|\n{3,}")
"""Many blank lines, which say no more than one and are slow to search."""


class UnreadError(Exception):
    """A text that decides on no answer, on several, or on one that cannot be read surely; the message says why."""


def final_answer(text: str) -> str:
    """The final answer of a text in plain characters.

    Raises:
        UnreadError: the thoughts never end, or nothing follows them.
    """
    text = _after_thoughts(plain_characters(html.unescape(text)))
    for block in (ENVELOPE, ANSWER, BOXED) if ENCLOSING.search(text) else ():
        if found := [str(match[match.lastindex or 0]).strip() for match in block.finditer(text)]:
            text = "\n".join(dict.fromkeys(found))
    shortened = _shortened(BLANKS.sub(" ", text))
    text = without_markup(BLANK_LINES.sub("\n\n", shortened)).strip()
    if not text:
        raise UnreadError("empty")
    return text


# --- thoughts and answers ---------------------------------------------------------------------------------------------

THOUGHT = r"(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|analysis|scratchpad|monologue|cot|rationale|details)"
MARK_OF_THOUGHT = re.compile(
    rf"""(?=[<◁\[a])(?:(?P<open>
        <(?:\w{{1,20}}:)?{THOUGHT}\b[^<>]{{0,80}}> | ◁{THOUGHT}▷ | \[think(?:ing)?\]
        | <\|(?:begin_of_|begin_|start_)?{THOUGHT}(?:_start|_begin)?\|> | <\|inner_prefix\|>
        | <\|channel\|?>\s*(?:analysis|commentary|thought) | \A(?-i:analysis(?=[A-Z])))
    | (?:
        </(?:\w{{1,20}}:)?{THOUGHT}\s*> | ◁/{THOUGHT}▷ | \[/think(?:ing)?\]
        | <\|(?:(?:end_of_|end_|/){THOUGHT}|{THOUGHT}_end)\|> | <\|inner_suffix\|>
        | <\|channel\|>\s*final | <channel\|> | assistantfinal))""",
    re.I | re.X,
)
ENVELOPE = re.compile(
    r"<\|(?:begin_of_|start_)(?:solution|response|output)\|>(.*?)(?:<\|end_|$)"
    r"|<(response|output|solution|conclusion)>(.*?)(?:</\2>|$)",
    re.I | re.S,
)
ANSWER = re.compile(
    r"<\|begin_of_(?:box|answer)\|>(.*?)(?:<\|end_of_|$)"
    r"|<(answer|final_?answer|final|ans|result)>(.*?)(?:</\2>|$)|\[answer\](.*?)(?:\[/answer\]|$)",
    re.I | re.S,
)
BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
ENCLOSING = re.compile(r"[<\[\\]")
"""What ENVELOPE, ANSWER and BOXED begin with."""
CLOSED_ANSWER = re.compile(r"<(answer|final_?answer)>(?:(?!<\1>).)*</\1>\s*\Z", re.I | re.S)


def _after_thoughts(text: str) -> str:
    """The last words outside of thoughts. What precedes a closing mark is a thought, whether it was opened or not."""
    outside, start, opened = [], 0, False
    for mark in MARK_OF_THOUGHT.finditer(text):
        if mark["open"] and not opened:
            outside.append(text[start : mark.start()])
        start, opened = mark.end(), mark["open"] is not None
    if opened:
        if answer := CLOSED_ANSWER.search(text, start):
            return answer[0]
        raise UnreadError("the thoughts never end")
    outside.append(text[start:])
    return next((part for part in reversed(outside) if part.strip()), "")


def _shortened(text: str) -> str:
    """The text, or as much of its beginning and its end as may be read."""
    if len(text) <= MAX_CHARACTERS:
        return text
    head, tail = text[: MAX_CHARACTERS // 2], text[-MAX_CHARACTERS // 2 :]
    return re.sub(r"\S*\Z", "", head) + "\n" + re.sub(r"\A\S*", "", tail)


# --- characters -------------------------------------------------------------------------------------------------------

FRACTIONS = {char: f" {unicodedata.normalize('NFKC', char).replace('⁄', '/')}" for char in "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"}
CIRCLED = {chr(0x245F + number): f" {number}. " for number in range(1, 21)}
LOOKALIKES = str.maketrans(
    {
        **FRACTIONS,
        **CIRCLED,
        **{char: f"^{digit}" for digit, char in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
        **dict.fromkeys("′´ʹ‘’‵", "'"),
        **dict.fromkeys("″“”„«»「」『』", '"'),
        **dict.fromkeys("−‐‑﹣", "-"),
        **dict.fromkeys("º˚", "°"),
        **dict.fromkeys("【〔〖", "["),
        **dict.fromkeys("】〕〗", "]"),
        **dict.fromkeys("∼〜˜", "~"),
        **dict.fromkeys("≃≅≒", "≈"),
        **dict.fromkeys("、،", ", "),
        **dict.fromkeys("。｡", ". "),
        "⁻": "^-",
        "٫": ".",
        "٬": ",",
        "…": " ... ",
        "\ufe0f": "",  # keycaps: a digit, this and the next
        "\u20e3": ". ",
    }
)


def plain_characters(text: str) -> str:
    """The text with ASCII in place of full-width forms, digits of other scripts and other variants."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", _stream_safe(text.translate(LOOKALIKES))).replace("^-^", "^-")
    return "".join(
        str(unicodedata.decimal(char)) if char.isdecimal() else char
        for char in text
        if unicodedata.category(char) != "Cf"
    )


def _stream_safe(text: str) -> str:
    """The text without piles of combining marks (Unicode Annex 15), because NFKC sorts a pile in quadratic time."""
    runs = groupby(text, key=lambda char: unicodedata.combining(char) > 0)
    return "".join("".join(islice(run, MAX_MARKS) if is_mark else run) for is_mark, run in runs)


# --- markup -----------------------------------------------------------------------------------------------------------

WRAPPED = re.compile(
    r"\\(?:text(?:bf|it|rm|sf|tt|normal)?|math(?:rm|bf|it|sf|tt)|mbox|hbox|operatorname|underline|emph|boldsymbol|bm"
    r"|unit|si|scalar|distance_unit)\*?\s*\{([^{}]*)\}"
)
SYMBOLS = {
    "times": "×",
    "cdot": "·",
    "pm": "±",
    "sim": "~",
    **dict.fromkeys(("approx", "simeq", "cong"), "≈"),
    **dict.fromkeys(("le", "leq", "leqslant", "lt"), "<"),
    **dict.fromkeys(("ge", "geq", "geqslant", "gt"), ">"),
    **dict.fromkeys(("to", "rightarrow", "Rightarrow", "longrightarrow", "implies"), "→"),
    **dict.fromkeys(("degree", "circ", "degrees"), "°"),
    **dict.fromkeys(("meter", "metre"), "m"),
    "centi": "c",
    "milli": "m",
    "kilo": "k",
}
"""What LaTeX commands print; others stay as words, so that no unit is lost."""
LATEX: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\(?:left|right|displaystyle|bigl?|bigr|rm|bf|boxed|fbox)(?![a-zA-Z])", ""),
        (r"\\(?:begin|end|[hv]space)\*?\s*\{[^{}]*\}", " "),
        (r"\\(?:SI|qty)\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r" \1 \2 "),
        (r"\\[dtcs]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r" \1/\2 "),
        (r"\\[dtcs]?frac\s*(\d)\s*(\d)", r" \1/\2 "),
        (r"\\!", ""),
        (r"\\\\", "\n"),
        (r"(?<=[\d}])~(?=\\)|\\q?quad|\\[,;:> ()\[\]]|\$", " "),
        (r"\\([-_%#&*~.+|<>])", r"\1"),
    )
)
COMMAND = re.compile(r"\\([a-zA-Z]+)")
DEGREES = re.compile(r"\^\s*\{?\s*°\s*\}?")
POWER = re.compile(r"\^\s*\{\s*(-?\d+)\s*\}")

HTML_TAG = r"(?:p|li|ul|ol|div|tr|td|th|table|span|b|i|u|em|strong|code|pre|small|sub|font|h[1-6])"
MARKDOWN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.M), replacement)
    for pattern, replacement in (
        (r"\{([,.])\}", r"\1"),
        (r"(?<=\d)~(?=[a-zA-Z])", " "),
        (r"<br ?/?>|</(?:p|li|div|tr|h[1-6])>", "\n"),
        (r"<sup>", "^"),
        (rf"</?(?:{HTML_TAG}|sup|answer|final_?answer)(?: [^<>\n]{{0,80}})?>", " "),
        (r"<\|(?!box_|object_|quad_)[^|<>\n]{1,40}\|>|</?(?:s|eos|bos|pad|end_of_turn)>", " "),
        (r"```(?:[a-z]+(?=\n))?|`", ""),
        (r"~~[^~\n]*~~", " "),
        (r"(?<=\b10)\*\*(?=-?\d)", "^"),
        (r"\*{2,}", ""),
        (r"(?<=\d)[ \t]*\*[ \t]*(?=\d)", " × "),
        (r"\*", ""),
        (r"(?<!\w)_+|_+(?!\w)", ""),
        (r"^[ \t]*(?:#+[ \t]+|>+[ \t]*(?![ \t]*\d))", ""),
        (r"^[ \t]*[-+•·▪◦‣–—][ \t]+", ""),
        (r"^[ \t]*\|?[-:| \t]*-{2,}[-:| \t]*$", ""),
        (r"^[ \t]*\||\|[ \t]*$", ""),
    )
)
"""Replaced in this order."""
MARKED_UP = re.compile(r"[{}<>`~*_#|+•·▪◦‣–—]|^[ \t:]*-", re.M)
"""What any of them, or a brace, begins with or has in it."""


def without_markup(text: str) -> str:
    """The text without LaTeX, HTML, Markdown and braces; the cells of a table stay apart by ``|``."""
    if "\\" in text or "$" in text:
        text = _without_latex(text)
    if not MARKED_UP.search(text):
        return text
    for pattern, replacement in MARKDOWN:
        text = pattern.sub(replacement, text)
    return text.replace("{", " ").replace("}", " ")


def _without_latex(text: str) -> str:
    for _ in range(3):  # as deep as they are nested in practice
        text = WRAPPED.sub(r" \1 ", text)
    for pattern, replacement in LATEX:
        text = pattern.sub(replacement, text)
    text = COMMAND.sub(lambda match: SYMBOLS.get(match[1], f" {match[1]} "), text)
    return POWER.sub(r"^\1", DEGREES.sub("°", text))
