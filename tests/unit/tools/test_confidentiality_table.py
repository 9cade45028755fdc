"""The table of the standard is read from its own text, in both forms in which it is published."""

import pytest
from tools.confidentiality_table import UnreadableTable, completed, rows_of_packages, rows_of_standard

ROW = ("Series Description", "(0008,103E)", "N", "Y", "X", "", "", "", "", "", "", "", "C", "", "")
OVERLAYS = ("Overlay Data", "(60xx,3000)", "N", "Y", "X", "", "", "", "", "", "", "", "", "", "C")


def docbook(*rows):
    cells = ("".join(f"<td><para>{cell}</para></td>" for cell in row) for row in rows)
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    other = '<table xml:id="table_E.1-1a"><tr><td>D</td><td>replace</td></tr></table>'
    return f'<chapter>{other}<table xml:id="table_E.1-1"><tbody>{body}</tbody></table></chapter>'


def xhtml(*rows):
    body = "".join("<tr>" + "".join(f"<td><p>{cell}</p></td>" for cell in row) + "</tr>" for row in rows)
    return f'<div><a id="table_E.1-1" shape="rect"></a><table><tbody>{body}</tbody></table></div>'


@pytest.mark.parametrize("written", [docbook, xhtml])
def test_a_row_is_read_with_its_action_and_its_options(written):
    (row,) = completed(rows_of_standard(written(ROW, OVERLAYS)))
    assert row == {
        "tag": "0008103E",
        "keyword": "SeriesDescription",
        "vr": "LO",
        "basic": "X",
        "options": {"clean_descriptors": "C"},
    }


def test_an_action_that_nobody_knows_stops_the_reading():
    with pytest.raises(UnreadableTable):
        list(rows_of_standard(docbook((*ROW[:4], "Q", *ROW[5:]))))


def test_packed_tables_give_the_same_row():
    actions = "X_TAGS = [(0x0008, 0x103E)]\nX_Z_U_STAR_TAGS = [(0x0008, 0x1140)]\nALL_TAGS = []\n"
    columns = '[{"tag": "(0008,103E)", "cleanDescOpt": "C"}, {"tag": "(0008,1140)", "rtnUIDsOpt": "K"}]'
    first, second = completed(rows_of_packages(actions, columns))
    assert first["options"] == {"clean_descriptors": "C"}
    assert (second["basic"], second["options"]) == ("X/Z/U*", {"retain_uids": "K"})


def test_a_date_that_is_younger_than_the_columns_is_moved_and_a_birth_date_is_not():
    actions = "D_TAGS = [(0x300A, 0x0741), (0x0010, 0x0030)]\n"
    birth, interlock = completed(rows_of_packages(actions, "[]"))
    assert interlock["options"] == {"retain_full_dates": "K", "retain_modified_dates": "C"}
    assert birth["options"] == {}
