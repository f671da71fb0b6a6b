"""Counts the objects and versions in an environment's bucket, which are lost when the bucket is destroyed."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from deploy.commands import CommandError

_COUNTED = 100_000  # versions; a more exact count would not change the decision


class Contents(NamedTuple):
    """Data in a bucket, without the objects that Terraform put there.

    `objects` counts current objects by their first folder, `versions` all versions and delete markers. `size` is in
    bytes, of all versions.
    """

    objects: Counter[str]
    versions: int
    size: int

    def as_text(self) -> str:
        """The counts as text for people."""
        more = "more than " if self.versions >= _COUNTED else ""
        objects, size = f"{more}{self.objects.total():,} objects", f"{more}{self.size / 2**20:,.1f} MB"
        first = f"{objects}, {more}{self.versions:,} with their older versions, {size}:"
        return "\n".join([first, *(f"  {folder:<16}{count:>10,}" for folder, count in sorted(self.objects.items()))])


def contents(bucket: str, region: str, ours: frozenset[str]) -> Contents:
    """The data that would be lost with the bucket. `ours` are the keys of objects that Terraform can upload again."""
    counted = Contents(Counter(), 0, 0)
    for version in _versions(bucket, region):
        if version["Key"] in ours:
            continue
        if version.get("IsLatest") and "Size" in version:
            counted.objects[version["Key"].partition("/")[0] + "/" * ("/" in version["Key"])] += 1
        counted = Contents(counted.objects, counted.versions + 1, counted.size + version.get("Size", 0))
        if counted.versions >= _COUNTED:
            break
    return counted


def _versions(bucket: str, region: str) -> Iterator[dict[str, Any]]:
    """Every version and delete marker; none if there is no such bucket. Raises CommandError."""
    import boto3  # noqa: PLC0415  # only where there is a bucket
    from botocore.exceptions import ClientError  # noqa: PLC0415  # likewise

    try:
        pages = boto3.client("s3", region_name=region or None).get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=bucket):
            yield from page.get("Versions", [])
            yield from page.get("DeleteMarkers", [])
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code != "NoSuchBucket":
            raise CommandError(
                f"the bucket {bucket} cannot be listed ({code}), so it is unknown what would be lost"
            ) from error
