"""A Snowflake over HTTP for the real connector: answers typed by a test, else those of fakesnow's server.

fakesnow cannot refuse a statement, and has no pipes, integrations or roles. A test types Snowflake's own answer to such
a statement, rows or an error, in the form in which Snowflake's server sends it.
"""

import asyncio
import contextlib
import gzip
import importlib
import json
import re
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import uvicorn
from fakesnow.instance import FakeSnow

from deploy.snowflake.fakesnow_fixes import NOT_EMULATED, bent_fakesnow
from tests.waiting import PATIENCE, wait_for

# `fakesnow.server` is a function as well as a module.
fakesnow_server = importlib.import_module("fakesnow.server")


@dataclass(frozen=True)
class Refused:
    """An error of Snowflake: its code and message; with a status, a plain HTTP answer instead."""

    code: str
    message: str
    status: int = 200
    sql_state: str = "02000"


Rows = Sequence[Mapping[str, object]]


@dataclass
class Snowflake:
    """The server's typed answers, and the statements and logins that it received."""

    port: int = 0
    login: Refused | None = None
    answers: list[tuple[str, Rows | Refused]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    logins: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, pattern: str, answer: Rows | Refused) -> None:
        """Types an answer to statements that match the pattern; the newest matching answer wins."""
        self.answers.insert(0, (pattern, answer))

    def environment(self, key: Path) -> dict[str, str]:
        """The environment variables of a connection to it."""
        return {
            "SNOWFLAKE_ACCOUNT": "myorg-myaccount",
            "SNOWFLAKE_USER": "SPOTIFY_DEPLOYER_SVC",
            "SNOWFLAKE_PRIVATE_KEY_FILE": str(key),
            "SNOWFLAKE_HOST": "127.0.0.1",
            "SNOWFLAKE_PORT": str(self.port),
            "SNOWFLAKE_PROTOCOL": "http",
        }

    def to(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        """Status and body of a typed answer; None if fakesnow answers."""
        if path == "/session/v1/login-request":
            self.logins.append(body["data"])
            return _refusal(self.login) if self.login else None
        if path != "/queries/v1/query-request":
            return None
        statement = body["sqlText"]
        self.asked.append(statement)
        for pattern, answer in self.answers:
            if re.search(pattern, statement, re.IGNORECASE):
                return _refusal(answer) if isinstance(answer, Refused) else (200, _rows(answer))
        return None


def _refusal(refused: Refused) -> tuple[int, dict[str, Any]]:
    data = {"errorCode": refused.code, "sqlState": refused.sql_state}
    return refused.status, {"data": data, "code": refused.code, "message": refused.message, "success": False}


def _rows(rows: Rows) -> dict[str, Any]:
    names = list(rows[0]) if rows else ["status"]
    rowtype = [
        {"name": name, "type": "text", "nullable": True, "length": 16777216, "byteLength": 16777216}
        | {"precision": None, "scale": None, "database": "", "schema": "", "table": "", "collation": None}
        for name in names
    ]
    data = {
        "parameters": [{"name": "TIMEZONE", "value": "Etc/UTC"}],
        "rowtype": rowtype,
        "rowset": [[None if row[name] is None else str(row[name]) for name in names] for row in rows],
        "total": len(rows),
        "returned": len(rows),
        "queryId": "01b00000-0000-0000-0000-000000000000",
        "queryResultFormat": "json",
        "statementTypeId": 4096,
        "finalDatabaseName": None,
        "finalSchemaName": None,
    }
    return {"data": data, "success": True, "code": None, "message": None}


class _App:
    """Returns typed answers first, else those of fakesnow."""

    def __init__(self, account: Snowflake) -> None:
        self._account = account

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await fakesnow_server.app(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        plain = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        try:
            answer = self._account.to(scope["path"], json.loads(plain)) if plain else None
        except (ValueError, KeyError):
            answer = None
        if answer:
            status, content = answer
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": json.dumps(content).encode()})
            return
        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def again() -> Any:
            return next(messages, None) or await asyncio.Event().wait()

        await fakesnow_server.app(scope, again, send)


@contextlib.contextmanager
def snowflake_server(folder: Path | None = None) -> Iterator[Snowflake]:
    """Starts a server over an empty warehouse, or over the embedded warehouse in the folder."""
    account = Snowflake()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        account.port = free.getsockname()[1]
    instance = FakeSnow(db_path=folder, nop_regexes=list(NOT_EMULATED))
    server = uvicorn.Server(uvicorn.Config(_App(account), "127.0.0.1", account.port, log_level="error"))
    with bent_fakesnow(), mock.patch.object(fakesnow_server, "shared_fs", instance):
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            wait_for(lambda: server.started, "the server to start")
            yield account
        finally:
            server.should_exit = True
            thread.join(timeout=PATIENCE)
            fakesnow_server.sessions.clear()
            instance.duck_conn.close()
