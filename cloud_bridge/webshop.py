"""A small web shop: takes the events of a shop and shows customers what is there now."""

from __future__ import annotations

import html
import secrets
from importlib import resources
from string import Template

import msgspec
import standardwebhooks
import uvicorn
from fastapi import FastAPI, Request, Response

from cloud_bridge.catalogue import Catalogue, read_batch
from cloud_bridge.webhook import CLOUDEVENTS_BATCH, signature
from edge.errors import ContractError

# A batch of 1,000 events of about 1 kB, several times over.
LARGEST_BODY = 8 * 1024 * 1024
PAGE_HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
}


def web_shop(secret: str, title: str) -> FastAPI:
    """Build the web shop; `secret` is the one of the webhook that feeds it.

    `POST /webhook` takes signed batches, `GET /` is the customers' page, `GET /products` what
    that page shows, `GET /state` all that was taken. It keeps everything in memory.
    Raises ConfigError when the secret cannot be decoded.
    """
    app = FastAPI(
        title=title, docs_url=None, redoc_url=None, openapi_url=None, max_body_size=LARGEST_BODY
    )
    catalogue = Catalogue()
    _take_events(app, catalogue, signature(secret))
    _tell(app, catalogue)
    _show(app, title)
    return app


def serve(host: str, port: int, secret: str, title: str = "Web shop") -> None:
    """Run the web shop until SIGTERM or SIGINT.

    Raises ConfigError when the secret cannot be decoded, SystemExit when the port is taken.
    """
    uvicorn.run(
        web_shop(secret, title),
        host=host,
        port=port,
        ws="none",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=3,
    )


def _take_events(app: FastAPI, catalogue: Catalogue, verifier: standardwebhooks.Webhook) -> None:
    @app.post("/webhook")
    async def take(request: Request) -> Response:
        """Take a signed CloudEvents batch, all of it or nothing."""
        body = await request.body()
        try:
            verifier.verify(body, dict(request.headers), json_parse=False)
        except (standardwebhooks.WebhookVerificationError, ValueError) as fault:
            # ValueError: a signature that is not "v1,base64", or a body that is not UTF-8.
            catalogue.note_bad_signature()
            return _problem(401, "Expected a Standard Webhooks signature", str(fault))
        came = request.headers.get("content-type", "none")
        if came.partition(";")[0].strip().lower() != CLOUDEVENTS_BATCH:
            return _problem(415, f"Expected content type {CLOUDEVENTS_BATCH}", f"came {came}")
        try:
            catalogue.take(read_batch(body))
        except ContractError as fault:
            return _problem(400, "The batch breaks the contract", str(fault))
        return Response(status_code=204)


def _tell(app: FastAPI, catalogue: Catalogue) -> None:
    # A restarted shop counts its revisions from nought again: the prefix tells them apart.
    started = secrets.token_hex(4)

    @app.get("/products")
    async def products(request: Request) -> Response:
        """Give what the page shows; 304 to a page that has it already."""
        tag = f'"{started}-{catalogue.revision}"'
        headers = {"etag": tag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return _json({"products": catalogue.offers()}, headers)

    @app.get("/state")
    async def state() -> Response:
        """Give all that was taken."""
        return _json(catalogue.shown(), {"cache-control": "no-store"})


def _show(app: FastAPI, title: str) -> None:
    page = Template(_asset("webshop.html")).substitute(title=html.escape(title))
    script, style = _asset("webshop.js"), _asset("webshop.css")

    @app.get("/")
    async def shop() -> Response:
        return Response(page, media_type="text/html", headers=PAGE_HEADERS)

    @app.get("/webshop.js")
    async def behaviour() -> Response:
        return Response(script, media_type="text/javascript", headers=PAGE_HEADERS)

    @app.get("/webshop.css")
    async def looks() -> Response:
        return Response(style, media_type="text/css", headers=PAGE_HEADERS)


def _asset(name: str) -> str:
    return resources.files("cloud_bridge").joinpath(name).read_text("utf-8")


def _json(value: object, headers: dict[str, str]) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json", headers=headers)


def _problem(status: int, title: str, detail: str) -> Response:
    """Answer with a problem document (RFC 9457)."""
    problem = {"title": title, "status": status, "detail": detail}
    return Response(
        msgspec.json.encode(problem), status_code=status, media_type="application/problem+json"
    )
