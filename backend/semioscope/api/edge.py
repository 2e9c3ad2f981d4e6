"""The edge of the server: what stands between the network and the routes, in its order."""

from fastapi import FastAPI

from semioscope.api.body_limit import BodyLimit
from semioscope.api.cookies import IdentityCookie
from semioscope.api.problems import UnexpectedErrors, add_problem_handlers
from semioscope.api.rate_limit import RequestLimit
from semioscope.api.redaction import redact_logs
from semioscope.api.security import SameOrigin, SecurityHeaders
from semioscope.settings import Settings


def add_edge(app: FastAPI, settings: Settings) -> None:
    """Adds every edge piece to the app. `app.state.identities` must be set before the first call.

    A refusal of any piece passes through those before it, so it too carries the headers.
    """
    add_problem_handlers(app)
    redact_logs()
    # Starlette puts what is added last outermost.
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(RequestLimit, per_minute=settings.requests_per_minute)
    app.add_middleware(IdentityCookie)
    app.add_middleware(SameOrigin)
    app.add_middleware(UnexpectedErrors)
    app.add_middleware(SecurityHeaders)
