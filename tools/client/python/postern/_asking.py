"""Questions on their way, and how tokens take the place of passwords and keys (C11, S1).

A token that is refused because it or its user has been stopped is forgotten, and the question is
asked once more with its credential, so that a caller is told what its credential is worth and
nothing of a token it never saw.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

from . import schema
from ._gate import QUERIES, carries_password, credential_of, to_bytes
from ._guarded_history import GuardedHistory
from ._kept_tokens import KeptTokens, Owner, folded
from ._lane import Lane, Then
from ._watch import Watch
from .errors import Error, ErrorKind
from .options import Options
from .schema import Code

#: C9: what stops a token before its question.
STOPS = frozenset(
    {
        Code.invalid_credentials,
        Code.session_expired,
        Code.credential_expired,
        Code.tenant_unknown,
        Code.tenant_disabled,
        Code.interactive_not_allowed,
        Code.user_locked,
        Code.user_not_active,
        Code.api_access_not_allowed,
        Code.network_not_allowed,
        Code.tls_required,
    }
)
NEW_PASSWORDS = (schema.ChangePassword, schema.ResetPassword, schema.RotatePassword)


def _verdict_of(answer: schema.Answer) -> Code | None:
    """What became of the credential, or None if the answer does not say."""
    if answer.code != Code.ok:
        return None
    if isinstance(answer.body, schema.Authenticated):
        return answer.body.reason
    if isinstance(answer.body, schema.Checked) and answer.body.decisions:
        return answer.body.decisions[0].reason
    return None


def _is_of_another(answer: schema.Answer, username: str) -> bool:
    """After a renaming a session is of a user that the caller did not name."""
    body = answer.body
    if not isinstance(body, schema.Authenticated) or not body.allowed or not username:
        return False
    return folded(body.username or "") != folded(username)


def _gives_token(answer: schema.Answer) -> bool:
    body = answer.body
    return (
        answer.code == Code.ok
        and isinstance(body, schema.Authenticated)
        and body.allowed
        and bool(body.token)
        and body.expires_ns > answer.time_ns
    )


class _Underway:
    """A question that carries a password or key, or would."""

    __slots__ = ("name", "owner", "by_token", "question", "begun", "shown", "then")

    def __init__(self, name: bytes, owner: Owner, begun: float, then: Then) -> None:
        self.name, self.owner, self.begun, self.then = name, owner, begun, then
        self.by_token = False
        #: With its credential, while a token stands for it.
        self.question: schema.Query | None = None
        #: The id that the caller knows.
        self.shown = 0


class Asking:
    """`history` judges the checkpoint that a status brings; `next_id` gives ids of questions."""

    def __init__(
        self, options: Options, watch: Watch, history: GuardedHistory, next_id: Callable[[], int]
    ) -> None:
        self._lane = Lane(QUERIES, options.queries, options, watch)
        self._history, self._next_id = history, next_id
        self._kept = KeptTokens() if options.keep_tokens else None
        #: The ids on the wire by those that the callers know, where they differ.
        self._sent_as: dict[int, int] = {}
        self._renewals = 0
        self.turn, self.due, self.close = self._lane.turn, self._lane.due, self._lane.close

    def send(self, query: schema.Query, then: Then) -> int:
        """The id that its end is known by."""
        # A token that was renewed is the one to send.
        if self._renewals:
            self.turn()
        credential = credential_of(query)
        keeps = isinstance(credential, (schema.PasswordCredential, schema.KeyCredential))
        if self._kept is None or not keeps or getattr(query.body, "decline_token", False):
            return self._post(query, lambda answer: self._end(answer, then))
        now = time.monotonic()
        username = credential.username if not hasattr(credential, "key") else ""
        name = self._kept.name_of(query, credential)
        one = _Underway(name, Owner(query.tenant or "", username or ""), now, then)
        kept = self._kept.find(one.name, now)
        one.by_token = kept is not None
        if kept is None:
            one.shown = self._post(query, lambda answer: self._settle(one, answer))
            return one.shown
        # The caller's own object may change before the answer is there.
        one.question = copy.copy(query)
        one.question.body = copy.copy(query.body)
        stand_in = schema.TokenCredential(token=kept.token, username=None)
        # Whose the key must be, its session must be.
        if isinstance(credential, schema.KeyCredential):
            stand_in.username = credential.username
        by_token = copy.copy(query)
        by_token.body = copy.copy(query.body)
        by_token.body.credential = stand_in  # type: ignore[union-attr]
        one.shown = self._post(by_token, lambda answer: self._settle(one, answer))
        if kept.renew_at <= now and not kept.renewing:
            self._post_renewal(one.name)
        return one.shown

    def cancel(self, id: int) -> bool:
        """Of one that is under way: there is no end to be told."""
        return self._lane.cancel(self._sent_as.pop(id, id))

    def forget_changed(self, message: schema.CommandMessage) -> None:
        """A new password was sent: what the older ones had got is not used any more."""
        for command in message.commands if self._kept is not None else ():
            if isinstance(command.body, NEW_PASSWORDS):
                self._kept.drop_user(  # type: ignore[union-attr]
                    message.tenant or "", command.user or ""
                )

    def _post(
        self,
        query: schema.Query,
        settle: Then,
        begun: float | None = None,
    ) -> int:
        id = query.id = self._next_id()
        self._lane.send(
            id,
            to_bytes(query, QUERIES.identifier),
            settle,
            repeatable=not carries_password(query),
            extra_ms=query.wait_ms,
            begun=begun,
        )
        return id

    def _post_renewal(self, name: bytes) -> None:
        """Behind the question, so that it costs the question nothing."""
        kept = self._kept.find(name, time.monotonic())  # type: ignore[union-attr]
        if kept is None:
            return
        query = schema.Query(body=schema.RenewSession(token=kept.token))
        try:
            self._post(query, lambda answer: self._learn_renewal(name, answer))
        except Error:
            # No room beside what the caller asks: the next question tries again.
            return
        kept.renewing = True
        self._renewals += 1

    def _settle(self, one: _Underway, answer: Any) -> None:
        self._sent_as.pop(one.shown, None)
        if isinstance(answer, Error):
            return self._end(answer, one.then)
        verdict = _verdict_of(answer)
        refused = verdict is not None and (
            verdict in STOPS or _is_of_another(answer, one.owner.username)
        )
        if one.by_token and refused:
            return self._ask_with_credential(one)
        self._learn(one, answer)
        answer.id = one.shown
        self._end(answer, one.then)

    def _ask_with_credential(self, one: _Underway) -> None:
        self._kept.drop(one.name)  # type: ignore[union-attr]
        one.by_token = False
        try:
            id = self._post(
                one.question,  # type: ignore[arg-type]
                lambda answer: self._settle(one, answer),
                begun=one.begun,
            )
        except Error as wrong:
            return self._end(wrong, one.then)
        one.question = None
        self._sent_as[one.shown] = id

    def _end(self, answer: Any, then: Then) -> None:
        """A status brings a checkpoint, which must agree with what is remembered. Whoever reaches
        the queries alone is told the status, and remembers nothing new."""
        status = getattr(answer, "body", None)
        if not isinstance(status, schema.Status):
            return then(answer)

        def judged(verdict: Any) -> None:
            agrees = not isinstance(verdict, Error) or verdict.kind == ErrorKind.unreachable
            then(answer if agrees else verdict)

        self._history.examine(status.checkpoint or "", judged)

    def _learn(self, one: _Underway, answer: schema.Answer) -> None:
        kept, now, body = self._kept, time.monotonic(), answer.body
        assert kept is not None
        if one.by_token:
            # Who authenticates is given the token, whether it is a new one or not.
            held = kept.find(one.name, now)
            if isinstance(body, schema.Authenticated) and body.allowed and held is not None:
                body.token = held.token
            return
        # C5: the next right password is to clear the count of the wrong ones.
        if _verdict_of(answer) == Code.invalid_credentials and one.owner.username:
            kept.drop_user(one.owner.tenant, one.owner.username)
        if _gives_token(answer):
            kept.keep(one.name, one.owner, answer, now)

    def _learn_renewal(self, name: bytes, answer: Any) -> None:
        self._renewals -= 1
        now = time.monotonic()
        kept = self._kept.find(name, now)  # type: ignore[union-attr]
        if kept is None:
            return
        kept.renewing = False
        if isinstance(answer, Error) or answer.code != Code.ok:
            return
        if not _gives_token(answer) or _is_of_another(answer, kept.owner.username):
            self._kept.drop(name)  # type: ignore[union-attr]
        else:
            self._kept.renew(kept, answer, now)  # type: ignore[union-attr]
