"""Questions in few words, and what their answers say: the same for both clients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Union

from . import schema
from ._packing import Pairs
from .errors import Error, ErrorKind, require_ok

Credential = Union[
    schema.PasswordCredential, schema.KeyCredential, schema.TokenCredential, schema.NamedUser
]
#: An action and a resource.
Pair = tuple[str, str]


def _asked(questions: Iterable[Pair | schema.Question]) -> list[schema.Question]:
    pairs = Pairs(questions)  # type: ignore[arg-type]
    if all(type(one) is tuple for one in pairs):
        return pairs  # type: ignore[return-value]
    return [
        one
        if isinstance(one, schema.Question)
        else schema.Question(action=one[0], resource=one[1])
        for one in pairs
    ]


def check_query(
    tenant: str | None,
    credential: Credential,
    questions: Iterable[Pair | schema.Question],
    call: schema.Call | None,
    at_least_seq: int,
    wait_ms: int,
) -> schema.Query:
    body = schema.Check(credential=credential, questions=_asked(questions))
    return schema.Query(
        tenant=tenant, call=call, at_least_seq=at_least_seq, wait_ms=wait_ms, body=body
    )


def authenticate_query(
    tenant: str | None, credential: Credential, call: schema.Call | None, decline_token: bool
) -> schema.Query:
    body = schema.Authenticate(credential=credential, decline_token=decline_token)
    return schema.Query(tenant=tenant, call=call, body=body)


def status_query() -> schema.Query:
    return schema.Query(body=schema.GetStatus())


def _something_else() -> Error:
    return Error(
        ErrorKind.protocol,
        "The daemon answered something else than was asked.",
        "Check that its version fits this client.",
    )


def decisions_in(answer: schema.Answer, count: int) -> list[schema.Decision]:
    """One for each question. No answer is no denial: Refused is raised then."""
    require_ok(answer)
    if not isinstance(answer.body, schema.Checked) or len(answer.body.decisions) != count:
        raise _something_else()
    return answer.body.decisions


def authenticated_in(answer: schema.Answer) -> schema.Authenticated:
    require_ok(answer)
    if not isinstance(answer.body, schema.Authenticated):
        raise _something_else()
    return answer.body


def status_in(answer: schema.Answer) -> schema.Status:
    require_ok(answer)
    if not isinstance(answer.body, schema.Status):
        raise _something_else()
    return answer.body
