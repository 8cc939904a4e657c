#!/usr/bin/env python3
"""Makes the files that tests/it/csv.rs feeds the reader, as spreadsheet programs save them.

    python3 tests/it/csv/make.py

Those by the name libreoffice-* are saved by LibreOffice itself (`apt-get install libreoffice-calc`), from sheets that are
written here. The others are written byte by byte as the program in their name is known to save them, or as such a file gets
spoilt on its way.
"""
import pathlib
import subprocess
import tempfile
from xml.sax.saxutils import escape

HERE = pathlib.Path(__file__).parent
HEADER = ["organisation", "period", "value", "comment"]

# Filter options of LibreOffice's CSV: separator, quotation mark, encoding, first line, column formats, language, and
# whether all texts are quoted. Cells are saved as they are shown.
UTF8, WINDOWS_1252, MAC_ROMAN, DOS_850, UTF16 = 76, 1, 2, 4, 65535


def options(separator=",", encoding=UTF8, quote_all=False):
    return f"{ord(separator)},34,{encoding},1,,0,{str(quote_all).lower()},true"


STYLES = """
<number:number-style style:name="n-thousands"><number:number number:decimal-places="0" number:min-integer-digits="1" number:grouping="true"/></number:number-style>
<number:number-style style:name="n-scientific"><number:scientific-number number:decimal-places="2" number:min-integer-digits="1" number:min-exponent-digits="2"/></number:number-style>
<number:percentage-style style:name="n-percent"><number:number number:decimal-places="1" number:min-integer-digits="1"/><number:text>%</number:text></number:percentage-style>
<number:currency-style style:name="n-pounds"><number:currency-symbol number:language="en" number:country="GB">£</number:currency-symbol><number:number number:decimal-places="2" number:min-integer-digits="1"/></number:currency-style>
<number:number-style style:name="n-german" number:language="de" number:country="DE"><number:number number:decimal-places="1" number:min-integer-digits="1"/></number:number-style>
<number:date-style style:name="n-month"><number:month number:textual="true"/><number:text>-</number:text><number:year/></number:date-style>
<number:date-style style:name="n-british"><number:day number:style="long"/><number:text>/</number:text><number:month number:style="long"/><number:text>/</number:text><number:year number:style="long"/></number:date-style>
<number:date-style style:name="n-iso"><number:year number:style="long"/><number:text>-</number:text><number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/></number:date-style>
"""
NAMES = ["thousands", "scientific", "percent", "pounds", "german", "month", "british", "iso"]
SPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "number": "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0",
    "of": "urn:oasis:names:tc:opendocument:xmlns:of:1.2",
}


def number(value, style=None):
    kind = "percentage" if style == "percent" else "float"
    return f' office:value-type="{kind}" office:value="{value}"', style


def date(day, style):
    return f' office:value-type="date" office:date-value="{day}"', style


def formula(text):
    return f' table:formula="of:={escape(text)}"', None


def cell(content):
    if content is None:
        return "<table:table-cell/>"
    if isinstance(content, str):
        # A text has a paragraph for each of its lines.
        lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in content.split("\n"))
        return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'
    attributes, style = content
    named = f' table:style-name="c-{style}"' if style else ""
    return f"<table:table-cell{named}{attributes}/>"


def sheet(rows):
    """A sheet as LibreOffice reads it: flat OpenDocument."""
    spaces = " ".join(f'xmlns:{name}="{address}"' for name, address in SPACES.items())
    cells = "".join(f'<style:style style:name="c-{n}" style:family="table-cell" style:data-style-name="n-{n}"/>' for n in NAMES)
    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {spaces} office:version="1.3" '
        f'office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><office:automatic-styles>{STYLES}{cells}'
        f'</office:automatic-styles><office:body><office:spreadsheet><table:table table:name="Return">{body}</table:table>'
        f"</office:spreadsheet></office:body></office:document>"
    )


PLAIN = [HEADER, ["RF4", "2019-04", number(14200), None], ["RF4", "2019-05", number(85.3), "Café closed, late entries"]]
ACCENT = [HEADER, ["RF4", "2019-04", number(14200), "on time"], ["RF4", "2019-05", number(85.3), "café"]]


def values(*cells):
    months = ["2019-04", "2019-05", "2019-06"]
    return [HEADER[:3]] + [["RF4", month, value] for month, value in zip(months, cells)]


# name: (the sheet, how it is saved)
LIBREOFFICE = {
    "comma": (PLAIN, options()),
    "semicolon": (PLAIN, options(";")),
    "tab": (PLAIN, options("\t")),
    "all-quoted": (PLAIN, options(quote_all=True)),
    "windows-1252": (ACCENT, options(encoding=WINDOWS_1252)),
    "mac-roman": (ACCENT, options(encoding=MAC_ROMAN)),
    "dos-850": (ACCENT, options(encoding=DOS_850)),
    "utf-16": (ACCENT, options(encoding=UTF16)),
    "months-as-dates": (
        [HEADER[:3], ["RF4", date("2019-04-01", "month"), number(1)], ["RF4", "2019-05", number(2)]],
        options(),
    ),
    "british-dates": (
        [HEADER[:3], ["RF4", date("2019-04-01", "british"), number(1)], ["RF4", date("2019-05-01", "iso"), number(2)]],
        options(),
    ),
    "exponent": (values(number(14200, "scientific"), number(5)), options()),
    "thousands": (values(number(1234, "thousands"), number(999, "thousands")), options()),
    "percent-and-pounds": (values(number(0.853, "percent"), number(12.5, "pounds")), options()),
    "decimal-comma": (values(number(85.3, "german"), number(7, "german")), options(";")),
    "formulas": (values(formula("7*6"), formula("1/0"), formula("NA()")), options()),
    "line-breaks": (
        [HEADER, ["RF4", "2019-04", number(1), "one\ntwo\nthree"], ["RF4", "2019-13", number(2), None]],
        options(),
    ),
    "empty-rows-and-columns": (
        [[None] * 6, HEADER[:2] + [None] + HEADER[2:], [None] * 6, ["RF4", "2019-04", None, number(3), None, None],
         [None] * 6, ["RF4", "2019-05", None, number(4), "x"]],
        options(),
    ),
    "text-without-a-column": ([HEADER[:3] + [None], ["RF4", "2019-04", number(3), "for whom?"]], options()),
    "header-as-people-write-it": (
        [[" Organisation", "PERIOD ", "Value", "Comment"], ["RF4", "2019-04", number(14200), None]],
        options(),
    ),
    "quotation-marks": (
        [HEADER, ["RF4", "2019-04", number(1), 'the "old" way; 6" tube'], ["RF4", "2019-05", number(2), "'tis"]],
        options(),
    ),
    "taken-away": ([HEADER, ["RF4", "2019-04", number(1), "(none)"]], options()),
    "text-like-a-formula": ([HEADER, ["RF4", "2019-04", number(1), "'=SUM(A1)"]], options()),
    "header-alone": ([HEADER], options()),
    "no-header": (PLAIN[1:], options()),
    "title-above": ([["Return of Barking"], HEADER, *PLAIN[1:]], options()),
    "column-twice": ([["organisation", "period", "value", "Value"], ["RF4", "2019-04", number(1), number(1)]], options()),
}

BOM = b"\xef\xbb\xbf"
OTHERS = {
    # Excel, "CSV UTF-8 (Comma delimited)".
    "excel-utf-8": BOM + "organisation,period,value,comment\r\nRF4,2019-04,14200,\r\nRF4,2019-05,85.3,café\r\n".encode(),
    # Excel, "CSV (Comma delimited)", on British Windows.
    "excel-plain": "organisation,period,value,comment\r\nRF4,2019-04,14200,late – café\r\n".encode("windows-1252"),
    # The same where nothing is outside ASCII.
    "excel-plain-ascii": b"organisation,period,value\r\nRF4,2019-04,14200\r\nRF4,2019-13,1\r\n",
    # Excel, "CSV (Macintosh)".
    "excel-macintosh": b"organisation,period,value\rRF4,2019-04,14200\rRF4,2019-13,1\r",
    # Excel, "Unicode Text".
    "excel-unicode-text": b"\xff\xfe" + "organisation\tperiod\tvalue\r\nRF4\t2019-04\t14200\r\n".encode("utf-16-le"),
    # The same without the mark, as some programs write it.
    "utf-16-without-mark": "organisation,period,value\r\nRF4,2019-04,14200\r\n".encode("utf-16-le"),
    # Excel where the list separator is a semicolon, with the line that makes every Excel read it.
    "excel-sep-line": b"sep=;\r\norganisation;period;value;comment\r\nRF4;2019-04;14200;\r\nRF4;2019-13;1;\r\n",
    "excel-sep-line-tab": b"sep=\t\norganisation\tperiod\tvalue\nRF4\t2019-04\t14200\n",
    # Excel leaves out separators at the end of rows whose last columns are empty for many rows.
    "excel-short-rows": BOM + b"organisation,period,value,comment\r\nRF4,2019-04,1,x\r\nRF4,2019-05,2\r\nRF4,2019-06\r\n",
    # Excel keeps cells that were once filled.
    "excel-trailing-cells": BOM + b"organisation,period,value,,,\r\nRF4,2019-04,1,,,\r\n,,,,,\r\n,,,,,\r\n",
    # Google Sheets: no mark, CRLF, no line end after the last row.
    "google-sheets": "organisation,period,value,comment\r\nRF4,2019-04,14200,\r\nRF4,2019-05,85.3,café".encode(),
    # Numbers of Apple quotes what it must, and adds empty columns of the table.
    "apple-numbers": "organisation,period,value,comment,,\r\nRF4,2019-04,14200,\"late, café\",,\r\n".encode(),
    # A file mended in an old editor: UTF-8 with a line in Windows-1252.
    "two-encodings": "organisation,period,value,comment\nRF4,2019-04,1,café\n".encode() + b"RF4,2019-05,2,caf\xe9\n",
    "two-encodings-marked": BOM + b"organisation,period,value,comment\nRF4,2019-04,1,caf\xe9\n",
    # A file mended by hand.
    "quotation-open": b'organisation,period,value,comment\r\nRF4,2019-04,1,x\r\nRF4,2019-05,2,"late\r\nRF4,2019-06,3,x\r\n',
    "quotation-ends-early": b'organisation,period,value,comment\r\nRF4,2019-04,1,"late" entries\r\n',
    "quotation-behind-a-space": b'organisation,period,value,comment\nRF4,2019-04,1, "late, entries"\n',
    "comma-in-a-number": b"organisation,period,value\r\nRF4,2019-04,1\r\nRF4,2019-05,1,234\r\n",
    # A download or an upload that broke off.
    "cut-off": b"organisation,period,value,comment\r\nRF4,2019-04,14200,\r\nRF4,2019-05,14",
    "empty": b"",
    "compressed": bytes.fromhex("1f8b0800000000000003"),
}


def main():
    for name, content in OTHERS.items():
        (HERE / f"{name}.csv").write_bytes(content)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def save(name, rows, form, ending):
            source = folder / f"{name}.fods"
            source.write_text(sheet(rows), encoding="utf-8")
            command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", form]
            subprocess.run([*command, "--outdir", folder, source], check=True, capture_output=True)
            (HERE / f"libreoffice-{name}.csv").write_bytes((folder / f"{name}.{ending}").read_bytes())

        for name, (rows, how) in LIBREOFFICE.items():
            save(name, rows, f"csv:Text - txt - csv (StarCalc):{how}", "csv")
        # Workbooks that were only renamed.
        for ending in ["xlsx", "xls", "ods"]:
            save(f"workbook-{ending}", PLAIN, ending, ending)


if __name__ == "__main__":
    main()
