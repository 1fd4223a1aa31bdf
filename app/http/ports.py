"""What main hands to every controller: one dependency, because each further one costs a hop."""

from __future__ import annotations

from concurrent.futures import Executor

import msgspec

from app.clock import Clock
from app.http.keeping import Keeper
from app.http.limits import Limiter
from app.http.secrets import Secrets
from app.http.tally import Tally
from app.ids import Ids
from app.pictures.reading import Pictures
from app.settings import Settings
from app.storage.database import Database


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    """The outside world as the rooms may use it. `threads`: for signing and drawing."""

    database: Database
    clock: Clock
    ids: Ids
    settings: Settings
    secrets: Secrets
    threads: Executor
    limiter: Limiter = msgspec.field(default_factory=Limiter)
    pictures: Pictures = msgspec.field(default_factory=Pictures)
    tally: Tally = msgspec.field(default_factory=Tally)
    kept: Keeper = msgspec.field(default_factory=Keeper)
