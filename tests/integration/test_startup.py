"""What the start and the commands say of data folders and databases that cannot be used (F30): words, no traceback.

Over 300 lines: one case after another in which an installation is not as the program left it.
"""

from __future__ import annotations

import os
import shlex
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from app import startup
from app.cli import main
from app.config import LAB_DATA, Settings, load_settings, read_settings
from app.db import open_database
from app.errors import ConfigurationError
from app.models import Base
from app.schema import migrate, schema_state
from app.startup import open_checked, refuse_lost_database, require_data
from tests.conftest import ROOT
from tests.factories import make_study


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    status: int
    stdout: str
    stderr: str


Command = Callable[..., Done]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command as an operator types it, with nothing of this machine's own settings."""
    for name in [name for name in os.environ if name.startswith("ASTERISM_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        printed = capsys.readouterr()
        return Done(int(ended.value.code or 0), printed.out, printed.err)

    return run


def refused(done: Done) -> str:
    """The sentence of a command that refused."""
    assert done.status == 1, done
    assert done.stderr.startswith("Error: "), done
    return done.stderr


@pytest.mark.parametrize("what", [["study", "list"], ["study", "open", "x"], ["setup-link"], ["user", "list"]])
def test_f30_a_missing_data_folder_is_named_and_not_made(tmp_path: Path, what: list[str], command: Command) -> None:
    data = tmp_path / "nowhere"
    assert f"There is no data folder {data}" in refused(command("--data", str(data), *what))
    assert not data.exists()


def test_f30_a_data_folder_without_its_database_is_not_filled_with_an_empty_one(
    settings: Settings, command: Command
) -> None:
    database = open_database(settings.database)
    make_study(database, settings)
    database.close()
    for file in settings.data.glob("asterism.sqlite3*"):
        file.unlink()
    with pytest.raises(ConfigurationError, match=r"holds no database"):
        require_data(settings)
    file = settings.data / "asterism.sqlite3"
    for arguments in (["serve", "--no-browser"], ["demo", "--no-browser"], ["study", "list"]):
        assert "asterism.sqlite3" in refused(command("--data", str(settings.data), *arguments))
    assert not file.exists()
    file.touch()
    for arguments in (["study", "new", "x"], ["study", "list"]):
        assert "is empty, as a full disk may leave it" in refused(command("--data", str(settings.data), *arguments))
    assert file.stat().st_size == 0


def test_f30_a_database_without_tables_is_filled_only_by_what_begins_a_new_one(
    both_settings: Settings, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTERISM_DATABASE_URL", both_settings.database.render_as_string(hide_password=False))
    database = open_database(both_settings.database)
    with database.writer.begin() as connection:
        Base.metadata.drop_all(connection)
        connection.execute(sa.text("DROP TABLE alembic_version"))
    assert "has never run with it" in refused(command("--data", str(both_settings.data), "study", "list"))
    assert sa.inspect(database.engine).get_table_names() == []
    done = command("--data", str(both_settings.data), "study", "new", "x")
    assert (done.status, "New database: " in done.stderr) == (0, True), done.stderr
    database.close()


def test_a_new_data_folder_is_said_to_be_new(tmp_path: Path, command: Command) -> None:
    study = tmp_path / "my-study"
    (study / "clips").mkdir(parents=True)
    clip = next((ROOT / "demo" / "clips").glob("*.mp4"))
    (study / "clips" / clip.name).write_bytes(clip.read_bytes())
    (study / "study.toml").write_text('title = "New"\n')
    data = tmp_path / "data"
    done = command("study", "create", str(study), "--data", str(data))
    assert done.status == 0, done.stderr
    assert f"New data folder: {data}" in done.stderr
    assert "New data folder" not in command("study", "list", "--data", str(data)).stderr


def test_f30_a_file_in_place_of_the_data_folder_is_named(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("ASTERISM_DATA", str(file))
    for arguments in (["study", "list"], ["study", "new", "x"]):
        assert f"{file} is a file, not a folder" in refused(command(*arguments))
    assert f"{file} is a file, not a folder" in command("doctor", "--quick").stdout


def test_a_home_is_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ASTERISM_DATA", "~/lab")
    monkeypatch.setenv("ASTERISM_LOG_FILE", "~/log")
    settings = read_settings()
    assert (settings.data, settings.log_file) == (tmp_path / "lab", tmp_path / "log")
    assert read_settings(data=Path("~/other")).data == tmp_path / "other"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PROCESSES", "two", "must be a whole number, not 'two'"),
        ("PROCESSES", "0", "must be greater than or equal to 1"),
        ("SECURE_COOKIES", "maybe", "must be true or false, not 'maybe'"),
        ("MAX_CLIP_SECONDS", "inf", "must be a finite number"),
        ("SESSION_HOURS", "1e300", "must be less than"),
        ("SMTP_SECURITY", "ssl", "must be 'starttls', 'tls' or 'none'"),
        ("SMTP_FROM", "lab", "must be an e-mail address"),
        ("BASE_URL", "https://x.example/?a=1", "must be a full http or https address"),
        ("BASE_URL", "https://x.example:99999", "must be a full http or https address"),
        ("BASE_URL", "https://[::1", "must be a full http or https address"),
        ("DATABASE_URL", "sqlite:///~/x.sqlite3", "~ is not filled in here"),
        ("DATABASE_URL", "sqlite+aiosqlite:////srv/x", "sqlite+aiosqlite is not supported"),
        ("DATA", "~nobody-of-this-name/lab", "nobody on this machine has the home ~nobody-of-this-name"),
    ],
)
def test_a_setting_that_cannot_be_used_is_told_in_words(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ASTERISM_{name}", value)
    with pytest.raises(ConfigurationError) as refused_:
        read_settings()
    assert refused_.value.message.startswith(f"ASTERISM_{name}: ")
    assert words in refused_.value.message


@pytest.mark.parametrize("mess", ["no database", "empty file of another program", "folder", "damaged"])
def test_f30_a_file_that_is_no_database_is_named(settings: Settings, mess: str, command: Command) -> None:
    file = settings.data / "asterism.sqlite3"
    if mess == "no database":
        file.write_bytes(b"this is no database, but a longer text" * 100)
    elif mess == "folder":
        file.unlink()
        file.mkdir()
    elif mess == "damaged":
        content = bytearray(file.read_bytes())
        content[4096:8192] = b"\xff" * 4096
        file.write_bytes(bytes(content))
    else:
        file.unlink()
        with sqlite3.connect(file) as other:
            other.execute("CREATE TABLE recipes (name TEXT)")
        other.close()
    sentence = refused(command("study", "list", "--data", str(settings.data)))
    assert "asterism.sqlite3" in sentence
    if mess == "empty file of another program":
        assert "holds tables of another program" in sentence
        assert sentence == refused(command("backup", str(settings.data / "x.zip"), "--data", str(settings.data)))


def test_f30_a_missing_column_or_table_is_named(settings: Settings, command: Command) -> None:
    with sqlite3.connect(settings.data / "asterism.sqlite3") as raw:
        raw.execute("ALTER TABLE study DROP COLUMN definition_toml")
        raw.execute("DROP TABLE draft")
    raw.close()
    with pytest.raises(ConfigurationError, match=r"the table draft") as error:
        open_checked(settings)
    assert "study.definition_toml" in error.value.message
    assert "study.definition_toml" in command("doctor", "--data", str(settings.data)).stdout


def test_f30_a_database_that_cannot_be_written_to_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(_: str) -> None:
        raise sa.exc.OperationalError("x", {}, sqlite3.OperationalError("attempt to write a readonly database"))

    monkeypatch.setattr(startup, "open_database", read_only)
    with pytest.raises(ConfigurationError, match=r"asterism\.sqlite3 cannot be written to"):
        open_checked(settings)


def test_f30_a_postgresql_server_that_is_down_is_named_without_its_password(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        url = f"{scheme}://ada:hidden-word@127.0.0.1:9/asterism"
        monkeypatch.setenv("ASTERISM_DATABASE_URL", url)
        done = command("study", "list", "--data", str(tmp_path / "data"))
        sentence = refused(done)
        assert "The PostgreSQL database 127.0.0.1:9/asterism cannot be used" in sentence
        assert "hidden-word" not in done.stdout + done.stderr


@pytest.mark.postgres
@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_f30_the_usual_spellings_of_a_postgresql_url_work(
    settings: Settings, postgres_url: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sa.make_url(postgres_url).set(drivername=scheme).render_as_string(hide_password=False)
    monkeypatch.setenv("ASTERISM_DATABASE_URL", url)
    database = open_checked(load_settings(data=settings.data))
    assert schema_state(database) == "current"
    database.close()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://root:hidden-word@localhost/x", "mysql is not supported"),
        ("my-server", "is not a database URL"),
        ("postgresql://ada:hidden@hidden-word@localhost/x", "more than one @"),
        ("sqlite://", "in memory would be lost"),
        ("sqlite:///:memory:", "in memory would be lost"),
        ("sqlite:///file:x.sqlite3?mode=ro&uri=true", "a plain path"),
    ],
)
def test_f30_other_database_urls_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, url: str, reason: str) -> None:
    monkeypatch.setenv("ASTERISM_DATABASE_URL", url)
    with pytest.raises(ConfigurationError, match=f"ASTERISM_DATABASE_URL: .*{reason}") as error:
        read_settings()
    assert "hidden-word" not in error.value.message


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ASTERISM_PROXY_HOP", "1", "did you mean ASTERISM_PROXY_HOPS"),
        ("ASTERISM_NONSENSE", "1", "no such setting"),
        ("ASTERISM_PROXY_HOPS", "many", "whole number"),
        ("ASTERISM_BASE_URL", "asterism.example.org", "full http or https address"),
    ],
)
def test_f30_settings_that_mean_nothing_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=f"{name}: .*{reason}"):
        read_settings()


def test_a_variable_that_is_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder named by nothing would be the folder in which the command was typed."""
    for name in ("ASTERISM_DATA", "ASTERISM_PROCESSES", "ASTERISM_LOG_FILE"):
        monkeypatch.setenv(name, "")
    settings = read_settings()
    assert (settings.data, settings.processes, settings.log_file) == (LAB_DATA, 1, None)


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs", "ceph"])
def test_f30_a_network_disk_is_refused_at_the_start(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/export {settings.data.resolve()} {kind} rw 0 0\n")
    monkeypatch.setattr(startup, "MOUNTS", mounts)
    with pytest.raises(ConfigurationError, match="network disk"):
        open_checked(settings)
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/export {settings.data.resolve()}-other {kind} rw 0 0\n")
    open_checked(settings).close()


@pytest.mark.parametrize("secret", ["changeme", "secret", "a" * 64, "password" * 1, "short-but-random-x7", "abc" * 20])
def test_f40_a_weak_secret_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("ASTERISM_SECRET_KEY", secret)
    with pytest.raises(ConfigurationError, match="ASTERISM_SECRET_KEY is weak"):
        load_settings(data=tmp_path / "data")


def test_f40_a_secret_is_generated_once_and_an_empty_one_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = load_settings(data=data).secret_key
    assert len(first) >= 48
    assert load_settings(data=data).secret_key == first
    (data / "secret_key").write_text("")
    with pytest.raises(ConfigurationError, match="secret_key is empty"):
        load_settings(data=data)
    (data / "secret_key").write_bytes(bytes(64))
    with pytest.raises(ConfigurationError, match="data/secret_key is weak"):
        load_settings(data=data)
    (data / "secret_key").unlink()
    assert load_settings(data=data).secret_key not in {"", first}


@pytest.mark.skipif(os.name != "posix", reason="the rights of Windows are not those of POSIX")
def test_the_data_folder_and_the_database_are_their_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        data = tmp_path / "data"
        database = open_checked(load_settings(data=data))
        _modes_are_private(data)
        database.close()
        # An installation of before is closed to others at the next start; a folder with other things in it is not ours.
        data.chmod(0o755)
        (data / "asterism.sqlite3").chmod(0o644)
        open_checked(load_settings(data=data)).close()
        _modes_are_private(data)
        (data / "holiday.jpg").touch()
        data.chmod(0o755)
        open_checked(load_settings(data=data)).close()
        assert stat.S_IMODE(data.stat().st_mode) == 0o755
    finally:
        os.umask(old)


def _modes_are_private(data: Path) -> None:
    for path in [data, *data.iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_f32_a_backup_is_made_before_the_schema_is_brought_forward(settings: Settings) -> None:
    file = settings.data / "asterism.sqlite3"
    with sqlite3.connect(file) as raw:
        raw.execute("DELETE FROM alembic_version")
        raw.execute("INSERT INTO alembic_version VALUES ('0001')")
    raw.close()
    database = open_database(settings.database)
    if schema_state(database) == "older":
        with pytest.raises(ConfigurationError):
            # The tables of a later version are there already, so this update fails; the backup was made before.
            open_checked(settings)
        assert len(list((settings.data / "backups").glob("before-update-*.zip"))) == 1
    database.close()


def test_a_lost_database_is_noticed_only_where_clips_are(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path / "data")
    refuse_lost_database(settings)
    (settings.media_folder / "ab").mkdir()
    with pytest.raises(ConfigurationError, match="is gone"):
        refuse_lost_database(settings)


def test_doctor_makes_nothing(tmp_path: Path, command: Command) -> None:
    data = tmp_path / "data"
    assert command("doctor", "--data", str(data)).status == 0
    assert not data.exists()
    data.mkdir(mode=0o700)
    assert command("doctor", "--data", str(data)).status == 0
    assert list(data.iterdir()) == []


@pytest.mark.parametrize("wrong", ["foreign", "newer"])
def test_f30_a_wrong_database_stays_as_it_is_and_nothing_is_made_beside_it(
    tmp_path: Path, wrong: str, command: Command
) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    file = data / "asterism.sqlite3"
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("CREATE TABLE recipes (name TEXT)")
        if wrong == "newer":
            other.execute("CREATE TABLE alembic_version (version_num TEXT)")
            other.execute("INSERT INTO alembic_version VALUES ('9999')")
    before = file.read_bytes()
    for what in (
        ["study", "new", "A"],
        ["study", "list"],
        ["setup-link"],
        ["backup", str(tmp_path / "b.zip")],
        ["serve"],
    ):
        assert "asterism.sqlite3" in refused(command(*what, "--data", str(data)))
    assert command("doctor", "--data", str(data)).status == 1
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.rglob("*")] == ["data", "asterism.sqlite3"]


def test_f30_a_database_that_breaks_under_a_command_is_named(tmp_path: Path, command: Command) -> None:
    data = str(tmp_path / "data")
    assert command("study", "new", "A", "--name", "a", "--data", data).status == 0
    file = tmp_path / "data" / "asterism.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'study'").fetchone()
    with file.open("r+b") as handle:
        handle.seek((page - 1) * 4096)
        handle.write(b"\x7f" * 200)
    sentence = refused(command("study", "list", "--data", data))
    assert f"The database {file} is damaged" in sentence


def test_a_link_to_what_is_not_there_is_called_so(tmp_path: Path, command: Command) -> None:
    link = tmp_path / "data"
    link.symlink_to(tmp_path / "gone")
    assert f"{link} is a link to {tmp_path / 'gone'}, which is not there" in refused(
        command("study", "new", "A", "--data", str(link))
    )
    assert not (tmp_path / "gone").exists()
    data = tmp_path / "other"
    assert command("study", "new", "A", "--data", str(data)).status == 0
    (data / "media").rmdir()
    (data / "media").symlink_to(tmp_path / "gone")
    looked = command("doctor", "--quick", "--data", str(data))
    assert f"{data / 'media'} is a link to {tmp_path / 'gone'}, which is not there" in looked.stdout


def test_a_data_folder_may_have_any_name(tmp_path: Path, command: Command) -> None:
    """What an address takes for its end is a letter like any other here."""
    data = tmp_path / "what? 100% of 'Ä' #1&x=2"
    assert command("study", "new", "A", "--data", str(data)).status == 0
    assert (data / "asterism.sqlite3").is_file()
    assert list(tmp_path.iterdir()) == [data]
    data.chmod(0o755)
    assert f"chmod go= {shlex.quote(str(data))}\n" in command("doctor", "--quick", "--data", str(data)).stdout
    data.chmod(0o700)
    assert command("backup", str(tmp_path / "b? .zip"), "--data", str(data)).status == 0
    assert command("restore", str(tmp_path / "b? .zip"), "--data", str(tmp_path / "c?")).status == 0
    assert "A" in command("study", "list", "--data", str(tmp_path / "c?")).stdout


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite3"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    database = open_database(f"sqlite:///{file}")
    with pytest.raises(ConfigurationError, match="another program"):
        migrate(database)
    database.close()
