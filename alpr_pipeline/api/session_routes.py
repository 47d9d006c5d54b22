"""Signing in and out."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from alpr_pipeline.access.passwords import LENGTH_MAX
from alpr_pipeline.access.sessions import SESSION_MAX, Caller, sign_in, sign_out
from alpr_pipeline.api.authority import COOKIE, caller_of, token_of
from alpr_pipeline.api.limits import SIGN_INS, address_of
from alpr_pipeline.api.problems import NotSignedIn
from alpr_pipeline.api.services import is_secure, services_of
from alpr_pipeline.errors import AccessDenied
from alpr_pipeline.policy.roles import RIGHTS, Right, Role

router = APIRouter(prefix="/api/v1", tags=["session"])


class Credentials(BaseModel):
    """A user name and its password."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(max_length=64)
    password: SecretStr = Field(max_length=LENGTH_MAX)
    code: SecretStr = Field(SecretStr(""), max_length=12, description="One-time code, of an account that has one.")


class SignedIn(BaseModel):
    """Who is signed in, and the token for programs; a browser has it as a cookie."""

    username: str
    role: Role
    token: str


class Me(BaseModel):
    """Who is asking, and what the role allows."""

    username: str
    role: Role
    rights: list[Right]


@router.post("/session", dependencies=[Depends(SIGN_INS)])
def create_session(credentials: Credentials, request: Request, response: Response) -> SignedIn:
    """Sign in. Programs send the token as `Authorization: Bearer ...`; it ends 30 minutes after its last use."""
    services = services_of(request)
    password = credentials.password.get_secret_value()
    try:
        token, caller = sign_in(
            services.database,
            credentials.username,
            password,
            services.now(),
            credentials.code.get_secret_value(),
            address_of(request),
            services.vault,
        )
    except AccessDenied as error:
        raise NotSignedIn(str(error)) from None
    keep_session(request, response, token)
    return SignedIn(username=caller.username, role=caller.role, token=token)


def keep_session(request: Request, response: Response, token: str) -> None:
    """Give a browser its token: to send back to this site alone, and out of the reach of scripts."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_MAX.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=is_secure(request),
    )


@router.delete("/session", status_code=HTTPStatus.NO_CONTENT)
def end_session(request: Request, response: Response, caller: Annotated[Caller, Depends(caller_of)]) -> None:
    """Sign out: the token is worth nothing from now on."""
    token = token_of(request)
    with services_of(request).database.connection() as connection:
        sign_out(connection, token.text if token else "", caller)
    response.delete_cookie(COOKIE)


@router.get("/me")
def me(caller: Annotated[Caller, Depends(caller_of)]) -> Me:
    """Say who is asking, and what the role allows."""
    return Me(username=caller.username, role=caller.role, rights=sorted(RIGHTS[caller.role]))
