import random

from slm_jax.data import duplicates
from slm_jax.data.duplicates import NearDuplicates

WORDS = [f"w{i}" for i in range(500)]


def texts(n, length, seed):
    chance = random.Random(seed)
    return [" ".join(chance.sample(WORDS, length)) for _ in range(n)]


def changed(text, count):
    words = text.split()
    for n in range(count):
        words[3 + 7 * n] = f"changed{n}"
    return " ".join(words)


def test_finds_what_differs_in_a_word_and_not_what_differs_in_more():
    held_out = texts(300, 20, seed=1)
    index = NearDuplicates(held_out)
    assert index.find([changed(text, 1) for text in held_out]) == list(range(300))  # (39 - 3) / (39 + 3) = 0.86
    assert index.find([changed(text, 2) for text in held_out]) == [None] * 300  # (39 - 6) / (39 + 6) = 0.73
    assert index.find(texts(300, 20, seed=2)) == [None] * 300
    assert index.find([]) == [] and NearDuplicates([]).find(["x"]) == [None]


def test_case_punctuation_and_blanks_aside():
    index = NearDuplicates(["What is the capital of France?", "How many legs has a spider"])
    assert index.find(["what is  the capital of france", "How many legs has a spider!!", "What is the capital of Spain?"]) == [0, 1, None]


def test_numbers_are_words_and_ideographs_too():
    assert NearDuplicates(["question 15", "question 151"]).find(["question 1511", "QUESTION 151"]) == [None, 1]
    text = "今日は天気がいいですから散歩に行きましょうと彼は言いました"
    assert NearDuplicates([text]).find([text.replace("散", "遊"), "全く別の文章ですので似ていません"]) == [0, None]
    assert NearDuplicates(["", "?!"]).find(["...", "x"]) == [0, None]


def test_the_nearest_of_several_is_named():
    text = texts(1, 30, seed=3)[0]
    assert NearDuplicates([changed(text, 1), text, changed(text, 2)]).find([text]) == [1]


def test_a_template_does_not_make_it_quadratic(monkeypatch):
    compared = []
    intersect = duplicates.np.intersect1d
    monkeypatch.setattr(duplicates.np, "intersect1d", lambda *args, **kwargs: compared.append(1) or intersect(*args, **kwargs))
    start = "please write a short and formal poem in the style of the old masters about"
    index = NearDuplicates([f"{start} {word}" for word in WORDS[:400]])
    assert sum(found is not None for found in index.find([f"{start} {word}" for word in WORDS[400:]])) == 100
    assert len(compared) <= 100 * 32
