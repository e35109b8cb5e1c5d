"""What a template may not contain, so that the content security policy needs no exception and nothing is unescaped.

    python -m tests.architecture.template_lint templates

Prints file:line: rule for each finding and ends with 1 when there is one. The Python modules that write HTML are read
too: they may not declare text safe. Every template is compiled as well, when the settings can be loaded.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template

COMMENT = re.compile(r"\{#.*?#\}|\{%\s*comment\b.*?%\}.*?\{%\s*endcomment\s*%\}", re.DOTALL)
BLOCK = re.compile(r"\{%.*?%\}|<!--.*?-->", re.DOTALL)
VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
TAG = re.compile(r"<([a-zA-Z][\w:-]*)((?:\"[^\"]*\"|'[^']*'|[^>\"'])*)>", re.DOTALL)
ATTRIBUTE = re.compile(r"([^\s=\"'/>]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")
LOADING_TAGS = {"link": ("href",), "use": ("href", "xlink:href"), "image": ("href", "xlink:href")}
LOADING_ATTRIBUTES = ("src", "srcset", "data", "poster")
DECLARED_SAFE = re.compile(r"\b(mark_safe|html_safe|SafeString\(|SafeText\()|is_safe=True")


@dataclass(frozen=True, slots=True)
class Tag:
    """One HTML tag of a template: its name and attributes in lower case, and where it starts."""

    name: str
    attributes: dict[str, str]
    start: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of a file that breaks a rule."""

    path: Path
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}"


Rule = Callable[[Tag], str | None]


def style_attribute(tag: Tag) -> str | None:
    """Inline style is blocked by the policy."""
    return "style attribute" if "style" in tag.attributes else None


def event_attribute(tag: Tag) -> str | None:
    """Inline handlers are blocked by the policy."""
    return next((f"event attribute {name}" for name in tag.attributes if re.fullmatch(r"on[a-z]+", name)), None)


def inline_code(tag: Tag) -> str | None:
    """Only files of this site may be scripts and style sheets."""
    inline = tag.name == "style" or (tag.name == "script" and "src" not in tag.attributes)
    return f"inline {tag.name}" if inline else None


def script_address(tag: Tag) -> str | None:
    """An address may not be code."""
    squeezed = (re.sub(r"\s", "", value).lower() for value in tag.attributes.values())
    return "javascript: address" if any(value.startswith("javascript:") for value in squeezed) else None


def evaluated_htmx(tag: Tag) -> str | None:
    """These parts of htmx need eval, which the policy blocks."""
    for name, value in tag.attributes.items():
        bare = name.removeprefix("data-")
        if bare.startswith("hx-on"):
            return "hx-on"
        if bare.startswith("hx-trigger") and "[" in value:
            return "hx-trigger filter"
        if bare.startswith("hx-") and re.match(r"\s*(js|javascript):", value):
            return f"{bare} with code"
    return None


def off_host(tag: Tag) -> str | None:
    """Pages load nothing from another host; links to other sites are allowed."""
    names = (*LOADING_ATTRIBUTES, *LOADING_TAGS.get(tag.name, ()))
    values = [tag.attributes.get(name, "").strip().lower() for name in names]
    return "off-host address" if any(re.match(r"(https?:)?//|data:", value) for value in values) else None


def image_without_words(tag: Tag) -> str | None:
    """An image says what it shows; a decoration says alt=""."""
    return "image without alt" if tag.name == "img" and "alt" not in tag.attributes else None


TAG_RULES: tuple[Rule, ...] = (
    style_attribute,
    event_attribute,
    inline_code,
    script_address,
    evaluated_htmx,
    off_host,
    image_without_words,
)
TEXT_RULES = (
    ("escaping switched off", re.compile(r"\{%\s*autoescape\s+off")),
    ("text declared safe", re.compile(r"\{[{%][^}]*\|\s*safe(seq)?\b|\{%\s*filter\s+safe")),
    ("value inside a tag name", re.compile(r"</?(?:[\w:-]*\{\{|\{%)")),
)


def blank(pattern: re.Pattern[str], text: str, *, fill: str = " ") -> str:
    """Return the text with what the pattern finds blanked out, every line and column where it was."""
    return pattern.sub(lambda found: re.sub(r"[^\n]", fill, found.group()[:-1]) + " ", text)


def tags(html: str) -> Iterator[Tag]:
    """Yield the start tags of a template whose Django constructs are blanked."""
    for found in TAG.finditer(html):
        pairs = ATTRIBUTE.findall(found.group(2))
        yield Tag(found.group(1).lower(), {name.lower(): value.strip("\"'") for name, value in pairs}, found.start())


def posts_without_token(text: str, html: str) -> Iterator[tuple[int, str]]:
    """Yield the places of forms that post without the cross-site token, or without the key of a form that acts once.

    A form that does no harm when it is sent twice, such as a search or an export, says so: data-repeatable.
    """
    for form in tags(html):
        if form.name != "form" or form.attributes.get("method", "").lower() != "post":
            continue
        end = html.find("</form", form.start)
        needed = ("csrf_token",) if "data-repeatable" in form.attributes else ("csrf_token", "sent_once")
        for name in needed:
            if not re.search(rf"\{{%\s*{name}\s*%\}}", text[form.start : end if end > 0 else None]):
                yield form.start, f"form posts without {name}"


def broken_rules(source: str) -> Iterator[tuple[int, str]]:
    """Yield (place, rule) for each thing in a template that may not be there."""
    text = blank(COMMENT, source)
    html = blank(VALUE, blank(BLOCK, text), fill="x")
    for rule, pattern in TEXT_RULES:
        yield from ((found.start(), rule) for found in pattern.finditer(text))
    for tag in tags(html):
        yield from ((tag.start, broken) for rule in TAG_RULES if (broken := rule(tag)))
    yield from posts_without_token(text, html)


def template_findings(path: Path) -> list[Finding]:
    """Return what breaks a rule in one template, by line."""
    source = path.read_text()
    found = sorted(set(broken_rules(source)))
    return [Finding(path, source.count("\n", 0, place) + 1, rule) for place, rule in found]


def tag_module_findings(path: Path) -> list[Finding]:
    """Return the lines of a Python module that declare text safe. A type in an annotation declares nothing."""
    lines = enumerate(path.read_text().splitlines(), 1)
    return [
        Finding(path, number, "text declared safe in Python") for number, line in lines if DECLARED_SAFE.search(line)
    ]


def tag_modules(root: Path) -> list[Path]:
    """Return the modules that write HTML: template tags and charts."""
    return [*root.glob("*/templatetags/*.py"), *root.glob("*/*/templatetags/*.py"), *root.glob("vca/core/charts.py")]


def compile_findings(folder: Path, paths: list[Path]) -> list[Finding]:
    """Return the templates that Django's engine cannot compile."""
    found = []
    for path in paths:
        try:
            get_template(str(path.relative_to(folder)))
        except (TemplateSyntaxError, TemplateDoesNotExist) as fault:
            line = getattr(fault, "token", None)
            found.append(Finding(path, line.lineno if line else 1, f"does not compile: {fault}"))
    return found


def set_up() -> str:
    """Load the settings; return why they cannot be loaded, or nothing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vca.settings")
    try:
        django.setup()
    except (ImproperlyConfigured, ImportError) as fault:
        return str(fault)
    return ""


def main(folder: Path) -> int:
    """Print every finding; return the exit code."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in {".html", ".svg", ".txt"})
    modules = tag_modules(folder.resolve().parent)
    findings = [finding for path in paths for finding in template_findings(path)]
    findings += [finding for path in modules for finding in tag_module_findings(path)]
    unready = set_up()
    if unready:
        print(f"templates were read but not compiled, the settings cannot be loaded: {unready}", file=sys.stderr)
    else:
        findings += compile_findings(folder, paths)
    print("\n".join(map(str, findings)) or f"{len(paths)} templates and {len(modules)} modules: nothing found")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
