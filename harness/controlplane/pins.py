"""The versions that an environment's components run with, told by tags of the source bucket.

Components that share no file system with the control plane read them there: the tags come and go with the
bucket, so a bucket that is being filled again has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.controlplane.bucket_layout import BucketLayout
    from harness.controlplane.source_bucket import SourceBucket

_PINNED = "mwaa-harness/pinned"
_TRUE = "true"


class Pins:
    """Writes and reads the pinned object versions of one bucket."""

    def __init__(self, bucket: SourceBucket, layout: BucketLayout) -> None:
        self._bucket = bucket
        self._tags = {
            layout.plugins: "mwaa-harness/plugins",
            layout.requirements: "mwaa-harness/requirements",
            layout.startup_script: "mwaa-harness/startup-script",
        }

    def write(self, versions: Mapping[str, str]) -> None:
        """Tell the version id of each pinned artefact, by key; the bucket is complete."""
        pinned = {self._tags[key]: version for key, version in versions.items()}
        self._bucket.mark_complete({_PINNED: _TRUE, **pinned})

    def read(self) -> Mapping[str, str] | None:
        """The version id of each pinned artefact, by key; None while the bucket is not complete."""
        tags = self._bucket.tags()
        if tags.get(_PINNED) != _TRUE:
            return None
        return {key: tags[tag] for key, tag in self._tags.items() if tag in tags}
