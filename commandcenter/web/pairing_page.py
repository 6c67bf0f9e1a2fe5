"""The page that a display without a token shows: a large code, and what to do with it.

Plain HTML without Dash, so that it also comes up when much else does not (assets/pairing.js).
"""

from __future__ import annotations

from datetime import datetime
from html import escape

from starlette.responses import HTMLResponse

from commandcenter.language import Language
from commandcenter.region import Region
from commandcenter.web.words import as_markup, page_words

ASK_EVERY = 1.0  # seconds: how often a display asks whether its code was entered

PAGE = """<!DOCTYPE html>
<html lang="{language}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="dark">
    <meta name="build" content="{build}">
    <meta id="words" {words}>
    <title>{title}</title>
    <link rel="icon" href="data:,">
    <link rel="preload" href="/assets/fonts/inter.woff2" as="font" type="font/woff2" crossorigin>
    <link rel="stylesheet" href="/assets/theme.css?m={build}">
    <link rel="stylesheet" href="/assets/pairing.css?m={build}">
    <script defer src="/assets/clock.js?m={build}"></script>
    <script defer src="/assets/pairing.js?m={build}"></script>
  </head>
  <body>
    <main class="pairing" data-now="{now}" data-every="{every}" data-state="asking">
      <header>
        <span class="crest">{initials}</span>
        <div class="whose"><strong>{region}</strong><small>{office}</small></div>
        <div class="clock"><time data-clock></time> <small>{zone}</small>
          <time class="date" data-date></time></div>
      </header>
      <section class="{kind}">
        <h1>{title}</h1>
        <p class="why">{why}</p>
        <div id="code" role="img" aria-label="">{places}</div>
        <div id="time"><span></span></div>
        <p id="holds"></p>
        <ol><li>{first}</li><li>{second}</li><li>{third}</li></ol>
      </section>
      <footer>
        <p id="told" role="status"><i class="mark none"></i><span>{fetching}</span></p>
        <p id="size"></p>
      </footer>
      <noscript>{noscript}</noscript>
    </main>
  </body>
</html>"""


def pairing_page(
    say: Language,
    build: str,
    region: Region,
    now: datetime,
    revoked_at: datetime | None = None,
    *,
    known: bool = True,
    every: float = ASK_EVERY,
) -> HTMLResponse:
    """The page that shows a code. `known` is False while a display has a token and the records
    that know whose it is do not answer. `every`: seconds between its questions."""
    kind = "revoked" if revoked_at else "new" if known else "waiting"
    words = {
        "title": _title(say, kind),
        "why": _why(say, revoked_at, known=known),
        "first": say("On the operator's computer open {page}", page="/screens"),
        "second": say("Enter this code, give the display a name and choose its wall"),
        "third": say("This display then begins by itself; nothing has to be done here"),
        "fetching": say("Fetching a code"),
        "noscript": say("This display needs JavaScript"),
        "region": region.name,
        "office": region.office,
        "initials": region.initials,
        "zone": say.zone_name,
        "language": say.code,
        "build": build,
    }
    plain = {name: escape(text) for name, text in words.items()}
    page = PAGE.format(
        **plain,
        kind=kind,
        now=int(now.timestamp() * 1000),
        every=int(every * 1000),
        words=as_markup(page_words(say)),
        places=_PLACES,
    )
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


_PLACES = "<b></b><b></b><b></b><i></i><b></b><b></b><b></b>"


def _title(say: Language, kind: str) -> str:
    if kind == "revoked":
        return say("This display was revoked")
    if kind == "waiting":
        return say("This display is being recognised")
    return say("This display is not paired yet")


def _why(say: Language, revoked_at: datetime | None, *, known: bool) -> str:
    if revoked_at:
        return say("since {moment}; a new code pairs it again", moment=say.moment(revoked_at))
    if not known:
        return say("The wall comes back by itself as soon as the database answers")
    return say("An operator pairs it with this code, once")
