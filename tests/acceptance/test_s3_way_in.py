"""S3 is the way in: what reaches the bucket, by save or by hand, reaches the components."""

from __future__ import annotations

import io
import shutil
import signal
import zipfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.acceptance.conftest import SourceProject
    from tests.conftest import LocalStackProcess

pytestmark = pytest.mark.network  # LocalStack comes from a package registry


def test_the_tree_is_published_and_synced_before_it_is_ready(source_project: SourceProject) -> None:
    source_project.write("dags/one.py", "dag one")
    source_project.write("dags/team/deep/two.sql", "select 2")
    source_project.write("dags/.airflowignore", "old_.*")
    source_project.write("plugins/operators/mine.py", "class Mine: ...")
    source_project.write("requirements/requirements.txt", "six\n")
    source_project.write("startup/startup.sh", "export A=1\n")
    source_project.write("dags/__pycache__/one.cpython-310.pyc", "bytecode")

    source_project.up()

    objects = source_project.objects()
    assert objects.pop("plugins.zip").startswith("PK")
    assert objects == {
        "dags/one.py": "dag one",
        "dags/team/deep/two.sql": "select 2",
        "dags/.airflowignore": "old_.*",
        "requirements.txt": "six\n",
        "startup.sh": "export A=1\n",
    }
    for component in ("scheduler", "worker"):
        assert source_project.in_home("dags/one.py", component) == "dag one"
        assert source_project.in_home("dags/team/deep/two.sql", component) == "select 2"
        assert source_project.in_home("dags/.airflowignore", component) == "old_.*"
    for component in ("scheduler", "worker", "webserver"):
        assert source_project.in_home("plugins/operators/mine.py", component) == "class Mine: ..."
        assert source_project.in_home("requirements/requirements.txt", component) == "six\n"
        assert source_project.in_home("startup/startup.sh", component) == "export A=1\n"
    assert source_project.in_home("dags/one.py", "webserver") is None
    readiness = source_project.readiness
    assert readiness is not None
    assert readiness["ready"] is True
    assert readiness["objects"] == 3
    assert set(readiness["versions"]) == {"plugins.zip", "requirements.txt", "startup.sh"}


def test_bucket_and_queue_are_as_mwaa_demands(source_project: SourceProject) -> None:
    source_project.up()

    bucket = source_project.bucket
    assert source_project.s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    block = source_project.s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    url = source_project.sqs.get_queue_url(QueueName=source_project.queue)["QueueUrl"]
    attributes = source_project.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert attributes["Attributes"]["VisibilityTimeout"] == "43200"


def test_an_empty_project_is_ready_too_and_its_folders_may_appear_later(
    source_project: SourceProject,
) -> None:
    source_project.up()

    source_project.write("dags/late.py", "late")

    source_project.eventually(lambda: source_project.in_home("dags/late.py") == "late", "late.py in a home")


def test_a_save_an_addition_and_a_deletion_reach_the_components(source_project: SourceProject) -> None:
    source_project.write("dags/one.py", "first")
    source_project.write("dags/two.py", "two")
    source_project.up()

    source_project.write("dags/one.py", "second")
    source_project.write("dags/sub/new.py", "new")
    (source_project.root / "dags/two.py").unlink()

    def is_there() -> bool:
        return (
            source_project.in_home("dags/one.py", "worker") == "second"
            and source_project.in_home("dags/sub/new.py", "worker") == "new"
            and source_project.in_home("dags/two.py", "worker") is None
        )

    source_project.eventually(is_there, "the changes in the worker's home")
    assert "dags/two.py" not in source_project.objects()


def test_unchanged_files_are_left_untouched(source_project: SourceProject) -> None:
    source_project.write("dags/one.py", "one")
    source_project.write("dags/two.py", "two")
    source_project.up()
    home = source_project.homes["scheduler"] / "dags/one.py"
    before = home.stat()

    source_project.write("dags/two.py", "changed")
    source_project.eventually(lambda: source_project.in_home("dags/two.py") == "changed", "the change")

    assert (home.stat().st_mtime_ns, home.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_files_put_changed_and_deleted_by_hand_reach_the_components(source_project: SourceProject) -> None:
    source_project.write("dags/mine.py", "from the tree")
    source_project.write("dags/other.py", "from the tree")
    source_project.up()

    source_project.put_by_hand("dags/hand.py", "by hand")
    source_project.put_by_hand("dags/mine.py", "overwritten by hand")
    source_project.s3.delete_object(Bucket=source_project.bucket, Key="dags/other.py")
    source_project.eventually(lambda: source_project.in_home("dags/hand.py") == "by hand", "the file by hand")
    source_project.eventually(lambda: source_project.in_home("dags/other.py") is None, "the deletion by hand")
    assert source_project.in_home("dags/mine.py") == "overwritten by hand"

    # A save elsewhere in the tree leaves them alone …
    source_project.write("dags/another.py", "another")
    source_project.eventually(lambda: source_project.in_home("dags/another.py") == "another", "the save")
    assert source_project.in_home("dags/mine.py") == "overwritten by hand"
    assert source_project.in_home("dags/other.py") is None

    # … and a save of the same file wins.
    source_project.write("dags/mine.py", "saved again")
    source_project.eventually(lambda: source_project.in_home("dags/mine.py") == "saved again", "the save")

    source_project.s3.delete_object(Bucket=source_project.bucket, Key="dags/hand.py")
    source_project.eventually(lambda: source_project.in_home("dags/hand.py") is None, "the deletion")


def test_a_file_replaced_by_hand_outlives_the_trees_own(source_project: SourceProject) -> None:
    file = source_project.write("dags/mine.py", "from the tree")
    source_project.up()
    source_project.put_by_hand("dags/mine.py", "by hand")

    file.unlink()
    source_project.eventually(lambda: "left as it is" in source_project.log, "the notice")

    assert source_project.objects()["dags/mine.py"] == "by hand"
    source_project.eventually(lambda: source_project.in_home("dags/mine.py") == "by hand", "the file by hand")


def test_artefacts_stay_pinned_until_the_environment_is_updated(source_project: SourceProject) -> None:
    source_project.write("plugins/mine.py", "first")
    source_project.write("requirements/requirements.txt", "six\n")
    process = source_project.up()
    before = source_project.readiness
    assert before is not None

    source_project.write("plugins/mine.py", "second")
    source_project.write("requirements/requirements.txt", "attrs\n")
    source_project.eventually(lambda: source_project.objects()["requirements.txt"] == "attrs\n", "the upload")
    versions = source_project.s3.list_object_versions(Bucket=source_project.bucket, Prefix="plugins.zip")
    source_project.eventually(
        lambda: (
            len(
                source_project.s3.list_object_versions(Bucket=source_project.bucket, Prefix="plugins.zip")[
                    "Versions"
                ]
            )
            == 2
        ),
        f"a second version of plugins.zip besides {versions['Versions']}",
    )
    assert source_project.in_home("plugins/mine.py") == "first"
    assert source_project.in_home("requirements/requirements.txt") == "six\n"

    # The service crashed and was started again: nothing moves.
    process.kill()
    process.wait()
    process = source_project.run_controlplane()
    assert source_project.in_home("plugins/mine.py") == "first"
    assert source_project.readiness is not None
    assert source_project.readiness["versions"] == before["versions"]

    # The environment is updated: the latest versions count.
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    source_project.up()
    assert source_project.in_home("plugins/mine.py", "webserver") == "second"
    assert source_project.in_home("requirements/requirements.txt", "worker") == "attrs\n"
    assert source_project.readiness["versions"] != before["versions"]


def test_unchanged_plugins_make_no_new_object_version(source_project: SourceProject) -> None:
    file = source_project.write("plugins/mine.py", "same")
    source_project.write("dags/one.py", "one")
    source_project.up()

    file.touch()
    source_project.write("dags/one.py", "two")
    source_project.eventually(
        lambda: source_project.in_home("dags/one.py") == "two", "the save after the touch"
    )

    found = source_project.s3.list_object_versions(Bucket=source_project.bucket, Prefix="plugins.zip")
    assert len(found["Versions"]) == 1


def test_an_archive_that_leads_outside_is_refused(source_project: SourceProject) -> None:
    source_project.up().terminate()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../escaped.py", "bad")
    source_project.s3.put_object(Bucket=source_project.bucket, Key="plugins.zip", Body=buffer.getvalue())

    source_project.up()

    assert "leads outside the plugins folder" in source_project.log
    assert not list(source_project.root.rglob("escaped.py"))


def test_keys_that_cannot_be_files_are_refused_and_others_synced(source_project: SourceProject) -> None:
    source_project.up()

    source_project.put_by_hand("dags/a/../../../escaped.py", "bad")
    source_project.put_by_hand("dags//absolute.py", "bad")
    source_project.put_by_hand("dags/back\\slash.py", "bad")
    source_project.put_by_hand("dags/folder-mark/", "")
    source_project.put_by_hand("dags/good.py", "good")

    source_project.eventually(lambda: source_project.in_home("dags/good.py") == "good", "the good one")
    found = sorted(path.name for path in (source_project.homes["scheduler"] / "dags").rglob("*"))
    assert found == ["good.py"]
    assert source_project.log.count("is not synced") == 3


def test_names_with_spaces_and_letters_of_all_kinds(source_project: SourceProject) -> None:
    names = ["mit Leerzeichen.py", "grüße.py", "データ.py", "plus+and&percent%20.py", "quote'\".py", "😀.py"]
    for name in names:
        source_project.write(f"dags/Ordner ß/{name}", name)

    source_project.up()

    for name in names:
        assert source_project.in_home(f"dags/Ordner ß/{name}") == name
    (source_project.root / f"dags/Ordner ß/{names[2]}").unlink()
    source_project.eventually(
        lambda: source_project.in_home(f"dags/Ordner ß/{names[2]}") is None, "the deletion"
    )


def test_a_file_becomes_a_folder_and_a_file_again(source_project: SourceProject) -> None:
    file = source_project.write("dags/thing", "a file")
    source_project.up()

    file.unlink()
    source_project.write("dags/thing/inner.py", "inner")
    source_project.eventually(lambda: source_project.in_home("dags/thing/inner.py") == "inner", "the folder")

    shutil.rmtree(file)
    source_project.write("dags/thing", "a file again")
    source_project.eventually(lambda: source_project.in_home("dags/thing") == "a file again", "the file")


def test_five_hundred_files(source_project: SourceProject) -> None:
    for number in range(500):
        source_project.write(f"dags/group{number % 10}/dag_{number}.py", f"dag {number}")

    source_project.up()

    synced = list((source_project.homes["worker"] / "dags").rglob("*.py"))
    assert len(synced) == 500
    shutil.rmtree(source_project.root / "dags/group3")
    source_project.eventually(
        lambda: len(list((source_project.homes["worker"] / "dags").rglob("*.py"))) == 450, "the deletion"
    )


def test_leftovers_in_a_home_go_and_a_home_made_anew_is_filled(source_project: SourceProject) -> None:
    leftover = source_project.homes["scheduler"] / "dags/old/stale.py"
    leftover.parent.mkdir(parents=True)
    leftover.write_text("stale", encoding="utf-8")
    source_project.write("dags/one.py", "one")

    source_project.up()

    assert not leftover.parent.exists()
    shutil.rmtree(source_project.homes["worker"])
    source_project.eventually(
        lambda: source_project.in_home("dags/one.py", "worker") == "one", "the new home"
    )


def test_after_localstack_was_lost_everything_is_restored(
    make_source_project: Callable[[LocalStackProcess], SourceProject],
    start_localstack: Callable[[], LocalStackProcess],
) -> None:
    localstack = start_localstack()
    source_project = make_source_project(localstack)
    source_project.write("dags/tree.py", "tree")
    source_project.write("dags/deleted_by_hand.py", "unwanted")
    source_project.write("plugins/mine.py", "pinned")
    source_project.up()
    source_project.put_by_hand("dags/hand.py", "by hand")
    source_project.s3.delete_object(Bucket=source_project.bucket, Key="dags/deleted_by_hand.py")
    source_project.eventually(
        lambda: (
            source_project.in_home("dags/hand.py", "worker") == "by hand"
            and source_project.in_home("dags/deleted_by_hand.py", "worker") is None
        ),
        "what was done by hand",
    )
    untouched = (source_project.homes["worker"] / "dags/hand.py").stat().st_mtime_ns

    localstack.kill()
    source_project.write("dags/meanwhile.py", "saved during the outage")
    source_project.eventually(lambda: "waiting for LocalStack" in source_project.log, "the loss noticed")
    assert source_project.in_home("dags/tree.py") == "tree"
    localstack.start()

    source_project.eventually(
        lambda: source_project.in_home("dags/meanwhile.py") == "saved during the outage", "the save"
    )
    objects = source_project.objects()
    assert objects.pop("plugins.zip").startswith("PK")
    assert objects == {
        "dags/tree.py": "tree",
        "dags/hand.py": "by hand",
        "dags/meanwhile.py": "saved during the outage",
    }
    assert source_project.in_home("dags/hand.py") == "by hand"
    assert (source_project.homes["worker"] / "dags/hand.py").stat().st_mtime_ns == untouched
    url = source_project.sqs.get_queue_url(QueueName=source_project.queue)["QueueUrl"]
    assert url.startswith(f"{localstack.endpoint_url}/queue/")
    bucket = source_project.bucket
    assert source_project.s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def test_localstack_and_the_control_plane_lost_together(
    make_source_project: Callable[[LocalStackProcess], SourceProject],
    start_localstack: Callable[[], LocalStackProcess],
) -> None:
    localstack = start_localstack()
    source_project = make_source_project(localstack)
    source_project.write("dags/tree.py", "tree")
    process = source_project.up()
    source_project.put_by_hand("dags/hand.py", "by hand")
    source_project.eventually(lambda: source_project.in_home("dags/hand.py") == "by hand", "the file by hand")

    process.kill()
    process.wait()
    localstack.kill()
    (source_project.root / "dags/tree.py").unlink()
    localstack.start()
    source_project.up()

    assert source_project.in_home("dags/hand.py") == "by hand"
    assert source_project.in_home("dags/tree.py") is None
    assert set(source_project.objects()) == {"dags/hand.py"}


def test_a_queue_deleted_by_hand_comes_back(source_project: SourceProject) -> None:
    source_project.up()
    url = source_project.sqs.get_queue_url(QueueName=source_project.queue)["QueueUrl"]

    source_project.sqs.delete_queue(QueueUrl=url)

    source_project.eventually(lambda: "lost" in source_project.log, "the loss noticed")
    source_project.eventually(
        lambda: bool(source_project.sqs.list_queues(QueueNamePrefix=source_project.queue).get("QueueUrls")),
        "the queue",
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_told_to(source_project: SourceProject, number: signal.Signals) -> None:
    process = source_project.up()

    process.send_signal(number)

    assert process.wait(timeout=60) == 0
    assert source_project.readiness is None
    assert "Traceback" not in source_project.log
