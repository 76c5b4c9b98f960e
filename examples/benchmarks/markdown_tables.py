"""Write tables in Markdown, and insert them between two markers of a page."""


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table with a left-aligned first column."""
    rule = [":--", *["--:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *rows])


def put_between(content: str, marker: str, text: str) -> str:
    """Return the content of a page with text between the lines that begin and end a marker."""
    begin, end = f"<!-- {marker}: begin -->", f"<!-- {marker}: end -->"
    before, found_begin, rest = content.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise SystemExit(f"The page has no lines {begin} and {end} to write between.")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def write_between(page, marker: str, text: str) -> None:
    """Put text between the lines that begin and end a marker of a page."""
    page.write_text(put_between(page.read_text(), marker, text))
