"""Each rule of the template lint finds its bad sample, spares its good one, and the house's templates keep them all."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.architecture import template_lint

BAD = [
    ('<p style="color:red">x</p>', "style attribute"),
    ("<svg><rect\n  STYLE='x'></rect></svg>", "style attribute"),
    ('<p{% if late %} style="x"{% endif %}>x</p>', "style attribute"),
    ('<button onclick="go()">x</button>', "event attribute onclick"),
    ("<body {% if a > b %}onload=go{% endif %}>", "event attribute onload"),
    ('<a class="{{ tone }}" OnFocus="x" href="/">x</a>', "event attribute onfocus"),
    ("<script>go()</script>", "inline script"),
    ('<script type="module">go()</script>', "inline script"),
    ("<style>p{}</style>", "inline style"),
    ('<a href="javascript:go()">x</a>', "javascript: address"),
    ('<a href=" java\nscript:go()">x</a>', "javascript: address"),
    ('<p hx-on:click="go()">x</p>', "hx-on"),
    ('<p data-hx-on::after:swap="go()">x</p>', "hx-on"),
    ('<p hx-get="/" hx-trigger="click[ctrlKey]">x</p>', "hx-trigger filter"),
    ("<p hx-vals='js:{a: 1}'>x</p>", "hx-vals with code"),
    ("{{ name|safe }}", "text declared safe"),
    ("{{ names | safeseq|join:', ' }}", "text declared safe"),
    ("<!-- {{ name|safe }} -->", "text declared safe"),
    ("{% with a=name|safe %}{{ a }}{% endwith %}", "text declared safe"),
    ("{% filter safe %}{{ a }}{% endfilter %}", "text declared safe"),
    ("{% autoescape off %}{{ name }}{% endautoescape %}", "escaping switched off"),
    ('<script src="https://cdn.example/x.js"></script>', "off-host address"),
    ('<link rel="stylesheet" href="//cdn.example/x.css">', "off-host address"),
    ('<img alt="" src="http://cdn.example/x.png">', "off-host address"),
    ('<img alt="" src="data:image/gif;base64,AA">', "off-host address"),
    ('<use href="https://cdn.example/x.svg#a"></use>', "off-host address"),
    ('<form method="post" data-repeatable><button>x</button></form>', "form posts without csrf_token"),
    ("<form METHOD=POST>{# {% csrf_token %} #}{% sent_once %}</form>", "form posts without csrf_token"),
    ('<form method="post">{% sent_once %}</form><form>{% csrf_token %}</form>', "form posts without csrf_token"),
    ('<form method="post">{% csrf_token %}</form>', "form posts without sent_once"),
    ('<form method="post">{% csrf_token %}{# {% sent_once %} #}</form>{% sent_once %}', "form posts without sent_once"),
    ('<img src="/x.png">', "image without alt"),
    ("<{{ tag }}>x</p>", "value inside a tag name"),
    ("<h{{ level }}>x</h2>", "value inside a tag name"),
    ("<{% if a %}ul{% else %}ol{% endif %}>", "value inside a tag name"),
]
GOOD = [
    '<p class="style=x onclick=y">{{ style }} onclick= javascript</p>',
    '{# <p style="x"> {{ a|safe }} #}',
    "{% comment %}<script>go()</script>{% endcomment %}",
    '<script src="{% static "js/house.js" %}" type="module"></script>',
    '<a href="https://www.va.gov/" title="a > b">VA</a>',
    '<form method="post" action="{{ url }}">{% csrf_token %}{% sent_once %}<button>x</button></form>',
    '<form method="post" data-repeatable>{% csrf_token %}</form>',
    '<form method="get"><input name="on"></form>',
    '<img src={{ url }} alt="">',
    '<section hx-get="/jobs/1" hx-trigger="every 2s" hx-swap="outerMorph"></section>',
    "{{ names|safer }}{{ a.safe_harbour }}",
]


@pytest.mark.parametrize(("sample", "rule"), BAD)
def test_lint_finds(sample: str, rule: str) -> None:
    assert [found for _, found in template_lint.broken_rules(sample)] == [rule]


@pytest.mark.parametrize("sample", GOOD)
def test_lint_spares(sample: str) -> None:
    assert list(template_lint.broken_rules(sample)) == []


def test_lint_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "claim.html"
    path.write_text('<p>\n{# a\n#}\n  <img src="/x.png">\n')
    assert list(map(str, template_lint.template_findings(path))) == [f"{path}:4: image without alt"]


@pytest.mark.parametrize(
    "line",
    [
        "from django.utils.safestring import mark_safe",
        "return SafeString(name)",
        "@html_safe",
        "@register.filter(is_safe=True)",
    ],
)
def test_lint_finds_python_that_declares_text_safe(tmp_path: Path, line: str) -> None:
    path = tmp_path / "house.py"
    path.write_text(f"import re\n{line}\n")
    assert list(map(str, template_lint.tag_module_findings(path))) == [f"{path}:2: text declared safe in Python"]


def test_lint_spares_a_safe_return_type(tmp_path: Path) -> None:
    path = tmp_path / "house.py"
    path.write_text("def icon(name: str) -> SafeString:\n    return format_html('{}', name)\n")
    assert template_lint.tag_module_findings(path) == []


def test_lint_reads_the_modules_that_write_html() -> None:
    modules = {path.relative_to(settings.BASE_DIR).as_posix() for path in template_lint.tag_modules(settings.BASE_DIR)}
    assert modules >= {"vca/core/charts.py", "vca/core/templatetags/house.py"}


def test_lint_finds_a_template_that_does_not_compile(tmp_path: Path, settings: pytest.FixtureRequest) -> None:
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path]}]
    path = tmp_path / "claim.html"
    path.write_text("<p>\n{% iff late %}late{% endif %}</p>")
    (finding,) = template_lint.compile_findings(tmp_path, [path])
    assert (finding.path, finding.line) == (path, 2)


def test_templates_of_the_house_keep_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    code = template_lint.main(settings.BASE_DIR / "templates")
    said = capsys.readouterr()
    assert (code, said.err) == (0, ""), said.out
