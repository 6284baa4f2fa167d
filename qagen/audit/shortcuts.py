"""How far a reader of the words alone gets: small classifiers that never see an image, tried on held-out scenes.

Three readers are trained per type and format. The best one counts, so the figure is an overestimate rather than an
underestimate:

* ``words``: which words of the question go with which words and numbers of an option (logistic regression);
* ``looks``: surface cues of an option among the others, whatever the question (boosted trees): the largest box, the
  middle number, the option that shares most with the rest;
* ``guess``: the usual number for these words (ridge regression), then the option nearest to it.

The target is always one of a few options: those of a select question, Yes or No, the two words of a direction, and for
a bare number the quarter of all answers in which it lies.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qagen import cli
from qagen.records.read import Filter, RecordFile, find_record_files, fitting_files, read_pairs

if TYPE_CHECKING:
    from rich.table import Table

LETTERS = "ABCD"
PAIRS = (("left", "right"), ("above", "below"), ("front", "behind"), ("closer", "farther"))
QUARTERS = ("first", "second", "third", "last")
LIMIT = 0.03
"""A lead over chance of more than this is a shortcut."""
FOLDS = 5
MIN_SAMPLES = 60
"""Least number of samples to learn from and to try."""
MAX_CLASSES = 12
"""Largest number of different answers that are taken for classes."""
RARE = 8
"""Features that occur in fewer options are dropped."""
MOST_FEATURES = 1500
EVERYWHERE = 0.7
"""Words in a larger share of the questions are not crossed with options."""
Z_95 = 1.959964

OPTION = re.compile(r"^([A-D])\. (.*)$", re.MULTILINE)
MENTION = re.compile(
    r"((?:[a-z][\w'-]* ?){1,3}) \([^()]*?\b(red|blue|green|yellow|magenta|Object\d|object\d|point\d|objectA)\b"
)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
WORD = re.compile(r"[a-zA-Z][a-zA-Z'-]*")

Answered = tuple[str, Mapping[str, Any], str]
"""Scene, record and the answer of its evidence."""


@dataclass(frozen=True)
class ShortcutCase:
    """One sample as a choice among options."""

    scene: str
    """The scene; samples of one scene are never used both for learning and for trying."""
    question: str
    """The question without the options."""
    options: tuple[str, ...]
    """The options."""
    right: int
    """Index of the true option."""
    lettered: bool = False
    """Whether the options stand in the question under letters, in an order without meaning."""
    marks: tuple[tuple[str, tuple[float, ...]], ...] = ()
    """Color and position of the marks, 0-1000; empty where readers are not to know them."""
    id: str = ""
    """Id of the record."""

    @cached_property
    def words(self) -> frozenset[str]:
        """Words of the question, and the name of each mark in its mention."""
        mentions = {f"{color}={noun.split()[-1]}" for noun, color in MENTION.findall(self.question)}
        return frozenset({word.lower() for word in WORD.findall(self.question)} | mentions)

    @cached_property
    def numbers(self) -> tuple[tuple[float, ...], ...]:
        """The numbers of each option; empty tuples unless all options have equally many."""
        found = [tuple(float(number) for number in NUMBER.findall(option)) for option in self.options]
        return tuple(found) if len({len(numbers) for numbers in found}) == 1 else ((),) * len(found)

    @cached_property
    def revealed(self) -> float | None:
        """A measure that the question reveals."""
        decimals = re.findall(r"\d+\.\d", self.question)
        return float(decimals[0]) if decimals else None


@dataclass(frozen=True, slots=True)
class Shortcut:
    """What readers of the words alone reach in one type and format."""

    type: str
    """Task type."""
    format: str
    """Answer format."""
    target: str
    """What was predicted: letter, Yes/No, left/right, ..., answer, quarter."""
    balanced: bool
    """Whether the answers are meant to be balanced; else the figure only shows how predictable the answers are."""
    samples: int
    """Number of samples tried."""
    scenes: int
    """Number of their scenes."""
    chance: float = 0.0
    """Accuracy of an even guess."""
    majority: float = 0.0
    """Accuracy of always choosing the most frequent answer."""
    accuracy: float | None = None
    """Accuracy of the best reader on scenes that it has not learned from; None where nothing could be tried."""
    interval: tuple[float, float] = (0.0, 1.0)
    """Wilson interval of the accuracy, 95 %."""
    reader: str = ""
    """Name of the best reader."""
    hints: tuple[str, ...] = ()
    """The words of most weight, or why nothing could be tried."""

    @property
    def lead(self) -> float:
        """By how much the best reader beats chance, as a share."""
        return 0.0 if self.accuracy is None else self.accuracy - self.chance

    @property
    def verdict(self) -> str:
        """Even, shortcut, perhaps (over the limit by chance), usual (not meant to be balanced) or untried."""
        if self.accuracy is None:
            return "untried"
        if not self.balanced:
            return "usual"
        if self.lead <= LIMIT:
            return "even"
        return "shortcut" if self.interval[0] > self.chance + LIMIT else "perhaps"

    def as_data(self) -> dict[str, Any]:
        """The figures as plain values, for JSON."""
        return {**asdict(self), "lead": self.lead, "verdict": self.verdict}


def find_shortcuts(out: Path, with_marks: bool = False, types: Sequence[str] = ()) -> list[Shortcut]:
    """Try the readers on every type and format below a run's folder, in the order of their names.

    Args:
        with_marks: let the readers know where the marks are, as trainers do who write marks as text.
        types: names or patterns such as ``depth_*``; none means all.

    Raises:
        ConfigError: there are no records, or none of these types.
        QagenError: a line is no record, or its evidence does not belong to it.
    """
    found = []
    for (type_name, answer_format), files in grouped_files(out, types):
        for target, balanced, cases in targets(answer_format, read_samples(files)):
            known = cases if with_marks else [replace(case, marks=()) for case in cases]
            found.append(measure(known, Shortcut(type_name, answer_format, target, balanced, 0, 0)))
    return found


def grouped_files(out: Path, types: Sequence[str]) -> list[tuple[tuple[str, str], list[RecordFile]]]:
    """The files of a run by type and format, in the order of their names; of some types only, unless there are none."""
    files: dict[tuple[str, str], list[RecordFile]] = defaultdict(list)
    for file in fitting_files(find_record_files(out), Filter(types=tuple(types))):
        files[file.type, file.format].append(file)
    return sorted(files.items())


def read_samples(files: Sequence[RecordFile]) -> list[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Scene, record and evidence of every sample of some files."""
    return [(line.scene, record, evidence) for file in files for line, record, evidence in read_pairs(file)]


def measure(cases: Sequence[ShortcutCase], about: Shortcut) -> Shortcut:
    """Add the readers' results on held-out scenes."""
    scenes = np.array([case.scene for case in cases])
    about = replace(about, samples=len(cases), scenes=len(set(scenes)))
    if about.scenes < 2:
        return replace(about, hints=("needs at least 2 scenes, one to learn from and one to try",))
    if about.samples < MIN_SAMPLES:
        return replace(about, hints=(f"needs at least {MIN_SAMPLES} samples",))
    right = np.array([case.right for case in cases])
    hits = {name: scores.argmax(axis=1) == right for name, scores in held_out_scores(cases).items()}
    best = max(hits, key=lambda name: hits[name].mean())
    correct = int(hits[best].sum())
    return replace(
        about,
        chance=1 / len(cases[0].options),
        majority=float(np.bincount(right).max() / len(right)),
        accuracy=correct / len(cases),
        interval=wilson(correct, len(cases)),
        reader=best,
        hints=telling_words(cases),
    )


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927); (0, 1) without trials."""
    if not trials:
        return 0.0, 1.0
    share, weight = successes / trials, Z_95**2 / trials
    middle = (share + weight / 2) / (1 + weight)
    half = Z_95 / (1 + weight) * float(np.sqrt(share * (1 - share) / trials + weight / (4 * trials)))
    return max(0.0, middle - half), min(1.0, middle + half)


def targets(
    answer_format: str, samples: Sequence[tuple[str, Mapping[str, Any], Mapping[str, Any]]]
) -> list[tuple[str, bool, list[ShortcutCase]]]:
    """What to predict from samples (scene, record, evidence), whether it is meant to be balanced, and the cases."""
    if answer_format == "select":
        cases = [_select_case(scene, record) for scene, record, _ in samples]
        counts = sorted({len(case.options) for case in cases})
        by_count = [[case for case in cases if len(case.options) == count] for count in counts]
        names = ["letter"] if len(counts) == 1 else [f"letter of {count}" for count in counts]
        return [(name, True, some) for name, some in zip(names, by_count, strict=True)]
    answered = [(scene, record, str(evidence.get("answer", ""))) for scene, record, evidence in samples]
    if answer_format == "judge":
        replies = [(scene, record, _value(record, -1)) for scene, record, _ in answered]
        return [("Yes/No", True, _class_cases(replies, ("Yes", "No")))]
    if any(word in answer.split(", ") for _, _, answer in answered for pair in PAIRS for word in pair):
        return [("/".join(pair), True, cases) for pair in PAIRS if (cases := _direction_cases(answered, pair))]
    answers = Counter(answer for _, _, answer in answered)
    if len(answers) <= MAX_CLASSES:
        return [("answer", False, _class_cases(answered, sorted(answers)))]
    if not all(NUMBER.fullmatch(answer) for answer in answers):
        return []
    values = np.array([float(answer) for _, _, answer in answered])
    quarters = np.digitize(values, np.quantile(values, (0.25, 0.5, 0.75)))
    graded = [(scene, record, QUARTERS[k]) for (scene, record, _), k in zip(answered, quarters, strict=True)]
    return [("quarter", False, _class_cases(graded, QUARTERS))]


def _select_case(scene: str, record: Mapping[str, Any]) -> ShortcutCase:
    human = _value(record, 0)
    options = tuple(text for _, text in OPTION.findall(human))
    columns = [
        (key.rpartition("_")[0], value) for key, value in record.items() if key.endswith(("_point", "_bbox"))
    ]  # masks, whose places are runs, are not given
    marks = tuple((color, tuple(map(float, value[0]))) for color, value in columns if value)
    right, name = LETTERS.index(_value(record, -1)), str(record.get("id", ""))
    return ShortcutCase(scene, human[: human.index("\nA. ")], options, right, lettered=True, marks=marks, id=name)


def _class_cases(answered: Sequence[Answered], classes: Sequence[str]) -> list[ShortcutCase]:
    names = tuple(classes)
    return [
        ShortcutCase(scene, _value(record, 0), names, names.index(answer), id=str(record.get("id", "")))
        for scene, record, answer in answered
    ]


def _direction_cases(answered: Sequence[Answered], pair: tuple[str, str]) -> list[ShortcutCase]:
    """Which word of a pair an answer states, for the answers that state exactly one."""
    stated = [
        (scene, record, words[0])
        for scene, record, answer in answered
        if len(words := [word for word in answer.split(", ") if word in pair]) == 1
    ]
    return _class_cases(stated, pair)


def _value(record: Mapping[str, Any], turn: int) -> str:
    return str(record["conversations"][turn]["value"])


def held_out_scores(cases: Sequence[ShortcutCase]) -> dict[str, NDArray[np.float64]]:
    """(n, options) how right each option seems to each reader that fits, for each scene after learning from others.

    The scores are logarithms of odds, or of a likelihood.
    """
    from sklearn.model_selection import GroupKFold
    from threadpoolctl import threadpool_limits

    scenes = np.array([case.scene for case in cases])
    folds = list(GroupKFold(min(FOLDS, len(set(scenes)))).split(scenes, groups=scenes))
    found = {}
    with threadpool_limits(1):  # the data are small, so threads only wait for each other
        for name, reader in READERS.items():
            if reader.fits(cases):
                score, scores = reader.read(cases), np.zeros((len(cases), len(cases[0].options)))
                for learned, tried in folds:
                    scores[tried] = score(learned, tried)
                found[name] = scores
    return found


Score = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]
"""From the indices of cases to learn from and to try: (n, options) how right each option of the tried cases seems."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A way to choose without an image."""

    read: Callable[[Sequence[ShortcutCase]], Score]
    """Reads all cases, but not the true options of those to try."""
    fits: Callable[[Sequence[ShortcutCase]], bool]
    """Whether the cases have what it needs."""


def _is_right(cases: Sequence[ShortcutCase]) -> NDArray[np.int64]:
    """(n, options) 1 for every true option."""
    is_right = np.zeros((len(cases), len(cases[0].options)), dtype=np.int64)
    is_right[np.arange(len(cases)), [case.right for case in cases]] = 1
    return is_right


def _rows(chosen: NDArray[np.int64], options: int) -> NDArray[np.int64]:
    """The rows of some cases in a table with a row for each option of each case."""
    return (chosen[:, None] * options + np.arange(options)).ravel()


def _read_words(cases: Sequence[ShortcutCase]) -> Score:
    words = WordFeatures.of(cases)

    def score(learned: NDArray[np.int64], tried: NDArray[np.int64]) -> NDArray[np.float64]:
        kept, model = words.fit(learned)
        scores = model.decision_function(words.counts[_rows(tried, words.is_right.shape[1])][:, kept])
        return scores.reshape(len(tried), -1)

    return score


@dataclass(frozen=True, slots=True, eq=False)
class WordFeatures:
    """Which words occur in which options, of all cases."""

    names: NDArray[np.str_]
    """(k,) words of options, alone and each with a word of the question."""
    counts: Any
    """(n * options, k) sparse, whether an option has a word."""
    is_right: NDArray[np.int64]
    """(n, options) 1 for every true option."""

    @classmethod
    def of(cls, cases: Sequence[ShortcutCase]) -> "WordFeatures":
        found = Counter(word for case in cases for word in case.words)
        crossed = frozenset(word for word, count in found.items() if RARE <= count <= EVERYWHERE * len(cases))
        vectorizer = _vectorizer(list)
        counts = vectorizer.fit_transform(words for case in cases for words in option_words(case, crossed))
        return cls(vectorizer.get_feature_names_out(), counts.tocsr(), _is_right(cases))

    def fit(self, learned: NDArray[np.int64]) -> tuple[NDArray[np.int64], Any]:
        """The most informative columns and a logistic regression over them, learned from some cases."""
        from sklearn.feature_selection import chi2
        from sklearn.linear_model import LogisticRegression

        counts, is_right = self.counts[_rows(learned, self.is_right.shape[1])], self.is_right[learned].ravel()
        kept = np.argsort(-np.nan_to_num(chi2(counts, is_right)[0]))[:MOST_FEATURES]
        return kept, LogisticRegression(C=0.2, max_iter=300).fit(counts[:, kept], is_right)


def telling_words(cases: Sequence[ShortcutCase], count: int = 6) -> tuple[str, ...]:
    """The words of most weight, learned from all cases; + for words of true options, - for those of others."""
    words = WordFeatures.of(cases)
    kept, model = words.fit(np.arange(len(cases)))
    weights = model.coef_[0]
    top = np.argsort(-np.abs(weights))[:count]
    return tuple(f"{'+' if weights[i] > 0 else '-'} {words.names[kept[i]]}" for i in top)


def _vectorizer(analyzer: Any) -> Any:
    """Finds which features, as given by ``analyzer``, occur in which document, without rare ones."""
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(analyzer=analyzer, binary=True, min_df=RARE)


def option_words(case: ShortcutCase, crossed: frozenset[str]) -> list[list[str]]:
    """Features of each option: its words and numbers, alone and each with a word of the question out of ``crossed``."""
    asked, features = case.words & crossed, []
    for index, option in enumerate(case.options):
        tokens = _option_tokens(case, index) if case.lettered else [option]
        features.append([*tokens, *(f"{word} & {token}" for word in asked for token in tokens)])
    return features


def _option_tokens(case: ShortcutCase, index: int) -> list[str]:
    option = case.options[index]
    tokens = [f"letter {LETTERS[index]}", *(word.lower() for word in WORD.findall(option))]
    tokens += [f"{place}:{part.strip()}" for place, part in enumerate(option.split(",")) if not NUMBER.search(part)]
    for place, column in enumerate(zip(*case.numbers, strict=True)):
        tokens.append(f"number {place} rank {sum(value < column[index] for value in column)}")
        tokens.append(f"number {place} about {round(2 * np.log2(abs(column[index]) + 0.1))}")
    return tokens


def _read_surface_cues(cases: Sequence[ShortcutCase]) -> Score:
    from sklearn.ensemble import HistGradientBoostingClassifier

    seen, is_right = np.stack([surface_cues(case) for case in cases]), _is_right(cases)

    def score(learned: NDArray[np.int64], tried: NDArray[np.int64]) -> NDArray[np.float64]:
        model = HistGradientBoostingClassifier(max_iter=80, max_leaf_nodes=8, learning_rate=0.08, random_state=0)
        model.fit(np.concatenate(seen[learned]), is_right[learned].ravel())
        return model.decision_function(np.concatenate(seen[tried])).reshape(len(tried), -1)

    return score


def surface_cues(case: ShortcutCase) -> NDArray[np.float64]:
    """(options, k) surface cues of each option among the others."""
    parts = [option.split(", ") for option in case.options]
    shared = [sum(a == b for other in parts for a, b in zip(own, other, strict=False)) - len(own) for own in parts]
    values = [*map(list, zip(*case.numbers, strict=True)), *_box_cues(case), shared, list(map(len, case.options))]
    if case.revealed is not None and len(case.numbers[0]) == 1:
        values.append([abs(numbers[0] - case.revealed) for numbers in case.numbers])
    columns = [np.arange(len(case.options), dtype=float)]
    for value in values:
        column = np.array(value, dtype=float)
        ranks = (column[:, None] > column[None]).sum(axis=1)
        aside = np.abs(column - np.median(column))
        columns += [column, ranks, column - column.mean(), (aside[:, None] > aside[None]).sum(axis=1)]
    return np.column_stack(columns)


def _box_cues(case: ShortcutCase) -> list[list[float]]:
    """Center, sides and area of boxes, and their similarity to the marked boxes; none for other options."""
    if len(case.numbers[0]) != 4:
        return []
    boxes = np.array(case.numbers)
    center, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    area = np.log(np.maximum(sides.prod(axis=1), 1))
    aspect = np.log(np.maximum(sides[:, 1], 1) / np.maximum(sides[:, 0], 1))
    columns = [center[:, 0], center[:, 1], sides[:, 0], sides[:, 1], area, aspect]
    for _, place in case.marks:
        if len(place) == 4:
            width, height = max(place[2] - place[0], 1), max(place[3] - place[1], 1)
            columns += [abs(area - np.log(width * height)), abs(aspect - np.log(height / width))]
            columns += [abs(center[:, k] - (place[k] + place[k + 2]) / 2) for k in (0, 1)]
    return [list(column) for column in columns]


def _read_guess(cases: Sequence[ShortcutCase]) -> Score:
    from sklearn.linear_model import Ridge

    words, logs = (
        _vectorizer(_question_words).fit_transform(cases),
        np.log(np.abs(np.array([case.numbers for case in cases])) + 0.1),
    )
    truth = logs[np.arange(len(cases)), [case.right for case in cases]]

    def score(learned: NDArray[np.int64], tried: NDArray[np.int64]) -> NDArray[np.float64]:
        model = Ridge(alpha=20.0).fit(words[learned], truth[learned])
        error = np.abs(truth[learned] - model.predict(words[learned]).reshape(len(learned), -1)).sum(axis=1).mean()
        away = np.abs(logs[tried] - model.predict(words[tried]).reshape(len(tried), 1, -1)).sum(axis=2)
        return -away / max(float(error), 1e-9)

    return score


def _question_words(case: ShortcutCase) -> list[str]:
    revealed = [] if case.revealed is None else [f"given {round(4 * np.log2(case.revealed + 0.1))}"]
    return [*case.words, *revealed]


READERS: Mapping[str, Reader] = {
    "words": Reader(_read_words, lambda cases: True),
    "looks": Reader(_read_surface_cues, lambda cases: cases[0].lettered),
    "guess": Reader(_read_guess, lambda cases: all(case.lettered and case.numbers[0] for case in cases)),
}


def shortcut_table(found: Sequence[Shortcut]) -> "Table":
    """How far readers of the words alone beat chance, in percent and points."""
    table = cli.table("type", "format", "accuracy", "lead", "verdict", justify="right")
    for one in found:
        cells = [f"{one.accuracy:.1%}", f"{100 * one.lead:+.1f}"] if one.accuracy is not None else [""] * 2
        table.add_row(one.type, one.format, *cells, one.verdict, style="red" if one.verdict == "shortcut" else None)
    return table
