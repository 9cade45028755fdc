"""A text file becomes a PDF that says what the file says: every line, in any script, never as boxes."""

import io

import pypdf
import pytest

from importal.dicom import text_fonts
from importal.dicom.document_flaws import DocumentRefused
from importal.dicom.documents import DocumentKind, recognise
from importal.dicom.text_decoding import decode_text
from importal.dicom.text_pages import text_as_pdf
from tests.corpus import corpus_path
from tests.unit.imaging.making import complaints, made, read

GERMAN = (
    "Sehr geehrte Frau Müller,\nder Befund ist unauffällig. Größe 12 µm, Temperatur 37 °C – „gut“.\nGrüße"
)
FRENCH = "Compte rendu : l’échographie révèle une lésion bénigne. Très cordialement, Françoise"
RUSSIAN = (
    "Заключение: патологических изменений не выявлено. Лёгкие расправлены, очаговых теней нет. "
    "Пациенту рекомендовано повторное исследование через шесть месяцев.\n"
) * 4
GREEK = (
    "Η αξονική τομογραφία θώρακος δεν έδειξε παθολογικά ευρήματα. Συνιστάται επανέλεγχος σε έξι μήνες "
    "από τον θεράποντα ιατρό.\n"
) * 4
ARABIC = (
    "لم تظهر الأشعة المقطعية للصدر أي تغيرات مرضية وينصح بإعادة الفحص بعد ستة أشهر من قبل الطبيب المعالج\n"
    * 4
)
HEBREW = "בדיקת הטומוגרפיה של החזה לא הראתה ממצאים פתולוגיים ומומלץ לחזור על הבדיקה בעוד שישה חודשים\n" * 4
JAPANESE = (
    "胸部CTでは異常所見を認めませんでした。六か月後の再検査をお勧めします。担当医師にご相談ください。\n" * 4
)
CHINESE = "胸部CT检查未见明显异常。建议六个月后复查。如有不适请及时就诊，并与主治医生联系。\n" * 4
POLISH = (
    "Badanie tomografii komputerowej klatki piersiowej nie wykazało zmian ogniskowych. Zaleca się kontrolę "
    "za sześć miesięcy u lekarza prowadzącego. Wątroba, śledziona i trzustka prawidłowe.\n"
) * 4
CZECH = (
    "Vyšetření hrudníku neprokázalo žádné ložiskové změny. Doporučujeme kontrolu za šest měsíců "
    "u ošetřujícího lékaře, při zhoršení dříve.\n"
) * 4
TURKISH = (
    "Göğüs tomografisinde patolojik bulgu saptanmamıştır. Altı ay sonra kontrol önerilir, şikâyet halinde "
    "doktorunuza başvurunuz.\n"
) * 4
TAIWANESE = "胸部電腦斷層檢查未見明顯異常。建議六個月後複查。如有不適請及時就診，並與主治醫師聯絡。\n" * 4
KOREAN = "흉부 단층촬영에서 이상 소견이 없습니다. 여섯 달 뒤에 다시 검사하시기 바랍니다.\n" * 4


def text_of(document: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(document)).pages)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "utf-8"), (GERMAN, "utf-8-sig"), (GERMAN, "utf-16"), (GERMAN, "utf-32"), (GERMAN, "cp1252"),
        (FRENCH, "cp1252"), ("Grüße", "latin-1"), ("plain", "ascii"),
        (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), (GREEK, "cp1253"), (ARABIC, "cp1256"), (HEBREW, "cp1255"),
        (JAPANESE, "shift-jis"), (JAPANESE, "euc-jp"), (JAPANESE, "iso2022_jp_2"), (JAPANESE, "utf-16"),
        (CHINESE, "gb18030"), (TAIWANESE, "big5"), (KOREAN, "euc-kr"),
        (POLISH, "cp1250"), (POLISH, "iso8859-2"), (CZECH, "cp1250"),
    ],
)  # fmt: skip
def test_what_was_written_is_read(text, encoding):
    found, _name = decode_text(text.encode(encoding))
    assert found.removeprefix("\ufeff") == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(TURKISH, "cp1254"), (TURKISH[:60], "cp1254"), ("Der Befund ist gut. " * 9, "cp037")],
)
def test_a_report_in_other_letters_than_the_writers_is_never_made(text, encoding):
    try:
        assert decode_text(text.encode(encoding))[0] == text
    except DocumentRefused as refused:
        assert refused.code == "document.unknown_encoding"


@pytest.mark.parametrize("short", ["Привет".encode("cp1251"), "Ωμέγα".encode("cp1253"), b"\x81\x8d\x8f"])
def test_too_little_to_judge_by_is_not_guessed(short):
    with pytest.raises(DocumentRefused) as refused:
        decode_text(short)
    assert refused.value.code == "document.unknown_encoding"


@pytest.mark.parametrize(
    "text", [GERMAN, RUSSIAN, GREEK, JAPANESE, CHINESE, KOREAN, "ภาษาไทย\n", "Ångström ≤ ½ → ☐\n"]
)
def test_every_sign_stands_in_the_pdf_with_its_font(text):
    document = text_as_pdf(text.encode(), "letter.txt")
    found = "".join(text_of(document).split())
    assert "".join(text.split()) in found or set("".join(text.split())) <= set(found)
    fonts = [font.get_object() for page in pypdf.PdfReader(io.BytesIO(document)).pages
             for font in page["/Resources"]["/Font"].values()]  # fmt: skip
    descriptors = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]
    assert all({"/FontFile2", "/FontFile3"} & set(descriptor) for descriptor in descriptors)


@pytest.mark.parametrize("text", [ARABIC, HEBREW])
def test_scripts_from_the_right_are_shaped(text):
    document = text_as_pdf(text.encode(), "letter.txt")
    assert len(pypdf.PdfReader(io.BytesIO(document)).pages) == 1


def test_a_sign_that_no_font_has_is_never_shown_as_a_box(monkeypatch):
    monkeypatch.setattr(text_fonts, "_installed", dict)
    assert text_as_pdf(
        RUSSIAN.encode() + ARABIC.encode() + GREEK.encode(), "a.txt"
    )  # our own fonts have these
    with pytest.raises(DocumentRefused) as refused:
        text_as_pdf(JAPANESE.encode(), "a.txt")
    assert refused.value.code == "document.no_font"
    with pytest.raises(DocumentRefused):
        text_as_pdf("Kein Zeichen: \U0001f9ff\ue000".encode(), "a.txt")


def test_long_texts_take_many_pages_and_lose_no_line():
    lines = [f"line {number:05d} of a long report" for number in range(400)]
    document = text_as_pdf("\r\n".join(lines).encode(), "long.txt")
    found = text_of(document)
    assert [line for line in lines if line not in found] == []
    pages = pypdf.PdfReader(io.BytesIO(document)).pages
    assert len(pages) > 5
    assert f"long.txt · UTF-8 · 1/{len(pages)}" in pages[0].extract_text()


def test_a_line_that_is_too_long_is_broken_and_goes_on():
    document = text_as_pdf(b"x" * 1000 + b"END", "a.txt")
    assert "".join(text_of(document).split()).count("x") >= 1000
    assert "END" in text_of(document)


def test_columns_stay_columns():
    document = text_as_pdf(b"name\tvalue\nsodium\t140\n", "a.csv")
    assert "140" in text_of(document)


def test_a_form_feed_begins_a_page_and_control_signs_are_left_out():
    document = text_as_pdf(b"one\x0ctwo\x07\x1b[0m", "a.txt")
    assert len(pypdf.PdfReader(io.BytesIO(document)).pages) == 2


def test_a_file_for_machines_is_not_laid_out():
    for content in (b"1;2;3\n" * 100_000, b"\n" * 200_000):
        with pytest.raises(DocumentRefused) as refused:
            text_as_pdf(content, "table.csv")
        assert refused.value.code == "document.too_large"


@pytest.mark.parametrize(
    "name", ["letter-cp1252.txt", "letter-utf16.txt", "letter-utf8.txt", "list.csv", "mail.eml"]
)
def test_each_text_of_the_corpus_becomes_the_same_clean_object_each_time(name, tmp_path):
    document = corpus_path("documents", "text", name).read_bytes()
    kind = recognise(document, name)
    content = made(document, kind, name)
    data = read(content)
    assert (kind, data.SOPClassUID) == (DocumentKind.TEXT, "1.2.840.10008.5.1.4.1.1.104.1")
    assert complaints(content, tmp_path) == []
    assert content == made(document, kind, name)
    text = decode_text(document)[0]
    inside = text_of(data.EncapsulatedDocument[: data.EncapsulatedDocumentLength])
    assert "".join(text.split()) in "".join(inside.split())


def test_what_only_has_the_name_of_a_pdf_is_shown_as_the_text_it_is():
    document = corpus_path("documents", "pdf", "not-a-pdf.pdf").read_bytes()
    assert recognise(document, "not-a-pdf.pdf") is DocumentKind.TEXT
    assert made(document, DocumentKind.TEXT)
