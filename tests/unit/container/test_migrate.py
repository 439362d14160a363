from __future__ import annotations

from harness.container.migrate import complete_secrets
from harness.runtime.secrets import EnvironmentSecrets


def test_secrets_that_were_given_stay_and_the_others_are_made() -> None:
    made = complete_secrets(EnvironmentSecrets("", "", "airflow", "given"))

    assert (made.postgres_password, made.admin_password) == ("airflow", "given")
    assert len(made.fernet_key) == 44
    assert made.webserver_secret_key
    assert complete_secrets(made) == made
