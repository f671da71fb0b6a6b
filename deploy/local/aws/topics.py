"""Checks whether EventBridge may publish to a topic, by the policies of the topic and of its key, as on AWS.

EventBridge sends no aws:SourceAccount, aws:SourceArn or aws:PrincipalOrgID, neither to SNS nor to KMS. The guide of SNS
allows no condition for EventBridge in a topic's policy. KMS receives the topic's ARN in the encryption context. moto
checks neither policy.
"""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

_SERVICE = "events.amazonaws.com"
_CONTEXT = "kms:EncryptionContext:aws:sns:topicArn"
_OF_KEY = ("kms:Decrypt", "kms:GenerateDataKey")


def refusal(topic_arn: str, topic_policy: str, key_policy: str | None) -> str | None:
    """The reason why a rule may not publish to this topic, or None if it may. `key_policy` is None without encryption.

    A topic whose policy names no service may receive everything: moto's default policy names none.
    """
    if "amazonaws.com" not in topic_policy:
        return None
    if not any(not statement.get("Condition") for statement in _allowing(topic_policy, "sns:Publish", topic_arn)):
        return f"{topic_arn} does not let EventBridge publish"
    if key_policy is None:
        return None
    for action in _OF_KEY:
        if not any(
            _meets(statement.get("Condition", {}), topic_arn) for statement in _allowing(key_policy, action, "*")
        ):
            return f"the key of {topic_arn} does not allow EventBridge {action}"
    return None


def _allowing(policy: str, action: str, resource: str) -> Iterator[Mapping[str, Any]]:
    for statement in json.loads(policy)["Statement"]:
        principal = statement.get("Principal")
        services = _texts(principal.get("Service", [])) if isinstance(principal, Mapping) else []
        is_meant = statement["Effect"] == "Allow" and _SERVICE in services
        if is_meant and _matches(action, statement["Action"]) and _matches(resource, statement["Resource"]):
            yield statement


def _meets(condition: Mapping[str, Mapping[str, Any]], topic_arn: str) -> bool:
    """Whether a request whose only key is the encryption context meets the condition."""
    return all(
        key == _CONTEXT and _matches(topic_arn, value) for keys in condition.values() for key, value in keys.items()
    )


def _matches(text: str, patterns: object) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in _texts(patterns))


def _texts(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(element) for element in value] if isinstance(value, list) else []
