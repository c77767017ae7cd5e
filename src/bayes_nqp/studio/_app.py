"""The application: its pages under an address that only its user knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from shiny import App, Inputs, Outputs, Session, reactive, ui
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bayes_nqp.language import ENGLISH, Translator, languages, typography
from bayes_nqp.language import Message as Text
from bayes_nqp.studio._desk import Desk
from bayes_nqp.studio._registry import PAGES, Page
from bayes_nqp.studio._view import View, alarm, switch

_TEMPLATES: Final = Path(__file__).parent / "templates"
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'self'; form-action 'self'; base-uri 'none'"
)
"""What a page may load: nothing from elsewhere."""
_HEADERS: Final = {
    "content-security-policy": _POLICY, "referrer-policy": "no-referrer",
    "cache-control": "no-store", "x-content-type-options": "nosniff",
}  # fmt: skip
_REFUSED: Final = "403: the address lacks its token; the terminal shows the whole of it\n"
_NAME: Final = "bayes-nqp studio"
_LOST: Final = Text("The studio has ended. Start it again; what was computed is kept with --keep.")


def application(desk: Desk, token: str) -> ASGIApp:
    """Make the application.

    Parameters
    ----------
    token : str
        The first part of every address: nothing is answered without it.
    """
    chosen: dict[str, str] = {}
    pages = App(partial(_frame, chosen), _server(desk, chosen))
    inner_app = pages.starlette_app  # what begins and ends with the server
    files = StaticFiles(directory=Path.cwd(), check_dir=False)

    async def refused(_: Request) -> PlainTextResponse:
        return PlainTextResponse(_REFUSED, 403)

    inner = Starlette(
        routes=[
            Mount(f"/{token}/files", files),
            Mount(f"/{token}", pages),
            Route("/{rest:path}", refused),
        ],
        lifespan=cast("Any", lambda _: inner_app.router.lifespan_context(inner_app)),
    )
    return _with_headers(inner)


def _with_headers(inner: ASGIApp) -> ASGIApp:
    """Let every answer say what a browser may do with it; a report brings a stricter policy."""

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        async def said(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(k.encode(), x.encode()) for k, x in _HEADERS.items()]
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        await inner(scope, receive, said)

    return outer


def _frame(chosen: dict[str, str], request: Request) -> Any:
    """What every page stands in; the browser's language, until another one is chosen."""
    wish = request.headers.get("accept-language", "")[:2].lower()
    tongue = chosen.setdefault("language", wish if wish in languages() else ENGLISH)
    lost = {language: Translator(language)(_LOST) for language in languages()}
    return ui.page_fluid(
        ui.head_content(
            ui.tags.meta(name="viewport", content="width=device-width, initial-scale=1"),
            ui.tags.link(rel="icon", href="data:,"),
            ui.tags.style((_TEMPLATES / "studio.css").read_text(encoding="utf-8")),
            ui.tags.script(ui.HTML((_TEMPLATES / "studio.js").read_text(encoding="utf-8"))),
        ),
        ui.div(*lost.values(), id="lost", role="alert", hidden="hidden"),
        ui.tags.header(
            ui.h1(_NAME),
            ui.input_radio_buttons("language", None, switch(), selected=tongue, inline=True),
        ),
        ui.output_ui("failure"),
        ui.tags.main(ui.output_ui("pages")),
        title=_NAME,
        lang=typography(tongue).tag,
    )


def _server(desk: Desk, chosen: dict[str, str]) -> Any:
    def server(input: Inputs, output: Outputs, session: Session) -> None:
        view = View(
            desk, input, output, session, reactive.Value(0), reactive.Value(chosen["language"]),
            reactive.Value(""),
        )  # fmt: skip
        bodies = {name: _made(each, view) for name, each in PAGES.items()}

        @reactive.effect
        @reactive.event(input.language, ignore_init=True)
        async def _() -> None:
            chosen["language"] = input.language()
            view.language.set(input.language())

        @reactive.effect
        async def _() -> None:
            tag = typography(view.language.get()).tag
            await session.send_custom_message("tongue", {"tag": tag})

        view.show("failure", lambda: alarm([view.failure.get()]))

        view.show("pages", lambda: _shown(view, bodies))
        for name in bodies:
            _turning(input, name)

    return server


def _shown(view: View, names: Iterable[str]) -> Any:
    """The pages beside one another; a new language turns to none."""
    translate, order = view.translate, [name for name in PAGES if name in {*names}]
    with reactive.isolate():
        now = view.input.page() if "page" in view.input else None
    return ui.navset_pill_list(
        *(
            ui.nav_panel(
                translate(PAGES[name].title),
                ui.output_ui(f"body_{name}"),
                *_onward(after, translate),
                value=name,
            )
            for name, after in zip(order, [*order[1:], ""], strict=True)
        ),
        id="page",
        selected=now,
        widths=(2, 10),
        well=False,
    )


def _onward(name: str, translate: Translator) -> Iterator[Any]:
    """A button to the page that comes next."""
    if name:
        words = translate("Next: {}", PAGES[name].title)
        yield ui.input_action_button(f"turn_{name}", words, class_="onward")


def _turning(input: Inputs, name: str) -> None:
    """Let the button that leads to a page turn to it."""

    @reactive.effect
    @reactive.event(input[f"turn_{name}"], ignore_init=True)
    def _() -> None:
        ui.update_navset("page", selected=name)


def _made(page: Page, view: View) -> Any:
    body = page.make(view)
    view.show(f"body_{page.name}", body)
    return body
