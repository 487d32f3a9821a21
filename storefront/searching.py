"""Finding goods by words: with or without marks, by the beginning of a word, by what means the same, with one typo.

Pure, so both engines answer alike: texts in, positions and scores out. The rule of order is the one published on
``/chinh-sach/xep-hang``. See ``docs/adr/0018-search.md``.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from kernel import text

#: How a word was found; what is found more closely comes first. A whole word of the name comes before all that only
#: begins so or stands elsewhere; without its marks too, where none were typed.
NAMED, NAMED_WITHOUT_MARKS, AS_TYPED, WITHOUT_MARKS, SAME_MEANING, TYPO = range(6)
#: Where it was found: in the name, in who makes it and where, in the summary.
IN_NAME, IN_ORIGIN, IN_SUMMARY = range(3)
#: How the name holds all words: it begins with them, they stand together in it, neither.
BEGINS, TOGETHER, APART = range(3)

#: Shorter words are taken as they are typed: nearly every two letters are one typo from two others.
SHORTEST_FORGIVEN = 3
_LEVEL, _PLACE, _PHRASE = 10**6, 10**4, 10**2

Texts = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]  #: of the name, of the origin, of the summary
Scores = dict[int, int]  #: position of what was found → its score, the smaller the better


@dataclass(frozen=True)
class Term:
    """A word of a query."""

    typed: str
    folded: str
    letters: str
    tone: str

    @property
    def is_bare(self) -> bool:
        """Tell whether it was typed without any marks."""
        return self.letters == self.folded and not self.tone

    def is_spelled(self, word: Word) -> bool:
        """Tell whether a word that begins like this one also has its marks. Half a word needs no tone yet."""
        if len(self.folded) == len(word.folded):
            return self.letters == word.letters and self.tone == word.tone
        return word.letters.startswith(self.letters) and self.tone in ("", word.tone)


@dataclass
class Word:
    """A word of the goods, as it is spelled there."""

    display: str
    folded: str
    letters: str
    tone: str
    places: dict[int, int] = field(default_factory=dict)  #: position of a product → the best place in it


@dataclass(frozen=True)
class Marks:
    """What to mark in a text that was found: words that begin so, and whole words (all folded)."""

    beginnings: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()

    def parts(self, shown: str) -> Iterator[tuple[str, bool]]:
        """Cut a text into parts, each with whether it is to be marked."""
        done = 0
        for begin, end in text.words_with_places(shown):
            folded = text.fold(shown[begin:end])
            if folded in self.words or (self.beginnings and folded.startswith(self.beginnings)):
                if begin > done:
                    yield shown[done:begin], False
                yield shown[begin:end], True
                done = end
        if done < len(shown):
            yield shown[done:], False

    def excerpt(self, shown: str, most: int = 120) -> str:
        """Cut a long text to what stands around the first word that is marked, at spaces."""
        if len(shown) <= most:
            return shown
        before = 0
        for part, is_marked in self.parts(shown):
            if is_marked:
                break
            before += len(part)
        begin = max(0, min(before - most // 3, len(shown) - most))
        end = min(len(shown), begin + most)
        if begin > 0:
            begin = shown.find(" ", begin, before) + 1 or begin
        if end < len(shown):
            end = shown.rfind(" ", before + 1, end) if " " in shown[before + 1 : end] else end
        return ("… " if begin else "") + shown[begin:end].strip() + (" …" if end < len(shown) else "")

    def is_in(self, shown: str) -> bool:
        """Tell whether anything would be marked."""
        return any(marked for _, marked in self.parts(shown))


@dataclass(frozen=True)
class Hits:
    """What words were found in, and how."""

    scores: Scores
    marks: Marks
    is_forgiven: bool = False  #: only with a typo taken for something else
    without: str = ""  #: nothing was found, but these of the words would be


NOTHING = Hits({}, Marks())


def terms_of(query: str) -> list[Term]:
    """Part what was typed into its words, each once, at most ``text.MOST_TOKENS``."""
    found: dict[str, Term] = {}
    typed = _AMOUNT.sub(_apart, text.nfc(query))
    for begin, end in text.words_with_places(typed):
        for term in _terms(typed[begin:end]):
            found.setdefault(term.folded, term)
    return list(found.values())[: text.MOST_TOKENS]


#: An amount as people type it, and how it stands on packs: "500gr", "500 gam" are 500 g; "1 ký" is 1 kg, "1l" 1 l.
_AMOUNT = re.compile(r"(\d)\s*(kilogram|kilo|kg|ký|kí|ky|ki|gram|gam|gr|g|ml|lít|lit|l)\b", re.IGNORECASE)
_UNITS = {"gram": "g", "gam": "g", "gr": "g"} | dict.fromkeys(("kilogram", "kilo", "ký", "kí", "ky", "ki"), "kg")


def _apart(found: re.Match[str]) -> str:
    unit = found[2].lower()
    return f"{found[1]} {_UNITS.get(unit, unit)}"


def _terms(typed: str) -> list[Term]:
    folded = text.tokens(typed)
    if len(folded) == 1:
        return [Term(typed, folded[0], *text.spelling(typed))]
    return [Term(part, part, part, "") for part in folded]


class Index:
    """The words of goods, by their positions in a list."""

    def __init__(self, goods: Iterable[Texts]) -> None:
        self._names: list[str] = []  #: folded, of each position, a space before each word
        self._texts: list[str] = []  #: the same of all its texts
        self._words: dict[tuple[str, str], Word] = {}
        self._known: dict[str, list[Word]] = {}  #: as written, without case
        for position, texts in enumerate(goods):
            self._add(position, texts)
        by_folded: dict[str, list[Word]] = defaultdict(list)
        for word in self._words.values():
            by_folded[word.folded].append(word)
        self._by_folded = dict(by_folded)
        self._sorted = sorted(by_folded)

    def _add(self, position: int, texts: Texts) -> None:
        folded: list[list[str]] = []
        for place, several in enumerate(texts):
            for one in several:
                found = [
                    word
                    for raw in _raw_words(_AMOUNT.sub(_apart, one))
                    for word in (self._known.get(raw) or self._learn(raw))
                ]
                folded.append([word.folded for word in found])
                for word in found:
                    word.places.setdefault(position, place)
        names = len(texts[IN_NAME])
        self._names.append("\n".join(_joined(words) for words in folded[:names]))
        self._texts.append("\n".join(_joined(words) for words in folded))

    def _learn(self, raw: str) -> list[Word]:
        words = []
        for term in _terms(raw):
            key = (term.letters, term.tone)
            if key not in self._words:
                self._words[key] = Word(term.typed, term.folded, *key)
            words.append(self._words[key])
        self._known[raw] = words
        return words

    # Looking up

    def search(self, query: str, thesaurus: Thesaurus | None = None) -> Hits:
        """Find what holds every word of ``query``, or something that means the same; with a typo if nothing else does.

        A query without any word finds nothing.
        """
        terms = terms_of(query)
        if not terms:
            return NOTHING
        slots = thesaurus.slots(terms) if thesaurus else [Slot((term,)) for term in terms]
        for forgiving in (False, True):
            scores = self._all(slots, forgiving)
            if scores:
                return Hits(self._with_phrases(terms, scores), self._marks(slots, forgiving), is_forgiven=forgiving)
        left = [slot for slot in slots if self._slot(slot, forgiving=True)]
        while left:
            if self._all(left, forgiving=True):
                return Hits({}, Marks(), without=" ".join(term.typed for slot in left for term in slot.terms))
            left = left[:-1]
        return NOTHING

    def spelled_in(self, query: str, position: int) -> str:
        """Write a query with the words of one product that it was found by: "ruou sjm" → "rượu sim"."""
        return " ".join(self._spelled(term, position) for term in terms_of(query))

    def _spelled(self, term: Term, position: int) -> str:
        found = [
            (not term.is_spelled(word), len(word.folded), word.display)
            for word in self._starting(term)
            if position in word.places
        ] or [(False, len(word.folded), word.display) for word in self._close(term) if position in word.places]
        if found:
            return min(found)[2]
        halves = [
            f"{self._spelled(one, position)} {self._spelled(two, position)}"
            for one, two in self._halves(term)
            if any(position in word.places for word in self._by_folded[one.folded])
            and any(position in word.places for word in self._by_folded[two.folded])
        ]
        return min(halves, default=term.typed)

    # Each word

    def _all(self, slots: Sequence[Slot], forgiving: bool) -> Scores:
        found: Scores | None = None
        for slot in slots:
            here = self._slot(slot, forgiving)
            if found is None:
                found = here
            else:
                found = {position: found[position] + here[position] for position in found.keys() & here.keys()}
            if not found:
                return {}
        return found or {}

    def _slot(self, slot: Slot, forgiving: bool) -> Scores:
        best: Scores | None = None
        for term in slot.terms:
            one = self._term(term, forgiving)
            best = one if best is None else {key: best[key] + one[key] for key in best.keys() & one.keys()}
        found = best or {}
        for phrase in slot.others:
            for position, place in self._phrase(phrase).items():
                score = SAME_MEANING * len(slot.terms) * _LEVEL + place * _PLACE
                if score < found.get(position, score + 1):
                    found[position] = score
        return found

    def _term(self, term: Term, forgiving: bool) -> Scores:
        best: Scores = {}
        for word in self._starting(term):
            is_spelled = term.is_spelled(word)
            level = AS_TYPED if is_spelled else WITHOUT_MARKS
            if word.folded != term.folded:
                _better(best, word.places, level * _LEVEL + 1)
            elif is_spelled or term.is_bare:
                named = NAMED if is_spelled else NAMED_WITHOUT_MARKS
                _better(best, word.places, level * _LEVEL, in_name=named * _LEVEL)
            else:
                _better(best, word.places, level * _LEVEL)
        if forgiving:
            for word in self._close(term):
                _better(best, word.places, TYPO * _LEVEL)
            for one, two in self._halves(term):
                first, second = self._whole(one), self._whole(two)
                for position in first.keys() & second.keys():
                    if f" {one.folded} {two.folded}" in self._texts[position]:
                        score = TYPO * _LEVEL + max(first[position], second[position]) * _PLACE
                        if score < best.get(position, score + 1):
                            best[position] = score
        return best

    def _phrase(self, phrase: Sequence[Term]) -> dict[int, int]:
        """Say in which products whole words stand together, and where."""
        where: dict[int, int] | None = None
        for term in phrase:
            one = self._whole(term)
            where = one if where is None else {key: max(where[key], one[key]) for key in where.keys() & one.keys()}
        found = where or {}
        if len(phrase) > 1:
            together = _joined(term.folded for term in phrase)
            return {key: place for key, place in found.items() if _has(self._texts[key], together)}
        return found

    def _whole(self, term: Term) -> dict[int, int]:
        """Say in which products a whole word stands, and where; with its marks, where it has some."""
        best: dict[int, int] = {}
        for word in self._by_folded.get(term.folded, ()):
            if term.is_bare or term.is_spelled(word):
                for position, place in word.places.items():
                    if place < best.get(position, place + 1):
                        best[position] = place
        return best

    def _starting(self, term: Term) -> Iterator[Word]:
        for place in range(bisect_left(self._sorted, term.folded), len(self._sorted)):
            if not self._sorted[place].startswith(term.folded):
                return
            yield from self._by_folded[self._sorted[place]]

    def _close(self, term: Term) -> Iterator[Word]:
        """Give the words that are one typo away: a letter too much, too few, another one, or two exchanged."""
        if len(term.folded) < SHORTEST_FORGIVEN or not term.folded.isalpha():
            return
        near: set[str] = set()
        for shorter in (term.folded, *_shortened(term.folded)):
            near.update(self._shortened_from.get(shorter, ()))
        for folded in sorted(near):
            if folded != term.folded and _is_one_typo(folded, term.folded):
                yield from self._by_folded[folded]

    def _halves(self, term: Term) -> Iterator[tuple[Term, Term]]:
        """Part a word in which a space was forgotten: "matong" → "mat", "ong"."""
        for cut in range(2, len(term.folded) - 1):
            one, two = term.folded[:cut], term.folded[cut:]
            if one in self._by_folded and two in self._by_folded:
                yield Term(one, one, one, ""), Term(two, two, two, "")

    @cached_property
    def _shortened_from(self) -> dict[str, list[str]]:
        """Say from which words a string comes by leaving out at most one letter."""
        found: dict[str, list[str]] = defaultdict(list)
        for folded in self._sorted:
            if folded.isalpha():
                for shorter in {folded, *_shortened(folded)}:
                    found[shorter].append(folded)
        return dict(found)

    # All of them

    def _with_phrases(self, terms: Sequence[Term], scores: Scores) -> Scores:
        """Put forward the names that begin with the words, then those in which they stand together."""
        together = _joined(term.folded for term in terms)
        begins = "\n" + together
        for position in scores:
            name = self._names[position]
            if together not in name:
                scores[position] += APART * _PHRASE
            elif not name.startswith(together) and begins not in name:
                scores[position] += TOGETHER * _PHRASE
        return scores

    def _marks(self, slots: Sequence[Slot], forgiving: bool) -> Marks:
        beginnings = tuple(term.folded for slot in slots for term in slot.terms)
        words = {term.folded for slot in slots for phrase in slot.others for term in phrase}
        if forgiving:
            for term in (term for slot in slots for term in slot.terms):
                words.update(word.folded for word in self._close(term))
                words.update(half.folded for halves in self._halves(term) for half in halves)
        return Marks(beginnings, frozenset(words))


@dataclass(frozen=True)
class Slot:
    """Words of a query that stand side by side, and the phrases that mean the same as they."""

    terms: tuple[Term, ...]
    others: tuple[tuple[Term, ...], ...] = ()


class Thesaurus:
    """Sets of words and phrases that mean the same."""

    def __init__(self, sets: Iterable[Iterable[str]] = ()) -> None:
        self._sets = [[phrase for phrase in (tuple(terms_of(one)) for one in phrases) if phrase] for phrases in sets]
        self._heads: dict[str, list[tuple[tuple[Term, ...], int]]] = defaultdict(list)
        for number, phrases in enumerate(self._sets):
            for phrase in phrases:
                self._heads[phrase[0].folded].append((phrase, number))

    def slots(self, terms: Sequence[Term]) -> list[Slot]:
        """Cut a query where words that mean the same as others stand in it; the longest of them first."""
        slots, at = [], 0
        while at < len(terms):
            fitting = [
                (phrase, number)
                for phrase, number in self._heads.get(terms[at].folded, ())
                if _is_same(terms[at : at + len(phrase)], phrase)
            ]
            longest = max((len(phrase) for phrase, _ in fitting), default=1)
            others = tuple(
                other
                for phrase, number in fitting
                if len(phrase) == longest
                for other in self._sets[number]
                if other != phrase
            )
            slots.append(Slot(tuple(terms[at : at + longest]), others))
            at += longest
        return slots


def _is_same(typed: Sequence[Term], phrase: Sequence[Term]) -> bool:
    """Tell whether what was typed is a phrase: marks may be left out, but not be others."""
    return len(typed) == len(phrase) and all(
        one.folded == two.folded and (one.is_bare or (one.letters, one.tone) == (two.letters, two.tone))
        for one, two in zip(typed, phrase, strict=True)
    )


def _better(best: Scores, places: dict[int, int], base: int, *, in_name: int | None = None) -> None:
    scores = (base if in_name is None else in_name, base + IN_ORIGIN * _PLACE, base + IN_SUMMARY * _PLACE)
    for position, place in places.items():
        score = scores[place]
        if score < best.get(position, score + 1):
            best[position] = score


def _raw_words(one: str) -> list[str]:
    lowered = one.casefold()
    return [lowered[begin:end] for begin, end in text.words_with_places(lowered)]


def _joined(words: Iterable[str]) -> str:
    return "".join(" " + word for word in words)


def _has(all_words: str, together: str) -> bool:
    """Tell whether whole words stand together in a text of words."""
    return any(f"{together}{end}" in all_words for end in (" ", "\n")) or all_words.endswith(together)


def _shortened(word: str) -> Iterator[str]:
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]


def _is_one_typo(one: str, two: str) -> bool:
    """Tell whether one letter more, fewer or another, or two neighbours exchanged, makes one word of the other."""
    if len(one) > len(two):
        one, two = two, one
    begin = next((place for place, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), len(one))
    if len(one) < len(two):
        return len(two) - len(one) == 1 and one[begin:] == two[begin + 1 :]
    if one[begin + 1 :] == two[begin + 1 :]:
        return True
    exchanged = one[begin : begin + 2] == two[begin : begin + 2][::-1]
    return exchanged and one[begin + 2 :] == two[begin + 2 :]
