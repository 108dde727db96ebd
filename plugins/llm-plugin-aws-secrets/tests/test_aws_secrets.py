"""AWS Secrets Manager by the bytes that its API reference shows."""

import json
from base64 import b64encode
from typing import Any

import msgspec
import pytest

from llm_plugin_aws_secrets.store import AWS_SM, AwsSecretsSettings
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http import Origin
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import Exchange, NoAnswer, ScriptedHttp

SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ENV = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_SESSION_TOKEN": "session"}


def says(value: Any, status: int = 200) -> Exchange:
    return Exchange(status=status, chunks=(json.dumps(value).encode(),))


def value(text: str) -> Exchange:
    return says(
        {
            "ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/openai-a1b2c3",
            "CreatedDate": 1.523477145713e9,
            "Name": "prod/openai",
            "SecretString": text,
            "VersionId": "EXAMPLE1-90ab-cdef-fedc-ba987SECRET1",
            "VersionStages": ["AWSCURRENT"],
        }
    )


async def local(ref: str) -> Secret:
    return Secret(f"AKIDLOCAL:{SECRET_KEY}", ref)


def store(http: ScriptedHttp, **settings: Any) -> Any:
    given = msgspec.convert({"region": "eu-west-1", **settings}, AwsSecretsSettings)
    return AWS_SM.build(given, BuildContext("secrets-aws-sm", http, env=ENV, secret=local))


async def test_a_secret_is_asked_for_by_name_with_a_signature_for_the_service() -> None:
    http = ScriptedHttp(value(" sk-1 "))
    secrets = store(http)
    assert (await secrets.fetch("aws-sm:prod/openai")).reveal() == "sk-1"
    (request,) = http.requests
    assert (request.method, str(request.origin)) == ("POST", "https://secretsmanager.eu-west-1.amazonaws.com")
    assert json.loads(request.body) == {"SecretId": "prod/openai"}
    headers = dict(request.headers)
    assert headers["x-amz-target"] == "secretsmanager.GetSecretValue"
    assert headers["x-amz-security-token"] == "session"
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-west-1/secretsmanager/aws4_request, SignedHeaders=content-type;host;" in headers["authorization"]
    assert http.leaks == []
    await secrets.aclose()
    assert http.closed


async def test_fields_of_json_come_from_one_answer_and_an_arn_is_a_name() -> None:
    http = ScriptedHttp(value('{"key": "sk-1", "deep": {"er": "sk-2"}}'))
    secrets = store(http, auth="keys", credential_ref="env:OWN")
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/openai-a1b2c3"
    assert (await secrets.fetch(f"aws-sm:{arn}#key")).reveal() == "sk-1"
    assert (await secrets.fetch(f"aws-sm:{arn}#deep.er")).reveal() == "sk-2"
    assert json.loads(http.requests[0].body) == {"SecretId": arn}
    assert "Credential=AKIDLOCAL/" in dict(http.requests[0].headers)["authorization"]


async def test_a_binary_secret_is_the_text_in_it() -> None:
    http = ScriptedHttp(says({"SecretBinary": b64encode(b"sk-1").decode()}))
    assert (await store(http).fetch("aws-sm:bin")).reveal() == "sk-1"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says({"__type": "ResourceNotFoundException", "Message": SECRET_KEY}, 400), "no such secret"),
        (says({"__type": "UnrecognizedClientException"}, 403), "credentials"),
        (NoAnswer("timeout"), "cannot be asked"),
        (says({"SecretBinary": "//79"}), "no text"),
        (Exchange(chunks=(b"<html>",)), "no text"),
    ],
)
async def test_what_goes_wrong_is_told_by_the_reference(answer: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        await store(ScriptedHttp(answer)).fetch("aws-sm:prod/openai#key")
    assert "aws-sm:prod/openai#key" in caught.value.message
    assert SECRET_KEY not in caught.value.message


@pytest.mark.parametrize("settings", [{"auth": "keys"}, {"auth": "keys", "credential_ref": "aws-sm:own"}])
def test_its_own_keys_must_be_kept_here(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="credential_ref"):
        store(ScriptedHttp(), **settings)


def test_its_allowance_holds_what_hands_out_credentials() -> None:
    def allowed(**settings: Any) -> tuple[list[str], tuple[str, ...]]:
        given = msgspec.convert({"region": "eu-west-1", **settings}, AwsSecretsSettings)
        return [str(origin) for origin in AWS_SM.origins(given)], AWS_SM.private_addresses(given)

    own = "https://secretsmanager.eu-west-1.amazonaws.com"
    assert allowed() == ([own], ())
    assert allowed(auth="web-identity") == ([own, "https://sts.eu-west-1.amazonaws.com"], ())
    assert allowed(auth="instance") == ([own, "http://169.254.169.254"], ("169.254.169.254/32",))
    assert allowed(region="cn-north-1")[0] == ["https://secretsmanager.cn-north-1.amazonaws.com.cn"]
    assert Origin("https", "vpce.example", 443) in AWS_SM.origins(
        AwsSecretsSettings(region="eu-west-1", base_url="https://vpce.example")
    )
