"""The stack as deploy/aws/terraform makes it, applied to a local AWS and then run, from the schedule to a view for BI.

The Lambda is the zip of `make build` in a process of its own, the job runs by spark-submit with awsglue over a stub of
Glue's Java classes, on s3:// paths; the warehouse loads what the bucket's own topic announces. Spotify is a stub with
the small library of deploy/local/spotify: five songs in four playlists and the liked songs.

The tests follow each other on one stack, as days do; each leaves it at rest, and the last but one checks everything.
"""

import json
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from deploy.local.aws.jobs import JobRun
from deploy.local.aws.server import LocalAws
from deploy.local.spotify import SpotifyStub
from deploy.local.spotify.server import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from deploy.operate.status import status
from deploy.snowflake.embedded import EmbeddedSnowflake
from deploy.snowflake.embedded_pipe import LoadStatus
from deploy.snowflake.environment import Stack as StackOutputs
from deploy.snowflake.trust import Snowflakes, steps
from shared.store import ObjectStore, open_store
from tests.aws.alarms import Observed
from tests.aws.applied import Application, Stack
from tests.aws.crawled import crawl
from tests.aws.runbooks import run_line, shell_blocks
from tests.glue_jobs.documents import ALBUM_KEYS, ARTIST_KEYS, TRACK_KEYS
from tests.waiting import finished, wait_for

ROOT = Path(__file__).parents[2]
MORNING, KITCHEN = "1playlistMorning000000", "1playlistKitchen000000"
SNOWFLAKE = Snowflakes(
    "arn:aws:iam::999988887777:user/abcd-s-efgh1234", "arn:aws:iam::999988887777:user/errors-5678", "ABC_SFCRole=2_xyz="
)
CHECKS_BEFORE_START = ["Begin", "Runs", "Will a run list later?", "Pending", "Is anything pending?"]


class Chain:
    """The applied stack between the Spotify stub and the warehouse."""

    def __init__(self, stack: Stack, spotify: SpotifyStub, lake: ObjectStore, warehouse: EmbeddedSnowflake) -> None:
        self.stack = stack
        self.spotify = spotify
        self.lake = lake
        self.warehouse = warehouse

    def settle_and_load(self) -> None:
        """Wait until the stack is idle, then load the files that the topic has announced."""
        self.stack.settle()
        self.load()

    def load(self) -> None:
        loads = self.warehouse.arrived(self.stack.published.keys())
        assert {load.status for load in loads} <= {LoadStatus.LOADED}, loads

    def drop(self, name: str, song: str) -> None:
        """Drop a page of a new playlist with one song."""
        self.stack.put(f"raw/pending/drop/{name}.json", page(name, song))

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        return self.warehouse.query(sql)

    def states(self, before: int) -> list[str]:
        """The final states of all runs except the first `before`."""
        return [run.state for run in self.stack.runs[before:]]


def page(playlist: str, *songs: str, duration: object = 60_000) -> bytes:
    """A page of /items as Spotify returns it. Ids are the names, padded with zeros."""
    playlist_id = playlist.ljust(22, "0")
    artist = ARTIST_KEYS | {"id": "0artistDropped00000000", "name": "Dropped", "type": "artist"}
    album = ALBUM_KEYS | {"id": "0albumDropped000000000", "name": "Dropped", "type": "album", "artists": [artist]}
    described = {"type": "track", "duration_ms": duration, "artists": [artist], "album": album}
    tracks = [TRACK_KEYS | described | {"id": song.ljust(22, "0"), "name": song} for song in songs]
    content = {
        "href": f"https://api.spotify.com/v1/playlists/{playlist_id}/items?offset=0&limit=50",
        "items": [{"added_at": "2026-11-20T08:00:00Z", "item": track} for track in tracks],
        "limit": 50,
        "next": None,
        "offset": 0,
        "previous": None,
        "total": len(songs),
    }
    return json.dumps(content).encode()


@pytest.fixture(scope="module")
def chain(
    stack: Stack, local_aws: LocalAws, spotify: SpotifyStub, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chain]:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in local_aws.environment.items():
            environment.setenv(name, value)
        lake = open_store(stack.outputs["lake_uri"])
        with EmbeddedSnowflake(tmp_path_factory.mktemp("warehouse"), lake) as warehouse:
            warehouse.deploy()
            yield Chain(stack, spotify, lake, warehouse)


def log_of(run: JobRun) -> str:
    return f"{run.message}\n{run.log.read_text(encoding='utf-8', errors='replace')[-6000:]}"


def summary(run: JobRun) -> dict[str, Any]:
    """The summary in the last line of a successful run."""
    lines = run.log.read_text(encoding="utf-8").splitlines()
    (report,) = [json.loads(line) for line in lines if line.startswith("{")]
    assert isinstance(report, dict)
    return report


def test_a_run_of_the_schedule_fills_the_bi_views(chain: Chain) -> None:
    stack = chain.stack
    login = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN}
    secrets = stack.aws.client("secretsmanager")
    secrets.put_secret_value(SecretId=stack.outputs["secret_arn"], SecretString=json.dumps(login))

    answer = stack.extract("2026-11-20T05:00:00Z")
    chain.settle_and_load()

    assert (answer["run_id"], answer["status"], answer["counts"]["read"]) == ("20261120T050000Z", "ok", 5)
    (run,) = stack.runs
    assert run.state == "SUCCEEDED", log_of(run)
    assert run.calls == ["GlueContext", f"Job.init {stack.outputs['glue_job_name']}", "Job.commit"]
    (execution,) = stack.executions()
    assert (execution["status"], stack.path(execution)) == (
        "SUCCEEDED",
        [*CHECKS_BEFORE_START, "Run", "Did it stop early?", "Is there more?", "Done"],
    )
    assert stack.keys("raw/pending/") == []
    assert chain.ask("select SONG_COUNT, ALBUM_COUNT, ARTIST_COUNT, EPISODE_COUNT, PLAYLIST_COUNT from BI.TOTALS") == [
        (5, 3, 4, 1, 5)
    ]
    daily = "select PLAYLIST_NAME, SONG_COUNT, round(DURATION_MINUTES, 2) from BI.PLAYLIST_DAILY order by 1"
    assert chain.ask(daily) == [
        ("Brief", 1, 3.5),
        ("Empty", 0, 0.0),
        ("Kitchen", 2, 6.0),
        ("Liked songs", 3, 9.0),
        ("Morning", 4, 43.34),
    ]


def test_the_lambdas_log_has_no_secret(chain: Chain) -> None:
    logs = chain.stack.aws.client("logs")
    group = f"/aws/lambda/{chain.stack.outputs['extract_function_name']}"

    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    lines = [entry["message"] for page in pages for entry in page["events"]]

    assert any("The run is over." in line for line in lines)
    secrets = (CLIENT_SECRET, REFRESH_TOKEN, "stub-access-token")
    assert [line for line in lines if any(secret in line for secret in secrets)] == []


def test_an_event_delivered_again_later_starts_no_run(chain: Chain) -> None:
    stack = chain.stack
    before = len(stack.runs)

    stack.aws.deliveries.send(stack.aws.deliveries.made[-1])
    stack.settle()

    assert stack.path(stack.executions()[-1]) == [*CHECKS_BEFORE_START, "Nothing to do"]
    assert len(stack.runs) == before


def test_a_late_event_delivered_twice_at_once_starts_one_run(chain: Chain) -> None:
    stack = chain.stack
    before = len(stack.runs)
    chain.spotify.day = 1

    with stack.aws.deliveries.held() as late:
        stack.extract("2026-11-21T05:00:00Z")
        stack.settle()
        assert len(stack.runs) == before
        late.append(late[0])
    chain.settle_and_load()

    assert chain.states(before) == ["SUCCEEDED"], log_of(stack.runs[-1])
    # Morning gains a song and loses one, Kitchen is renamed, Brief is deleted, a song is liked.
    assert chain.ask("select PLAYLIST_NAME, ITEM_COUNT, LAST_STATUS from BI.PLAYLISTS order by 1") == [
        ("Brief", 1, "gone"),
        ("Empty", 0, "unchanged"),
        ("Kitchen radio", 4, "read"),
        ("Liked songs", 4, "read"),
        ("Morning", 5, "read"),
    ]


def test_the_same_event_of_the_schedule_reads_nothing_again(chain: Chain) -> None:
    before = len(chain.stack.runs)

    answer = chain.stack.extract("2026-11-21T05:00:00Z")
    chain.stack.settle()

    assert answer["is_repeat"] is True
    assert len(chain.stack.runs) == before


def test_two_runs_at_once_commit_an_object_once(chain: Chain) -> None:
    stack = chain.stack
    before = len(stack.runs)
    job = [sys.executable, "glue_jobs/explode_playlists.py", "--lake", stack.outputs["lake_uri"]]

    # Glue allows one run at a time; the other run is on a laptop.
    chain.drop("twice", "0songTwice")
    wait_for(lambda: len(stack.runs) > before, "the run to start")
    laptop = finished(job, cwd=ROOT)
    chain.settle_and_load()

    assert laptop.returncode == 0, laptop.stderr
    assert chain.states(before) == ["SUCCEEDED"], log_of(stack.runs[-1])
    object_count = json.loads(laptop.stdout)["objects"] + summary(stack.runs[-1])["objects"]
    assert object_count == 1
    assert chain.ask("select count(*) from LANDING.SONGS where SONG_ID = '0songTwice000000000000'") == [(1,)]


def test_a_run_killed_after_its_commit_is_finished_by_the_next(chain: Chain, application: Application) -> None:
    stack = chain.stack
    stack.alerts.drained()
    observed = Observed(stack, application.alarms())
    before, committed = len(stack.runs), log_numbers(chain)

    chain.drop("killed", "0songKilled")
    wait_for(lambda: log_numbers(chain) > committed, "the commit")
    program = stack.runs[-1].program
    assert program
    program.signal(signal.SIGSTOP)
    (number,) = log_numbers(chain) - committed
    assert f"log/done/{number}" not in stack.keys("log/done/")
    program.signal(signal.SIGKILL)
    stack.settle()

    assert chain.states(before) == ["FAILED"]
    assert stack.path(stack.executions()[-1])[-1] == "Left to the job's alert"
    [message] = stack.alerts.drained()  # one failure, one message
    assert json.loads(message)["why"] == "The driver was killed (SIGKILL)"

    chain.drop("after", "0songAfter")
    chain.settle_and_load()

    assert chain.states(before) == ["FAILED", "SUCCEEDED"], log_of(stack.runs[-1])
    assert summary(stack.runs[-1])["finished_earlier"] == [int(number)]
    assert observed.raised() == {"warning-entry-undone"}
    assert dropped_songs(chain) == {"0songTwice": 1, "0songKilled": 1, "0songAfter": 1}


def test_a_lambda_that_times_out_is_retried_while_one_playlist_fails(chain: Chain) -> None:
    stack, function = chain.stack, chain.stack.aws.client("lambda")
    name, before = stack.outputs["extract_function_name"], len(stack.runs)
    chain.spotify.change(MORNING)  # its first item, Tide, moves to the end
    chain.spotify.change(KITCHEN)
    chain.spotify.faults.add("stall", times=None)
    had = function.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    function.update_function_configuration(FunctionName=name, Timeout=1)
    function.update_alias(
        FunctionName=name, Name="live", FunctionVersion=function.publish_version(FunctionName=name)["Version"]
    )

    error, answer = stack.fire(stack.outputs["schedule_name"], "2026-11-22T05:00:00Z")
    stack.settle()

    assert (error is None, answer["errorType"]) == (False, "Sandbox.Timedout")
    assert len(stack.runs) == before

    chain.spotify.faults.clear()
    chain.spotify.faults.add("not_owner", path=f"/playlists/{KITCHEN}/items", times=None)
    function.update_alias(FunctionName=name, Name="live", FunctionVersion=had)  # as docs/operate.md rolls back
    answer = stack.extract("2026-11-22T05:00:00Z")
    chain.settle_and_load()

    assert (answer["counts"]["read"], answer["failures"]) == (1, {"not_owner": 1, "removed": 1})
    assert chain.states(before) == ["SUCCEEDED"], log_of(stack.runs[-1])
    checks = """
        select PLAYLIST_NAME, LAST_STATUS, LAST_FAILURE_CLASS
        from BI.PLAYLISTS where left(PLAYLIST_ID, 1) in ('1', 'l') order by PLAYLIST_NAME
    """
    assert chain.ask(checks) == [
        ("Brief", "failed", "removed"),  # an earlier check already reported it gone
        ("Empty", "unchanged", None),
        ("Kitchen radio", "failed", "not_owner"),
        ("Liked songs", "unchanged", None),
        ("Morning", "read", None),
    ]


def test_a_job_that_fails_three_times_sends_three_messages_and_loses_nothing(chain: Chain) -> None:
    stack, s3 = chain.stack, chain.stack.aws.client("s3")
    before = len(stack.runs)
    stack.alerts.drained()
    (code,) = [key for key in stack.keys("code/") if key.endswith(".zip")]
    archive = s3.get_object(Bucket=stack.bucket, Key=code)["Body"].read()
    s3.delete_object(Bucket=stack.bucket, Key=code)

    for name in ("first", "second", "third"):
        chain.drop(name, f"0song{name.title()}")
        stack.settle()

    assert chain.states(before) == ["FAILED"] * 3
    assert [stack.path(entry)[-1] for entry in stack.executions()[-3:]] == ["Left to the job's alert"] * 3
    messages = [json.loads(text) for text in stack.alerts.drained()]
    assert [(entry["severity"], entry["run"], entry["state"]) for entry in messages] == [
        ("error", run.run_id, "FAILED") for run in stack.runs[before:]
    ]
    assert len(stack.keys("raw/pending/")) == 3

    stack.put(code, archive)
    stack.fire(stack.outputs["daily_schedule_name"], "2026-11-23T03:30:00Z")
    chain.settle_and_load()

    assert chain.states(before)[3:] == ["SUCCEEDED"], log_of(stack.runs[-1])
    songs = dropped_songs(chain)
    assert (songs["0songFirst"], songs["0songSecond"], songs["0songThird"]) == (1, 1, 1)


def test_an_object_put_after_a_runs_last_listing_is_committed_by_its_own_event(chain: Chain) -> None:
    stack = chain.stack
    before = len(stack.runs)

    chain.drop("early", "0songEarly")
    wait_for(lambda: len(stack.runs) > before, "the run to start")
    run = stack.runs[-1]
    wait_for(lambda: "Job.commit" in run.calls, "the run to have listed for the last time")
    assert run.program
    run.program.signal(signal.SIGSTOP)
    chain.drop("tooLate", "0songTooLate")
    wait_for(lambda: "Gather" in stack.path(stack.executions()[-1]), "the machine to find the job busy")
    assert run.state == "RUNNING"
    run.program.signal(signal.SIGCONT)
    chain.settle_and_load()

    assert chain.states(before) == ["SUCCEEDED", "SUCCEEDED"], log_of(stack.runs[-1])
    assert summary(run)["objects"] == 1
    assert dropped_songs(chain)["0songTooLate"] == 1


def test_a_hundred_drops_each_delivered_three_times_start_one_run(chain: Chain, application: Application) -> None:
    stack = chain.stack
    before, checks = len(stack.runs), len(stack.executions())
    observed = Observed(stack, application.alarms())

    with ThreadPoolExecutor(8) as pool, stack.aws.deliveries.held() as held:
        list(pool.map(lambda n: chain.drop(f"drop{n}x", f"0song{n}x"), range(100)))
        stack.put("raw/pending/drop/malformed.json", page("malformed", *(f"0bad{n}x" for n in range(10)), duration="?"))
        held.extend(held * 2)  # S3 delivers at least once
    chain.settle_and_load()

    assert chain.states(before) == ["SUCCEEDED"], log_of(stack.runs[-1])
    assert summary(stack.runs[-1])["objects"] == 101
    assert observed.raised() == {"warning-many-rejects"}  # 10 of 110 items
    assert len(stack.executions()) - checks <= 3  # the local queue may be slower than the window of 2 s


def test_deleted_and_overwritten_objects_are_restored_as_the_guide_says(chain: Chain) -> None:
    stack, s3 = chain.stack, chain.stack.aws.client("s3")
    entry, published = "log/00000000000000000001.json", stack.keys("processed/songs/")[0]
    s3.delete_object(Bucket=stack.bucket, Key=entry)
    stack.put(published, b"overwritten")
    assert status(chain.lake, chain.warehouse).differences != []

    blocks = [block for block in shell_blocks(ROOT / "docs" / "operate.md") if "list-object-versions" in block]
    [[_, listing, undelete, copy_back]] = [block.splitlines() for block in blocks]
    listed = run_line(listing, stack, KEY=entry)
    run_line(undelete, stack, KEY=entry, DELETE_MARKER=listed["DeleteMarkers"][0]["VersionId"])
    versions = run_line(listing, stack, KEY=published)["Versions"]
    [good] = [version["VersionId"] for version in versions if not version["IsLatest"]]
    run_line(copy_back, stack, KEY=published, VERSION=good)

    report = status(chain.lake, chain.warehouse)
    assert (report.differences, report.pending) == ([], 0)


def test_a_crawler_would_infer_the_columns_of_the_generated_catalog(chain: Chain) -> None:
    stack, glue = chain.stack, chain.stack.aws.client("glue")
    crawler = glue.get_crawler(Name=stack.outputs["crawler_name"])["Crawler"]
    tables = glue.get_tables(DatabaseName=stack.outputs["lake_database"])["TableList"]
    generated = {table["StorageDescriptor"]["Location"]: table for table in tables}

    assert crawler["DatabaseName"] == stack.outputs["crawled_database"] == "spotify_playlists_test_crawled"
    assert crawler["SchemaChangePolicy"] == {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}
    assert "Schedule" not in crawler
    paths = [target["Path"] for target in crawler["Targets"]["S3Targets"]]
    assert sorted(paths) == sorted(generated)
    crawled = {path: crawl(chain.lake, path.removeprefix(f"s3://{stack.bucket}/")) for path in paths}
    columns = {
        path: [(column["Name"], column["Type"]) for column in generated[path]["StorageDescriptor"]["Columns"]]
        for path in paths
    }
    published = {path: crawl_result for path, crawl_result in crawled.items() if crawl_result}
    assert len(published) >= 9  # there are no plays
    assert {path: crawl_result.columns for path, crawl_result in published.items()} == {
        path: columns[path] for path in published
    }
    # A crawler takes the name of each folder's key; all values of such a key are text to it.
    assert {crawl_result.partition for crawl_result in published.values()} == {"ingest_date"}


def test_everything_has_the_tags_of_the_stack_and_the_organisation(application: Application) -> None:
    resources = json.loads(application.state.read_text(encoding="utf-8"))["resources"]
    tags = [
        instance["attributes"]["tags_all"]
        for resource in resources
        for instance in resource["instances"]
        if "tags_all" in instance["attributes"] and resource["type"] != "aws_budgets_budget"  # moto keeps none of it
    ]

    stack = {"project": "spotify-playlists", "env": "test", "stack": "spotify-playlists-test"}
    assert len(tags) > 20
    assert [tagged for tagged in tags if tagged != stack | {"owner": "data"}] == []


def test_the_state_holds_no_secret(application: Application, chain: Chain) -> None:
    assert chain.stack.outputs["secret_arn"]
    # Now that the secret has a value; no other resource has it as its content.
    application.run("refresh", f"-state={application.state}", "-input=false", "-target=module.secrets")

    for path in application.state.parent.glob("*.tfstate*"):
        text = path.read_text(encoding="utf-8")
        assert "aws_secretsmanager_secret" in text
        assert [entry for entry in (CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, "secret_string") if entry in text] == []


def test_after_all_tests_every_table_is_complete_and_nothing_is_doubled(chain: Chain) -> None:
    stack = chain.stack

    report = status(chain.lake, chain.warehouse)
    assert (report.differences, report.pending) == ([], 0)
    assert chain.warehouse.load_new() == []  # the topic has announced every file
    numbers = sorted(int(number) for number in log_numbers(chain))
    assert all(after - before == 1 for before, after in pairwise(numbers))
    assert len(numbers) == count(chain, "CORE.BATCHES")

    assert set(dropped_songs(chain).values()) == {1}
    assert {table: count(chain, f"CORE.{table}") for table in CURRENT_ROWS} == CURRENT_ROWS
    assert {table: count(chain, TWICE.format(table=table, key=key)) for table, key in ONCE_FOR_EVER.items()} == {
        "PLAYLIST_CHECKS": 0,
        "PLAYLIST_ITEMS": 0,
        "BATCHES": 0,
    }

    sqs = stack.aws.client("sqs")
    undelivered = sqs.get_queue_attributes(QueueUrl=stack.outputs["undelivered_queue_url"], AttributeNames=["All"])
    assert undelivered["Attributes"]["ApproximateNumberOfMessages"] == "0"
    assert Counter(run.state for run in stack.runs)["FAILED"] == 4  # one was killed, three had no script


def test_terraform_has_nothing_to_change_after_the_trust_is_set(
    application: Application, chain: Chain, tmp_path: Path
) -> None:
    stack = StackOutputs.of(chain.stack.outputs)

    done = list(steps(stack, SNOWFLAKE, tmp_path / "test.tfvars"))
    for step in done:
        step.do()

    assert len(done) == 4
    targets = ("module.snowflake", "module.storage.aws_sns_topic_policy.processed")
    application.run(
        "plan",
        f"-state={application.state}",
        "-input=false",
        "-detailed-exitcode",  # exits with 2 if there are changes
        f"-var-file={tmp_path / 'test.tfvars'}",
        *(f"-target={target}" for target in targets),
    )


def log_numbers(chain: Chain) -> set[str]:
    """The numbers of the commit log's entries."""
    names = [key.removeprefix("log/").removesuffix(".json") for key in chain.stack.keys("log/0")]
    return {name for name in names if name.isdecimal()}


def dropped_songs(chain: Chain) -> dict[str, int]:
    """How often each dropped song is in landing."""
    rows = chain.ask("select SONG_ID, count(*) from LANDING.SONGS where SONG_ID like '0song%%' group by SONG_ID")
    return {str(song).rstrip("0"): int(str(count)) for song, count in rows}


# 5 songs of the library, 100 drops, and 8 more: twice, killed, after, first, second, third, early, too late. Their
# pages share an album and an artist, and each is a playlist of its own. Of ten songs the duration is malformed: their
# rows of songs are rejected, and no others.
CURRENT_ROWS = {
    "SONGS": 113,
    "ALBUMS": 4,
    "ARTISTS": 5,
    "EPISODES": 1,
    "SONG_ARTISTS": 9 + 108 + 10,
    "ALBUM_ARTISTS": 5,
    "PLAYLISTS": 5 + 108 + 1,
}
# The key of every table, which is unique whatever was repeated.
ONCE_FOR_EVER = {
    "PLAYLIST_CHECKS": "PLAYLIST_ID, RUN_ID",
    "PLAYLIST_ITEMS": "PLAYLIST_ID, SNAPSHOT_ID, POSITION",
    "BATCHES": "BATCH_NUMBER",
}
TWICE = "(select {key} from LANDING.{table} group by {key} having count(*) > 1) as twice"


def count(chain: Chain, rows: str) -> int:
    [(number,)] = chain.ask(f"select count(*) from {rows}")  # our names
    return int(str(number))
