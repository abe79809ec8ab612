"""The service put together: guard, routes, health, counters; and how it is run."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException

import kgqa
from kgqa.errors import NotPermitted, UsageError
from kgqa.server import changes, faults, openai, questions
from kgqa.server.access import Tokens
from kgqa.server.limits import Limits
from kgqa.server.service import Service

if TYPE_CHECKING:
    from kgqa.knowledge_base import KnowledgeBase

_OPEN = ("/healthz", "/readyz")
_LOCAL = ("localhost", "127.0.0.1", "[::1]")


def create_app(
    bases: Sequence[KnowledgeBase],
    tokens: Tokens | None = None,
    limits: Limits | None = None,
    *,
    writable: bool = False,
    hosts: Sequence[str] = _LOCAL,
) -> FastAPI:
    """Return the service as an ASGI application.

    :param tokens: who may call; everybody when ``None``.
    :param writable: without tokens, whether everybody may add and remove documents.
    :param hosts: names under which it may be called; a page of another site that has its name pointed here is refused.
    """
    # No pages of documentation: they would load scripts from elsewhere. /openapi.json describes everything.
    app = FastAPI(title="kgqa", version=kgqa.__version__, docs_url=None, redoc_url=None)
    app.state.service = Service(bases, tokens, limits, writable=writable)
    _guard(app, frozenset(host.lower() for host in hosts))
    _explain_faults(app)
    for router in (questions.router, changes.router, openai.router):
        app.include_router(router)
    app.add_api_route("/healthz", _alive, methods=["GET"])
    app.add_api_route("/readyz", _ready, methods=["GET"], response_model=None)
    app.add_api_route("/metrics", _metrics, methods=["GET"], response_class=PlainTextResponse)
    return app


def _guard(app: FastAPI, hosts: frozenset[str]) -> None:
    service: Service = app.state.service

    @app.middleware("http")
    async def guard(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        try:
            _check(request, service, hosts)
            response = await go_on(request)
        except Exception as fault:
            response = _response(fault)
        route = request.scope.get("route")
        service.metrics.request(getattr(route, "path", "none"), response.status_code)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _check(request: Request, service: Service, hosts: frozenset[str]) -> None:
    """Refuse what must not reach a route, before anything of its body is read."""
    name = _host_of(request.headers.get("host", ""))
    if "*" not in hosts and name not in hosts:
        raise UsageError(f"this service is not called {name[:80]!r}; start it with --allow-host for that name")
    origin = request.headers.get("origin")
    if origin is not None and "*" not in hosts and _host_of(origin) not in hosts:
        raise NotPermitted(
            f"pages of {origin[:80]!r} may not call this service; start it with --allow-host for that name"
        )
    put = request.method == "PUT"
    length = request.headers.get("content-length", "" if put else "0")
    if not put and "transfer-encoding" in request.headers:
        raise faults.TooLarge("send the body with its length (Content-Length)")
    most = service.limits.upload if put else service.limits.body
    if length and (not length.isdecimal() or int(length) > most):
        raise faults.TooLarge(f"the request has {length[:20]} bytes; {most:,} are the most here")
    if request.url.path not in _OPEN:
        request.state.caller = service.caller(request.headers.get("authorization", ""))


def _host_of(address: str) -> str:
    """Return the name in ``name:port`` or ``http://name:port``; an IPv6 address keeps its brackets."""
    host = address.lower().rpartition("://")[2]
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def _explain_faults(app: FastAPI) -> None:
    async def invalid(_: Request, fault: Exception) -> Response:
        assert isinstance(fault, RequestValidationError)
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return _response(UsageError(f"{where}: {first['msg']}"), 422)

    async def unknown(_: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)
        return _response(UsageError(str(fault.detail)), fault.status_code)

    async def any_fault(_: Request, fault: Exception) -> Response:
        return _response(fault)

    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, unknown)
    app.add_exception_handler(kgqa.KgqaError, any_fault)


def _response(fault: Exception, status: int = 0) -> JSONResponse:
    body, code = faults.told(fault), status or faults.status_of(fault)
    body["error"]["code"] = code
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "2"}}.get(code, {})
    return JSONResponse(body, code, headers=headers)


async def _alive() -> dict[str, str]:
    return {"status": "alive"}


async def _ready(request: Request) -> Response:
    """Answer 200 once every knowledge base has its models, 503 before."""
    service: Service = request.app.state.service
    ready = bool(getattr(request.app.state, "ready", False)) and bool(service.bases)
    return JSONResponse({"status": "ready" if ready else "loading"}, 200 if ready else 503)


async def _metrics(request: Request) -> str:
    service: Service = request.app.state.service
    return service.metrics.text(service.gauges())


def load(app: FastAPI) -> None:
    """Load the models of every knowledge base; from then on the service is ready."""
    for base in app.state.service.bases.values():
        _ = base.qa
    app.state.ready = True


def run(app: FastAPI, host: str, port: int, started: Callable[[str], Any] | None = None) -> None:
    """Serve until the process is told to stop; requests at work are finished.

    :param port: 0 takes a free one.
    :param started: called with the address.
    """
    import threading

    import uvicorn

    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(kind, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as fault:
            raise UsageError(
                f"{host}:{port} cannot be listened on ({fault.strerror}); choose another --port"
            ) from fault
        shown = f"[{host}]" if ":" in host else host
        if started is not None:
            started(f"http://{shown}:{listening.getsockname()[1]}")
        threading.Thread(target=load, args=(app,), name="kgqa-load", daemon=True).start()
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=30
        )
        uvicorn.Server(config).run(sockets=[listening])
