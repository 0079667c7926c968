"""No page is heavier than a line at a hospital bears."""

from weights import weights

PAGE_BYTES, SCRIPT_BYTES = 150_000, 60_000


def test_pages_are_light() -> None:
    found = weights()
    for name, weight in found.items():
        assert [url for url in weight.urls if url.endswith(".css")], name
        assert weight.script_bytes <= SCRIPT_BYTES, name
        assert weight.whole_bytes <= PAGE_BYTES, name
    urls = {url for weight in found.values() for url in weight.urls}
    assert any(url.endswith("/kiosk.js") for url in urls)
    assert any(url.endswith("/idle.js") for url in urls)  # imported, not linked
