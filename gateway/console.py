"""The console's first page: what waits for a person, and how the contracts stand. Reads only."""

import secrets
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, select_autoescape

from gateway.access import COOKIE, Access
from gateway.deps import TheDeps, TheStores

router = APIRouter(include_in_schema=False)
_pages = Environment(loader=PackageLoader("gateway", "pages"), autoescape=select_autoescape(default=True))
_MOST = 200
_POLICY = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


@router.get("/")
async def console(request: Request, stores: TheStores, deps: TheDeps) -> Response:
    """The page, or the way to sign in."""
    access: Access = request.app.state.access
    actor = await access.of(request, cookie=True)
    if actor is None:
        return _page("login.html", refused=False)
    return _page(
        "console.html",
        actor=actor,
        now=deps.clock(),
        events=await stores.events.counts(),
        exceptions=await stores.exceptions.list(status="open", limit=_MOST),
        contracts=await stores.contracts.list(limit=_MOST),
    )


@router.post("/login")
async def login(request: Request) -> Response:
    """Changes an operator's token for a cookie that ends by itself."""
    access: Access = request.app.state.access
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    token = form.get("token", [""])[0].strip()
    operator = await access.by_token(token) if token else None
    if operator is None:
        return _page("login.html", status=401, refused=True)
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        COOKIE,
        access.sessions.issue(operator.name),
        max_age=access.sessions.seconds,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.post("/logout")
async def logout() -> Response:
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


def _page(name: str, *, status: int = 200, **values: Any) -> Response:
    nonce = secrets.token_urlsafe(16)
    policy = f"{_POLICY}; style-src 'nonce-{nonce}'"
    html = _pages.get_template(name).render(nonce=nonce, **values)
    return HTMLResponse(html, status_code=status, headers={"Content-Security-Policy": policy})
