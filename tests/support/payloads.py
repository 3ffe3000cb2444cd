"""What others try: the payloads of three sanitizers' own tests, read where they lie."""

import json

from tests.support.oracles import oracle


def xss_payloads() -> list[str]:
    """The two hundred payloads of DOMPurify, html5lib and bleach, none of them empty."""
    folder = oracle("web-xss")
    dompurify = json.loads((folder / "dompurify" / "expect.json").read_text(encoding="utf-8"))
    html5lib = json.loads((folder / "html5lib" / "tests1.dat").read_text(encoding="utf-8"))
    bleach = sorted((folder / "bleach" / "data").glob("*.test"))
    found = [
        *(str(case["payload"]) for case in dompurify),
        *(str(case["input"]) for case in html5lib),
        *(path.read_text(encoding="utf-8").partition("\n--\n")[0] for path in bleach),
    ]
    return [text for text in found if text]
