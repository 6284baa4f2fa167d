"""The letter of an option, and Yes or No."""

import re
from collections.abc import Iterator, Mapping

from qagen.score.passages import CONCLUSION, REASON, STATEMENT, before_reasons, decision
from qagen.score.plain import UnreadError, final_answer, plain_characters

MARKUP = " \t\n\r*_`\"'()[]<>.:;,!|"
OPTION = re.compile(r"^([A-Z])\.(.*)$", re.M)

_BEFORE, _AFTER = r"(?<![A-Za-z\d_\u00c0-\u024f])(?<![A-Za-z]')", r"(?![A-Za-z\d_\u00c0-\u024f]|['-][A-Za-z])"
_NO_ARTICLE = (
    r"(?!\s+(?!(?:or|and|nor|is|was|because|since|as|for|due|with|but|while|by|seems|looks|would|can|must)\b)[a-z])"
)
_L = rf"{_BEFORE}(?:[B-Z]|A{_NO_ARTICLE}){_AFTER}"
_ALONE = rf"{_BEFORE}[a-z]{_AFTER}(?=\s*(?:[.),:;\]\"'!]|$))"
"""A small letter, which is a word or a slip anywhere else."""
_OPTION = r"(?i:\b(?:options?|choices?|letter|answer)|选项|選項|选|選)"
_OPEN, _CLOSE = r"[\s(\[\"':]{0,5}", r"[)\]\"'.:]{0,5}"
_SERIES = (
    rf"{_L}{_CLOSE}(?:\s*(?:,\s*(?:or|and)|[,/&或和]|\b(?:or|and|nor)\b)\s*(?:{_OPTION}\s*)?{_OPEN}{_L}{_CLOSE}){{0,5}}"
)
_SUBJECTS = (
    rf"(?:{_L}(?:\s*,\s*{_L}){{1,5}},?\s*(?:and|or|和|或)\s*{_L}|{_L}\s*(?:and|or|nor|[&/和或])\s*{_L}|{_L}){_CLOSE}"
)
LONE_LETTER = re.compile(_L)
LONE_OR_SMALL = re.compile(f"{_L}|{_ALONE}")
OPTION_AND_LETTER = re.compile(rf"{_OPTION}\s*{_OPEN}({_L}|{_ALONE})")
LABEL = re.compile(r"\W*([A-Za-z])[ \t]*[).:\]-]+")
LEADING = re.compile(
    rf"\W*(?:{_OPTION}\W*)?({_L}|{_ALONE})(?=\s*(?:[.):\];-]|,(?!\s*(?:or\b|and\b)?\s*{_L})|\n|$|[^\x00-\u024f]))"
)
LABELED_LINE = re.compile(rf"^[ \t(\[\"']*(?:{_OPTION}[ \t]*)?[(\[]?({_L}|{_ALONE})[ \t]*(?:[.):\]]|$)", re.M)
NAMED = re.compile(
    rf"(?i:\b(?:camera|view|image|point|object|position|figure|picture|photo|room|wall))\s+{_L}|\b\d-?D\b"
)
"""Letters that name something else."""

_DECISION = rf"(?:{_OPEN}(?:{_OPTION}|(?i:the|definitely|probably|clearly|most|likely|therefore|indeed)\b))*{_OPEN}"
_IS = r"(?i:['’]s|\s*(?:is|are|would|should|will|must|be|was|为|是|应|该|应该|は|은|는))*"
CHOSEN = re.compile(
    rf"(?:(?i:answer|答案|回答|正解|答え|정답)(?:\s*(?i:choice|option))?|(?i:\b(?:choice|selection|option)(?=\s*(?:is\b|would|must|[:=]))|选项(?=\s*[是为:]))){_IS}\s*[\"']?\s*[:=→]?{_DECISION}(?:{_SERIES}|{_ALONE})"
    rf"|(?i:\b(?:choose|chose|chosen|select(?:ed)?|pick(?:ed)?|go(?:ing)?\s+(?:for|with)|opt(?:ed)?\s+for)\b|选择|选|選)"
    rf"{_DECISION}(?:{_SERIES}|{_ALONE})"
)
AFFIRMED = re.compile(
    rf"{_SERIES}\s*(?:选项|項|项)?(?i:\s*(?:is|are|looks|seems|must|would|be|是|为)\b|\s*[是为-])*"
    r"(?i:\s*(?:clearly|definitely|indeed|the|most|probably|likely|best|only|最)\b)*"
    r"\s*(?i:correct\b|right\b(?!\s+(?:of|side|and|in|behind))|best\b|true\b|(?:correct |right )?answer\b|accurate\b"
    r"|正确|对的|符合|✓|✔|✅)"
)
REJECTED = re.compile(
    rf"(?i:\bnot|n't(?:\s+be)?|\bneither|\brather\s+than|\binstead\s+of|\bunlike|\bexcept|\bexclud\w+|\beliminat\w+"
    rf"|\brul\w+\s+out|\bdiscard\w*|\breject\w*|不是|而非|不选|排除|并非)\s*(?i:the\s+)?(?:{_OPTION}\s*)?{_OPEN}{_SERIES}"
    rf"|{_SUBJECTS}\s*(?:选项|項|项)?[-–—:(\s]*(?i:\s*(?:is|are|was|were|would|could|can|must|be|seems?|looks?|both|also|all|clearly"
    r"|definitely|therefore|都|是)\b|\s*[都是])*\s*(?i:cannot\b|not\b|n't\b|incorrect\b|wrong\b|false\b|ruled\s+out|eliminated|excluded"
    r"|impossible|implausible|unlikely|too\b|不正确|不对|不符|不是|错|✗|✘|❌)"
    rf"|^[ \t]*{_L}[ \t]*[).:][^.\n]{{0,80}}?(?:[-–—:(]|\bis\b)[ \t]*(?i:not\b|incorrect\b|wrong\b|false\b|✗|✘|❌)",
    re.M,
)
FINAL = re.compile(r"(?i:final|最终|最后)[\s_]*(?:的|(?i:correct)\s*)?$")
CORRECTION = re.compile(r"(?i:\b(?:wait|actually|correction|scratch that|on second thought|let me re)\b|\bno,)|不对,")


def options(question: str) -> dict[str, str]:
    """The options of a question by letter."""
    return {key: words.strip(" \t") for key, words in OPTION.findall(question)}


def letter(text: str, choices: Mapping[str, str]) -> str:
    """The letter of the option that a text decides on, by letter or by the option's exact words.

    Raises:
        UnreadError: it decides on none or on several.
    """
    text = final_answer(text)
    bare = text.strip(MARKUP).upper()
    if bare in choices:
        return bare
    if quoted := _quoted(text, choices):
        return quoted
    text = REJECTED.sub(" ... ", NAMED.sub(" ... ", _without_restated_options(text, choices)))
    for found in _letters(text):
        known = {key.upper() for key in found}.intersection(choices)
        if len(known) > 1:
            raise UnreadError("several options")
        if known and CORRECTION.search(text) and known != set(LONE_LETTER.findall(text)).intersection(choices):
            raise UnreadError("corrects itself")
        if known:
            return known.pop()
    raise UnreadError("no option")


def _letters(text: str) -> Iterator[list[str]]:
    """Letters with the same standing, the surest first."""
    chosen = list(CHOSEN.finditer(text))
    final = [match for match in chosen if FINAL.search(text[: match.start()])]
    for matches in (final, [*chosen, *AFFIRMED.finditer(text)]):
        yield [key for match in matches for key in LONE_OR_SMALL.findall(match[0])]
    leading = LEADING.match(text)
    yield [*([leading[1]] if leading else []), *LABELED_LINE.findall(text)]
    yield LONE_LETTER.findall("\n".join(match["rest"] for match in list(CONCLUSION.finditer(text))[-1:]))
    yield LONE_LETTER.findall(before_reasons(text)) if REASON.search(text) else []
    yield OPTION_AND_LETTER.findall(text)
    yield LONE_LETTER.findall(text)


def _quoted(text: str, choices: Mapping[str, str]) -> str | None:
    """The option whose words are a statement of the answer, or the whole text, with its letter or without."""
    words_of = {key: _normalized(plain_characters(words)) for key, words in choices.items()}
    for passage in [text, *(match["rest"] for match in STATEMENT.finditer(text))]:
        label = LABEL.match(passage)
        words = _normalized(passage[label.end() :] if label else passage)
        quoted = {key for key, known in words_of.items() if known == words and re.search(r"\w", words)}
        if label and quoted and label[1].upper() not in quoted:
            raise UnreadError("the letter and the words of different options")
        if label and quoted:
            return label[1].upper()
        if len(quoted) == 1:
            return quoted.pop()
    return None


def _normalized(words: str) -> str:
    """Words in lower case without spaces, quotes, unit and final period; the commas of empty directions stay."""
    words = re.sub(r"[\s\"'`*_]", "", words).removesuffix(".").lower()
    return re.sub(r"(?<=\d)m(?:eters?)?$", "", words)


def _without_restated_options(text: str, choices: Mapping[str, str]) -> str:
    """The text without a repetition of the question's list of options."""
    kept, restated = [], set[str]()
    for line in text.split("\n"):
        label = LABEL.match(line)
        key = label[1].upper() if label else ""
        if label and key not in restated and _normalized(line[label.end() :]) == _normalized(choices.get(key) or "-"):
            restated.add(key)
        else:
            kept.append(line)
    return "\n".join(kept) if len(restated) > 1 else text


# --- Yes and No -------------------------------------------------------------------------------------------------------

YES = "yes true correct 是 是的 对 对的 正确 はい 예 네 oui ja sí si да"
NO = "no false incorrect 否 不 不是 不是的 不对 错 错误 不正确 いいえ 아니요 non nein нет"
JUDGMENTS = {**dict.fromkeys(YES.split(), "yes"), **dict.fromkeys(NO.split(), "no")}
YES_NO = re.compile(rf"{_BEFORE}(yes|no){_AFTER}", re.I)
FIRST_WORD = re.compile(r"\W*([^\W\d_]+)(?!\s+(?:or|and|way|doubt|matter|other|one)\b)")


def yes_no(text: str) -> str:
    """``yes`` or ``no``."""
    text = final_answer(text)
    return decision(text, _judgments, "judgment")


def _judgments(passage: str) -> set[str]:
    first = FIRST_WORD.match(passage)
    if first and first[1].lower() in JUDGMENTS:
        return {JUDGMENTS[first[1].lower()]}
    return {word.lower() for word in YES_NO.findall(passage)}
