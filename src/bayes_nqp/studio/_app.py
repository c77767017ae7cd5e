"""The web application: its pages under a secret address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from shiny import App, Inputs, Outputs, Session, reactive, ui
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Event

from bayes_nqp._core.i18n import ENGLISH, NOTHING, Message, Translator, languages, typography
from bayes_nqp.studio._files import Uploads, served
from bayes_nqp.studio._registry import PAGES, Page
from bayes_nqp.studio._view import Shared, View, alarm, switch
from bayes_nqp.studio._workspace import Desk

_TEMPLATES: Final = Path(__file__).parent / "templates"
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'self'; form-action 'self'; base-uri 'none'"
)
"""Content security policy: pages load nothing from other sites."""
_HEADERS: Final = {
    "content-security-policy": _POLICY, "referrer-policy": "no-referrer",
    "cache-control": "no-store", "x-content-type-options": "nosniff",
}  # fmt: skip
_ELSEWHERE: Final = "403: this is answered to pages of this machine's own address alone\n"
_NAMES: Final = ("127.0.0.1", "localhost")
"""Names of this computer in accepted requests."""
_REFUSED: Final = "403: the address lacks its token; the terminal shows the whole of it\n"
_TITLE: Final = Message("Policy evaluation studio")
_LOST: Final = Message(
    "The studio has stopped. Start it again and open this page at the new address."
)


def application(desk: Desk, token: str, uploads: Path) -> ASGIApp:
    """Make the web application.

    Parameters
    ----------
    token : str
        First part of every address; requests without it are refused.
    uploads : Path
        Folder of uploaded files until they are opened.
    """
    shared = Shared(desk, Uploads(uploads), reactive.Value(0))
    pages = App(partial(_frame, shared), _server(shared))
    inner_app = pages.starlette_app  # has start-up and shutdown hooks

    async def refused(_: Request) -> PlainTextResponse:
        return PlainTextResponse(_REFUSED, 403)

    inner = Starlette(
        routes=[
            Route(f"/{token}/upload", shared.uploads.receive, methods=["POST"]),
            Route(f"/{token}/files/{{path:path}}", served(desk)),
            # Uploads through shiny have no size limit and are refused.
            Route(f"/{token}/session/{{session}}/upload/{{rest:path}}", refused, methods=["POST"]),
            Mount(f"/{token}", pages),
            Route("/{rest:path}", refused),
        ],
        lifespan=cast("Any", lambda _: inner_app.router.lifespan_context(inner_app)),
    )
    return _guarded(inner)


def _guarded(inner: ASGIApp) -> ASGIApp:
    """Answer only requests from the studio's own pages, and set the browser's security policy.

    A page of another site may know the address, and another host name may lead to this computer.
    Both are refused by means of the headers for the origin and the target of a request.
    """

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        async def said(message: Event) -> None:
            if message["type"] == "http.response.start":
                set_already = {key for key, _ in message.get("headers", ())}
                extra = [(k.encode(), x.encode()) for k, x in _HEADERS.items()]
                extra = [pair for pair in extra if pair[0] not in set_already]
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        if scope["type"] != "lifespan" and not _from_here(HTTPConnection(scope)):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await PlainTextResponse(_ELSEWHERE, 403)(scope, receive, said)
            return
        await inner(scope, receive, said)

    return outer


def _from_here(connection: HTTPConnection) -> bool:
    """Return True if a request names this computer, and comes from a page of the same address."""
    hosts, origins = connection.headers.getlist("host"), connection.headers.getlist("origin")
    if len(hosts) != 1 or hosts[0].rpartition(":")[0] not in _NAMES:
        return False
    return all(origin == f"http://{hosts[0]}" for origin in origins)


def _frame(shared: Shared, request: Request) -> Any:
    """Return the layout of all pages."""
    wish = request.headers.get("accept-language", "")[:2].lower()
    shared.wish = wish if wish in languages() else ENGLISH
    tongue = shared.language
    lost = {language: Translator(language)(_LOST) for language in languages()}
    return ui.page_fluid(
        ui.head_content(
            ui.tags.meta(name="viewport", content="width=device-width, initial-scale=1"),
            ui.tags.link(rel="icon", href="data:,"),
            ui.tags.style((_TEMPLATES / "studio.css").read_text(encoding="utf-8")),
            ui.tags.script(ui.HTML((_TEMPLATES / "studio.js").read_text(encoding="utf-8"))),
        ),
        ui.div(*(ui.p(x, lang=typography(key).tag) for key, x in lost.items()), id="lost",
               role="alert", hidden="hidden"),
        ui.tags.header(
            ui.h1(_TITLE.in_(tongue), id="name"),
            ui.input_radio_buttons("language", None, switch(), selected=tongue, inline=True),
        ),
        ui.output_ui("failure"),
        ui.tags.main(ui.output_ui("pages")),
        title=_TITLE.in_(tongue),
        lang=typography(tongue).tag,
    )  # fmt: skip


def _server(shared: Shared) -> Any:
    def server(input: Inputs, output: Outputs, session: Session) -> None:
        view = View(
            shared, input, output, session, reactive.Value(shared.language), reactive.Value(NOTHING)
        )
        bodies = {name: _made(each, view) for name, each in PAGES.items()}

        @reactive.effect
        @reactive.event(input.language)
        async def _() -> None:
            if input.language() != view.language.get():
                shared.chosen = input.language()
                view.language.set(input.language())

        @reactive.effect
        async def _() -> None:
            view.heard()
            with reactive.isolate():
                before = view.language.get()
            if shared.language != before:  # the language of a file opened meanwhile
                view.language.set(shared.language)
                ui.update_radio_buttons("language", selected=shared.language)

        @reactive.effect
        async def _() -> None:
            language = view.language.get()
            message: dict[str, object] = {
                "tag": typography(language).tag,
                "name": _TITLE.in_(language),
            }
            await session.send_custom_message("tongue", message)

        view.show("failure", lambda: alarm([view.failure.get().in_(view.language.get())]))

        view.show("pages", lambda: _shown(view, bodies))
        for name in bodies:
            _turning(input, name)

    return server


def _shown(view: View, names: Iterable[str]) -> Any:
    """Return the pages as tabs; changing the language keeps the current tab."""
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
    """Return a button that opens the next page."""
    if name:
        words = translate("Next: {}", PAGES[name].title)
        yield ui.input_action_button(f"turn_{name}", words, class_="onward")


def _turning(input: Inputs, name: str) -> None:
    """Let the button open the next page."""

    @reactive.effect
    @reactive.event(input[f"turn_{name}"], ignore_init=True)
    def _() -> None:
        ui.update_navset("page", selected=name)


def _made(page: Page, view: View) -> Any:
    body = page.make(view)
    view.show(f"body_{page.name}", body)
    return body
