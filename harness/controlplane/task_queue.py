"""The Celery queue."""

from __future__ import annotations

import base64
import json
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote, urlsplit

from harness.controlplane.aws import Aws, MissingError, StorageError, StorageUnreachableError, translated

VISIBILITY_TIMEOUT = 43200  # facts 10.3: 12 hours, as long as one task attempt may take


class TaskQueue:
    """The Celery queue: one per environment, made beforehand, as on MWAA."""

    def __init__(self, aws: Aws, url: str) -> None:
        self.name = url.rpartition("/")[2]
        self._url = url
        self._sqs = aws.sqs

    def exists(self) -> bool:
        try:
            translated(lambda: self._sqs.get_queue_url(QueueName=self.name))
        except MissingError:
            return False
        return True

    def create(self) -> str:
        """Make the queue when it is not there; its address."""
        attributes: Any = {"VisibilityTimeout": str(VISIBILITY_TIMEOUT)}
        answer = translated(lambda: self._sqs.create_queue(QueueName=self.name, Attributes=attributes))
        return answer["QueueUrl"]

    def waiting_task_ids(self) -> frozenset[str]:
        """Celery ids of the messages that any worker may take now; looking does not take them.

        SQS itself has no such question; LocalStack's `/_aws/sqs/messages` answers it.
        """
        address = urlsplit(self._url)
        path = f"/_aws/sqs/messages?QueueUrl={quote(self._url, safe='')}"
        connection = HTTPConnection(address.netloc, timeout=10)
        try:
            connection.request("GET", path, headers={"Accept": "application/json"})
            answer = connection.getresponse()
            document = json.loads(answer.read())
            result = document["ReceiveMessageResponse"]["ReceiveMessageResult"] or {}
            messages = result.get("Message", [])
            return frozenset(
                _celery_id(message["Body"])
                for message in (messages if isinstance(messages, list) else [messages])
            )
        except (OSError, HTTPException) as error:
            raise StorageUnreachableError(f"LocalStack does not answer: {error}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StorageError(f"the queue's messages cannot be read: {error!r}") from error
        finally:
            connection.close()


def _celery_id(body: str) -> str:
    return str(json.loads(base64.b64decode(body))["headers"]["id"])
