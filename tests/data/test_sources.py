import json

import pytest

from slm_jax.config import DataConfig
from slm_jax.data import sources
from slm_jax.domains.base import Example
from slm_jax.errors import UserError

DATA = DataConfig()
GOOD = {"instruction": "Sum column E", "response": "=SUM(E:E)"}


def write(path, *rows):
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8")
    return path


def test_reads_jsonl_with_table_id_and_formula_column(tmp_path):
    table = [["Name", "Total"], ["Ann", 3.5], [None, True], [{"date": "2024-03-01"}, ""]]
    path = write(tmp_path / "a.jsonl", GOOD | {"table": table, "id": 7}, "", {"instruction": "Count\tB é\n", "formula": "=COUNT(B:B)", "more": 1})
    assert sources.read_examples(path, DATA) == [
        Example(instruction="Sum column E", response="=SUM(E:E)", table=table, id="7"),
        Example(instruction="Count\tB é\n", response="=COUNT(B:B)"),
    ]


def test_the_named_response_column_comes_before_formula(tmp_path):
    path = write(tmp_path / "a.jsonl", {"ask": "Sum E", "answer": "=SUM(E:E)", "formula": "=WRONG()"})
    data = DataConfig(instruction_column="ask", response_column="answer")
    assert sources.read_examples(path, data)[0].response == "=SUM(E:E)"


def test_reads_csv(tmp_path):
    text = 'instruction,response,table,id\n"Sum, please","=SUMIF(B:B,""North"",E:E)","[[""a"", 1]]",x\n"two\nlines",=A1,,\n'
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    first, second = sources.read_examples(tmp_path / "a.csv", DATA)
    assert first == Example(instruction="Sum, please", response='=SUMIF(B:B,"North",E:E)', table=[["a", 1]], id="x")
    assert second == Example(instruction="two\nlines", response="=A1")


def test_reads_parquet(tmp_path):
    import datasets

    rows = [GOOD | {"table": '[["a", 1]]'}, {"instruction": "Count B", "response": "=COUNT(B:B)", "table": None}]
    datasets.Dataset.from_list(rows).to_parquet(str(tmp_path / "a.parquet"))
    assert sources.read_examples(tmp_path / "a.parquet", DATA) == [Example(**GOOD, table=[["a", 1]]), Example(instruction="Count B", response="=COUNT(B:B)")]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('{"instruction": "x", ', "not a JSON object"),
        ("[1, 2]", "a list, not a JSON object"),
        ('"x"', "text, not a JSON object"),
        ("[" * 100_000, "not a JSON object"),
        ({"response": "=A1"}, "no instruction (column 'instruction'"),
        ({}, "no instruction"),
        ({"instruction": "x"}, "no response (column 'response'"),
        ({"instruction": "x", "respnse": "=A1"}, "did you mean 'respnse'"),
        ({"instruction": " \n", "response": "=A1"}, "the instruction is empty"),
        ({"instruction": 5, "response": "=A1"}, "the instruction is a number"),
        ({"instruction": "x", "response": None}, "the response is null"),
        ({"instruction": "x", "response": ["=A1"]}, "the response is a list"),
        ({"instruction": "x", "response": ""}, "the response is empty"),
        ({"instruction": "ab\x00c", "response": "=A1"}, "control character (U+0000, character 3)"),
        ({"instruction": "ab\x85c", "response": "=A1"}, "control character (U+0085"),
        ('{"instruction": "a\\ud800", "response": "=A1"}', "control character (U+D800"),
        ({"instruction": "x", "response": "=A1\x07"}, "the response has a control character (U+0007"),
        (GOOD | {"table": [1, 2]}, "not two-dimensional"),
        (GOOD | {"table": {"A1": 2}}, "not two-dimensional"),
        (GOOD | {"table": "no"}, "not JSON"),
        (GOOD | {"table": [["a"], [{"day": "2024-03-01"}]]}, "row 2, column 1 of the table is an object"),
        ('{"instruction": "x", "response": "y", "table": [["a", NaN]]}', "row 1, column 2 of the table"),
        (GOOD | {"id": [1]}, "the id is a list"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line_and_the_rest_can_be_done(tmp_path, row, says):
    path = write(tmp_path / "a.jsonl", GOOD, "", row, GOOD)
    with pytest.raises(UserError) as error:
        sources.read_examples(path, DATA)
    assert f"{path} line 3: " in str(error.value) and says in str(error.value)
    assert "\n" not in str(error.value)
    rows = sources.read_rows(path, DATA)
    assert [row.line for row in rows] == [1, 3, 4]
    assert [bool(row.problem) for row in rows] == [False, True, False]
    assert rows[1].example is None and rows[2].example == Example(**GOOD) and rows[2].fields == GOOD


def test_an_input_stands_below_its_instruction(tmp_path):
    path = write(tmp_path / "a.jsonl", GOOD | {"input": "1 2 3"}, GOOD | {"input": ""}, GOOD | {"context": "x"})
    assert [e.instruction for e in sources.read_examples(path, DATA)] == ["Sum column E\n\n1 2 3", "Sum column E", "Sum column E"]
    assert sources.read_examples(path, DataConfig(input_column="context"))[2].instruction == "Sum column E\n\nx"
    with pytest.raises(UserError, match="line 1: the input is a list: write text"):
        sources.read_examples(write(path, GOOD | {"input": ["1"]}), DATA)


def test_missing_columns_are_told_with_those_there_are(tmp_path):
    path = write(tmp_path / "a.jsonl", {"question": "x", "answer": "y"})
    with pytest.raises(UserError, match=r"line 1: no instruction \(column 'instruction'; the row has question, answer\).*config.data.instruction_column.*messages_column"):
        sources.read_examples(path, DATA)


def test_examples_know_where_they_came_from(tmp_path):
    path = write(tmp_path / "a.jsonl", GOOD, "", GOOD)
    assert [e.where for e in sources.read_examples(path, DATA)] == [f"{path} line 1", f"{path} line 3"]


def test_not_utf8_names_the_line(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"instruction,response\nx,y\nx,caf\xe9\n")
    with pytest.raises(UserError, match="a.csv line 3: not UTF-8"):
        sources.read_examples(tmp_path / "a.csv", DATA)
    (tmp_path / "a.jsonl").write_bytes(json.dumps(GOOD).encode() + b'\n{"instruction": "caf\xe9"}\n')
    with pytest.raises(UserError, match="line 2: not UTF-8"):
        sources.read_examples(tmp_path / "a.jsonl", DATA)
    (tmp_path / "a.txt").write_bytes(b"one\ntwo\ncaf\xe9\n")
    with pytest.raises(UserError, match="line 3: not UTF-8"):
        sources.read_texts(str(tmp_path / "a.txt"), DATA)


def test_bad_files(tmp_path):
    write(tmp_path / "train.jsonl", GOOD)
    (tmp_path / "empty").mkdir()
    for path, says in [
        (tmp_path / "trian.jsonl", "did you mean .*train.jsonl"),
        (tmp_path / "no" / "a.jsonl", "nor does the directory"),
        (tmp_path / "empty", "is a directory without data"),
        ("", "is empty: write the path"),
    ]:
        with pytest.raises(UserError, match=says):
            sources.read_examples(path, DATA)
    empty = "is empty"
    for name, content, says in [("a.jsonl", " \n\n", empty), ("a.csv", "", empty), ("b.csv", "instruction,response\n", empty), ("a.parquet", "no", "not a Parquet file")]:
        (tmp_path / name).write_text(content)
        with pytest.raises(UserError, match=says):
            sources.read_examples(tmp_path / name, DATA)


def test_bad_csv_rows(tmp_path):
    (tmp_path / "a.csv").write_text("instruction,response\nSum,=SUM(A1,B2)\n")
    with pytest.raises(UserError, match="line 2: 3 cells for 2 columns"):
        sources.read_examples(tmp_path / "a.csv", DATA)
    (tmp_path / "b.csv").write_text('instruction,response\nSum,"=SUM\n')
    with pytest.raises(UserError, match="not CSV"):
        sources.read_examples(tmp_path / "b.csv", DATA)


def test_rows_without_response_where_none_is_needed(tmp_path):
    path = write(tmp_path / "a.jsonl", {"instruction": "Sum E"}, {"instruction": "Sum E", "response": ""})
    assert [example.response for example in sources.read_examples(path, DATA, need_response=False)] == ["", ""]
    with pytest.raises(UserError, match="line 1: no response.*1 more bad row"):
        sources.read_examples(path, DATA)


def test_more_bad_rows_are_counted(tmp_path):
    path = write(tmp_path / "a.jsonl", "x", GOOD, "y", "z")
    with pytest.raises(UserError, match=r"line 1: .*\(2 more bad rows\)"):
        sources.read_examples(path, DATA)


def test_texts_are_cut_at_blank_lines_and_join_again(tmp_path):
    paragraphs = [f"Paragraph {i}. " + "word " * 60 for i in range(40)]
    text = "\n\n".join(paragraphs) + "\n \n\n"
    (tmp_path / "a.txt").write_text(text)
    documents = sources.read_texts(str(tmp_path / "a.txt"), DATA)
    assert "".join(documents) == text
    assert len(documents) > 3 and all(document.startswith("Paragraph") for document in documents)
    assert all(len(document) >= 2000 for document in documents[:-1])


def test_texts_without_blank_lines_are_cut_at_line_ends(tmp_path):
    text = "".join(f"line {i}\n" for i in range(5000))
    (tmp_path / "a.txt").write_text(text)
    documents = sources.read_texts(str(tmp_path / "a.txt"), DATA)
    assert "".join(documents) == text and len(documents) > 2 and all(document.startswith("line") for document in documents)


def test_trailing_blank_lines_belong_to_the_last_document(tmp_path):
    (tmp_path / "a.txt").write_text("x" * 9000 + "\n\n\n")
    assert sources.read_texts(str(tmp_path / "a.txt"), DATA) == ["x" * 9000 + "\n\n\n"]


def test_texts_from_a_pattern_and_from_jsonl(tmp_path):
    (tmp_path / "b.txt").write_text("second")
    (tmp_path / "a.txt").write_text("first")
    assert sources.read_texts(str(tmp_path / "*.txt"), DATA) == ["first", "second"]
    path = write(tmp_path / "c.jsonl", {"body": "  a document\n\n"})
    assert sources.read_texts(str(path), DataConfig(text_column="body")) == ["  a document\n\n"]
    with pytest.raises(UserError, match="line 1: no text.*config.data.text_column"):
        sources.read_texts(str(path), DATA)
    with pytest.raises(UserError, match="no file matches"):
        sources.read_texts(str(tmp_path / "*.md"), DATA)
    for value, says in [(" ", "the text is empty"), (3, "the text is a number"), ("\ud800", "surrogate")]:
        with pytest.raises(UserError, match=f"line 1: {says}|{says}"):
            sources.read_texts(str(write(tmp_path / "d.jsonl", {"text": value})), DATA)


def examples(n, response="=A1"):
    return [Example(instruction=f"Sum column {i}", response=response) for i in range(n)]


def test_split_is_stable_under_adding_rows_and_keeps_equal_instructions_together():
    some, more = examples(500), examples(1000)
    split = sources.split_by_content(some, share=0.1)
    grown = sources.split_by_content(more[::-1], share=0.1)
    assert 20 < len(split.validation) < 90 and len(split.train) + len(split.validation) == 500
    assert {e.instruction for e in split.validation} == {e.instruction for e in grown.validation} & {e.instruction for e in some}
    doubled = some + [Example(instruction=f"  SUM   {e.instruction[4:]} ", response="=B1") for e in some]
    split = sources.split_by_content(doubled, share=0.1)
    keys = [{sources.content_key(e) for e in side} for side in (split.train, split.validation)]
    assert len(split.validation) % 2 == 0 and not keys[0] & keys[1]


def test_split_of_few_rows_has_both_sides():
    for share in (0.0001, 0.9999):
        split = sources.split_by_content(examples(2), share=share)
        assert len(split.train) == len(split.validation) == 1
    with pytest.raises(UserError, match="cannot be split"):
        sources.split_by_content(examples(1) * 3, share=0.5)


def test_documents_are_split_by_their_text():
    split = sources.split_by_content([Example(instruction="", response=f"text {i}") for i in range(100)], share=0.3)
    assert 10 < len(split.validation) < 50


def test_without_held_out():
    disjoint = sources.without_held_out(examples(10), [Example(instruction="sum COLUMN 3", response="=B1")])
    assert disjoint.dropped == 1 and "Sum column 3" not in {e.instruction for e in disjoint.train} and len(disjoint.train) == 9
