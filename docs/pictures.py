"""Takes a picture of every page, in both themes, of a sandbox in the middle of its day: `make pictures`.

All go to var/pictures for somebody to look at; those that the README shows go to docs/pictures.  With `--shown` only
these are taken.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from support.browser import Person, browsing
from support.service import Service, running
from support.workday import Workday, busy, pages

ALL = ROOT / "var" / "pictures"
SHOWN = {"inbox-task": "light", "case-diagram": "light"}
"""Which the README shows, and in which theme."""
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES = {"": (1280, 800), "-phone": (390, 844)}


def take(browser: Browser, service: Service, day: Workday, *, only_shown: bool) -> None:
    for theme in THEMES:
        for ending, (width, height) in SIZES.items():
            for name, (who, path) in pages(service, day).items():
                if only_shown and (ending or SHOWN.get(name) != theme):
                    continue
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=theme, locale="ru-RU"
                )
                person = Person(service, who, context.new_page()).sign_in().open(path).settled()
                picture = person.page.screenshot()
                (ALL / f"{name}-{theme}{ending}.png").write_bytes(picture)
                if SHOWN.get(name) == theme and not ending:
                    (ROOT / "docs" / "pictures" / f"{name}.png").write_bytes(picture)
                context.close()


def main() -> None:
    ALL.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as service, browsing() as browser:
        take(browser, service, busy(service), only_shown="--shown" in sys.argv[1:])
    print(f"{len(list(ALL.glob('*.png')))} pictures in {ALL.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
