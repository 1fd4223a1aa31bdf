"""The commands, their arguments and what they print."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import uvloop

from app.clock import SystemClock
from app.commands import (
    exporting,
    hooking,
    listening,
    proving,
    reading,
    replaying,
    running,
    serving,
    showing,
)
from app.commands.certificates import (
    DEVELOPMENT_FOLDER,
    ensure_secrets,
    make_development_files,
    signer_files,
)
from app.commands.checks import Check, check_signer
from app.commands.doctor import examine
from app.commands.speaking import Sentence, in_sentences, print_json, run, settings_now
from app.imports.exporting import Format
from app.settings import Settings

_MARKS = {"ok": "  ok      ", "warning": "  warning ", "failure": "  MISSING "}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def portecarte() -> None:
    """Loyalty cards in Apple Wallet and Google Wallet."""


@portecarte.command()
@click.option("--demo", "is_demo", is_flag=True, help="With a demo merchant, user and phones.")
def up(is_demo: bool) -> None:
    """Serve: the API, the delivery worker and, in the sandbox, the fakes."""
    with in_sentences():
        settings = settings_now()
        if is_demo and settings.is_live:
            raise Sentence("The demo is for the sandbox: MODE is live.")
        if settings.workers == 1:
            uvloop.run(serving.serve(settings, is_demo=is_demo))
            return
        if not settings.is_live:
            raise Sentence("WORKERS above 1 is for live mode: the sandbox lives in one process.")
        asyncio.run(serving.prepare(settings))
        serving.serve_with_processes(settings)


@portecarte.command()
def worker() -> None:
    """Deliver only: more workers for a server on PostgreSQL."""
    with in_sentences():
        settings = settings_now()
        if settings.database_url.startswith("sqlite:"):
            raise Sentence(
                "A worker alone needs PostgreSQL: one process writes a SQLite file, and the "
                "server's own worker delivers there."
            )
        uvloop.run(serving.work(settings))


@portecarte.command()
def migrate() -> None:
    """Upgrade the database to this release, after a backup beside it."""
    click.echo(run(running.migrate(settings_now_in_sentences())))


@portecarte.command()
def certs() -> None:
    """Make development certificates and secrets, or check those of live mode."""
    with in_sentences():
        settings = settings_now()
        if ensure_secrets(settings):
            click.echo(f"{settings.secrets_file} was made: keep a copy, away from the database.")
        if not settings.is_live:
            make_development_files(SystemClock())
            click.echo(f"Development certificates stand in {DEVELOPMENT_FOLDER}/.")
        _tell(check_signer(signer_files(settings), now=SystemClock().wall()))


@portecarte.command()
@click.option("--mail", "mail_to", metavar="ADDRESS", help="Also send a test mail there.")
@click.option("--ledger", "is_ledger", is_flag=True, help="Prove every card's account instead.")
def doctor(mail_to: str | None, is_ledger: bool) -> None:
    """Say in words what is missing to go live, or what in the ledger does not add up."""
    settings = settings_now_in_sentences()
    if is_ledger:
        _prove(settings)
        return

    async def all_checks() -> list[Check]:
        return [check async for check in examine(settings, mail_to=mail_to)]

    _tell(run(all_checks()))


@portecarte.command("demo-keys")
def demo_keys() -> None:
    """Print the keys of the running demo as JSON."""
    print_json(run(reading.keys_of_running_demo()))


@portecarte.command()
@click.argument("card_id")
@click.option("--apple", "is_apple", is_flag=True, help="The pass.json of Apple Wallet.")
@click.option("--google", "is_google", is_flag=True, help="Class, object and link of Google's.")
def show(card_id: str, is_apple: bool, is_google: bool) -> None:
    """Print what would be sent for a card now; reads only."""
    if is_apple == is_google:
        raise click.UsageError("say which wallet: --apple or --google")
    read = reading.pass_json if is_apple else showing.google_json
    print_json(run(read(settings_now_in_sentences(), card_id)))


@portecarte.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--results", "is_results", is_flag=True, help="What each step came to, as JSON.")
@click.pass_context
def replay(context: click.Context, file: Path, is_results: bool) -> None:
    """Replay the loyalty vectors of FILE on the real engine."""
    try:
        with in_sentences():
            replayed = replaying.replay(file)
    except replaying.NoVectors as error:
        raise click.UsageError(str(error)) from error  # exit status 2
    lines = replaying.result_lines if is_results else replaying.failure_lines
    for line in lines(replayed):
        click.echo(line)
    if any(each.failure is not None for each in replayed if not is_results or not each.is_readable):
        context.exit(1)


@portecarte.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--user", "email", required=True, metavar="EMAIL", help="Whose wallet.")
@click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Where the password of an encrypted FILE stands, on the first line.",
)
def import_(file: Path, email: str, password_file: Path | None) -> None:
    """Import another app's FILE into a user's wallet."""
    settings = settings_now_in_sentences()
    work = running.import_file(settings, file, email, password_file=password_file)
    print_json(run(work))


@portecarte.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--user", "email", required=True, metavar="EMAIL", help="Whose wallet.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["catima", "portecarte"]),
    help="Catima's zip or our own JSON; without it FILE's ending decides.",
)
@click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Where the password for Catima's zip stands, on the first line.",
)
def export(file: Path, email: str, form: Format | None, password_file: Path | None) -> None:
    """Write a user's cards into FILE, which another wallet takes; reads only."""
    settings = settings_now_in_sentences()
    work = exporting.export_file(settings, file, email, form=form, password_file=password_file)
    click.echo(run(work))


@portecarte.group()
def merchants() -> None:
    """Merchants."""


@merchants.command("add")
@click.argument("name")
@click.option("--owner", required=True, metavar="EMAIL", help="Who runs it.")
def add_merchant(name: str, owner: str) -> None:
    """Make a merchant and print an admin key, this once."""
    click.echo(run(running.add_merchant(settings_now_in_sentences(), name, owner)))


@portecarte.command()
@click.option("--forward-to", "url", required=True, metavar="URL", help="Where your program is.")
@click.option("--merchant", metavar="SLUG", help="Whose events; else those of the first one.")
def listen(url: str, merchant: str | None) -> None:
    """Forward webhooks to your program while you write it; prints each."""
    run(listening.listen(settings_now_in_sentences(), url, merchant=merchant, say=click.echo))


@portecarte.command()
@click.argument("kind", metavar="TYPE")
@click.option("--card", metavar="CARD_ID", help="Of which card; else of the newest.")
@click.option("--merchant", metavar="SLUG", help="Whose card; else of the first merchant.")
def trigger(kind: str, card: str | None, merchant: str | None) -> None:
    """Have webhooks told of an event that did not happen, marked as a test."""
    order = hooking.TriggerOrder(kind, card, merchant)
    click.echo(run(listening.trigger(settings_now_in_sentences(), order)))


@portecarte.group()
def events() -> None:
    """Events that webhooks are told of."""


@events.command()
@click.argument("event_id", metavar="ID")
def resend(event_id: str) -> None:
    """Send an event (evt_…) to all its endpoints once more, or one delivery (dlv_…)."""
    click.echo(run(listening.resend(settings_now_in_sentences(), event_id)))


@portecarte.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Write a backup into a new FILE; the server may run meanwhile."""
    click.echo(run(running.backup(settings_now_in_sentences(), file)))


@portecarte.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Fill an empty database from a backup."""
    click.echo(run(running.restore(settings_now_in_sentences(), file)))


def settings_now_in_sentences() -> Settings:
    """Read the settings, a wrong one told as a sentence."""
    with in_sentences():
        return settings_now()


def _prove(settings: Settings) -> None:
    """Print a line a fault; exit status 1 when there is one."""

    async def all_faults() -> int:
        count = 0
        async for fault in proving.faults(settings):
            click.echo(fault)
            count += 1
        return count

    count = run(all_faults())
    if count:
        raise Sentence(f"{count} faults in the ledger.")
    click.echo("The ledger adds up, and a replay of every card gives the same account.")


def _tell(checks: list[Check]) -> None:
    for check in checks:
        click.echo(_MARKS[check.level] + check.text)
    missing = sum(check.level == "failure" for check in checks)
    if missing:
        raise Sentence(f"{missing} to be cured.")
