import csv
import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.train.table import TableError, read_table
from tests.strategies import examples

# Without null characters, which are refused; without surrogates, which UTF-8 cannot hold.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
NAMES = TEXTS.map(str.strip).filter(bool)


def table_of(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.csv")
        path.write_bytes(data)
        return read_table(path)


def refusal(data):
    """The complaint about a file of these bytes, without the folder."""
    with pytest.raises(TableError, match=r"\A[^\n\r]+\Z") as raised:
        table_of(data)
    return str(raised.value).partition("t.csv")[2]


@examples(60)
@given(data=st.data(), names=st.lists(NAMES, min_size=1, max_size=4, unique=True))
def test_what_a_csv_writer_writes_reads_back_equal(data, names):
    rows = data.draw(st.lists(st.lists(TEXTS, min_size=len(names), max_size=len(names)), min_size=1, max_size=5))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.csv")
        with path.open("w", encoding=data.draw(st.sampled_from(["utf-8", "utf-8-sig"])), newline="") as file:
            csv.writer(file).writerows([names, *rows])
        table = read_table(path)
    assert table.columns == tuple(names)
    assert table.rows == rows
    for place, name in enumerate(names):
        assert table.texts(name) == [row[place] for row in rows]


@examples(60)
@given(st.lists(st.floats(-1e100, 1e100), min_size=1, max_size=9), st.sampled_from(["\n", "\r\n", "\r", "\n\n"]))
def test_numbers_read_back_to_the_bit_whatever_ends_the_lines(numbers, end):
    table = table_of(end.join(["x", *map(repr, numbers)]).encode())
    assert list(map(float.hex, table.numbers("x"))) == list(map(float.hex, numbers))


@pytest.mark.parametrize(
    ("text", "number"), [("7", 7.0), (" 1.5 ", 1.5), ("-.5e-3", -5e-4), ("+1E2", 100.0), ("1e-400", 0.0)]
)
def test_a_number_may_be_spelled_as_spreadsheets_do(text, number):
    assert table_of(f"x\n{text}\n".encode()).numbers("x") == [number]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "the cell is empty; a number is wanted"),
        (" ", "the cell is empty; a number is wanted"),
        ("abc", "'abc' is not a number"),
        ("1,5", "'1,5' is not a number"),
        ("1_000", "'1_000' is not a number"),
        ("0x10", "'0x10' is not a number"),
        ("nan", "the number is nan; it must be finite"),
        ("-inf", "the number is -inf; it must be finite"),
        ("1e999", "the number is 1e999; it must be finite"),
        ("1e101", "the number is 1e101; it must lie within ±1e+100"),
        ("two\nlines", r"'two\nlines' is not a number"),
        ("x" * 1000, f"'{'x' * 39}…' is not a number"),
    ],
)
def test_a_cell_that_is_no_number_is_named_by_line_and_column(text, complaint):
    quoted = text.replace('"', '""')
    table = table_of(f'a,b\n1,1\n"over\ntwo lines",2\n\n3,"{quoted}"\n'.encode())
    with pytest.raises(TableError, match=r"\A[^\n\r]+\Z") as raised:
        table.numbers("b")
    assert str(raised.value).endswith(f"t.csv, line 6, column 'b': {complaint}")


BAD = {
    "nothing at all": (b"", ": the file is empty; a header and rows of cells are wanted"),
    "blank lines only": (b"\n\r\n\n", ": the file is empty; a header and rows of cells are wanted"),
    "a byte order mark only": (b"\xef\xbb\xbf", ": the file is empty; a header and rows of cells are wanted"),
    "a header only": (b"a,b\n", ": there is a header, and no row below it"),
    "a short row": (b"a,b\n1,2\n3\n", ", line 3: the row has 1 cells; the header has 2"),
    "a long row": (b"a,b\n\n1,2,3\n", ", line 3: the row has 3 cells; the header has 2"),
    "a doubled name": (b"a,b, a\n1,2,3\n", ", line 1: two columns have the name 'a'"),
    "an index without a name": (b",a\n1,2\n", ", line 1: column 1 has no name (an index that pandas wrote?"),
    "a column without a name": (b"\na, ,b\n1,2,3\n", ", line 2: column 2 has no name"),
    "Latin-1": ("a,b\n1,2\nä,1\n".encode("latin-1"), ", line 3: the text is not UTF-8; save the table in that encoding"),
    "Latin-1 after lines of all kinds": (b"a\r\n1\r2\n\xff\n", ", line 4: the text is not UTF-8"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), ", line 1: the text is not UTF-8"),
    "a null character": (b"a,b\n1,2\n3,\x00\n", ", line 3: a cell holds a null character; is it a text file?"),
    "a quotation without its end": (b'a,b\n1,2\n"3,4\n5,6\n', ", line 3: unexpected end of data"),
    "text after a quotation": (b'a,b\n"1"x,2\n', ", line 2: "),
    "a huge field": (b"a,b\n1,2\n3," + b"4" * 200_000 + b"\n", ", line 3: field larger than field limit"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_table_is_refused_in_one_line_that_says_where(case):
    data, complaint = BAD[case]
    assert refusal(data).startswith(complaint)


def test_a_file_that_is_not_there_or_no_file_is_refused(tmp_path):
    for path, reason in [(tmp_path / "no.csv", "No such file or directory"), (tmp_path, "Is a directory")]:
        with pytest.raises(TableError, match=rf"{path.name}: the file cannot be read \({reason}\)"):
            read_table(path)
    with pytest.raises(TableError, match="null byte"):
        read_table(Path("a\0b.csv"))


def test_a_missing_column_is_refused_with_those_that_are_there():
    with pytest.raises(TableError, match=r"t\.csv: no column 'c', 'd'; the columns are 'a', 'b'$"):
        table_of(b"a,b\n1,2\n").features(["a", "c", "d"])
    with pytest.raises(TableError, match=r"the columns are 'a;b'; cells must be separated by commas"):
        table_of(b"a;b\n1;2\n").texts("b")


def test_names_lose_the_blanks_around_them_and_cells_do_not():
    table = table_of(b"a, b \n1, two \n")
    assert table.columns == ("a", "b")
    assert table.texts("b") == [" two "]


@given(st.binary(max_size=60))
def test_bytes_of_any_kind_are_a_table_or_one_line(data):
    try:
        table = table_of(data)
    except TableError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017  # either way is right
    else:
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert all(line <= len(data.splitlines()) for line in table.lines)


def test_an_infinity_is_never_a_number_of_a_table():
    with pytest.raises(TableError, match="must be finite"):
        table_of(f"x\n{math.inf}\n".encode()).numbers("x")
