"""The limits that are written down here agree with what others of the project and botocore say."""

from __future__ import annotations

import boto3
import botocore.loaders

from harness.config.quotas import ENVIRONMENT_CLASSES
from harness.config.reserved_options import BLOCKED_OPTIONS
from harness.config.service_model import create_environment_limits, log_levels, service_names
from harness.config.versions import SUPPORTED_VERSIONS
from harness.runtime.environment_classes import ENVIRONMENT_CLASSES as CAPACITIES
from harness.workerenv.matrix import support_row


def test_the_classes_are_those_whose_capacity_is_known() -> None:
    assert set(ENVIRONMENT_CLASSES) == set(CAPACITIES)


def test_every_supported_version_has_a_row_in_the_matrix() -> None:
    for version in SUPPORTED_VERSIONS:
        assert support_row(version).airflow_version == version


def test_the_model_is_read_as_botocore_reads_it() -> None:
    model = botocore.loaders.Loader().load_service_model("mwaa", "service-2")

    members = model["shapes"]["CreateEnvironmentInput"]["members"]
    assert set(create_environment_limits()) == set(members)
    assert list(log_levels()) == model["shapes"]["LoggingLevel"]["enum"]


def test_the_services_are_those_that_boto3_has() -> None:
    assert set(boto3.Session().get_available_services()) <= set(service_names())


def test_blocked_options_are_names_that_the_service_would_take() -> None:
    key = create_environment_limits()["AirflowConfigurationOptions"].key

    assert key is not None
    assert all(key.matches(name) for name in BLOCKED_OPTIONS)
