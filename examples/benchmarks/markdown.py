"""Write tables in Markdown, and insert them between two markers of a page."""


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table with a left-aligned first column."""
    rule = [":--", *["--:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *rows])


def write_between(page, marker: str, text: str) -> None:
    """Replace the text between the begin and end markers of a page."""
    begin, end = f"<!-- {marker}: begin -->", f"<!-- {marker}: end -->"
    before, found_begin, rest = page.read_text().partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise SystemExit(f"{page} has no lines {begin} and {end} to write between.")
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")
