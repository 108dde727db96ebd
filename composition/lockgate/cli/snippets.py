"""Lines to paste that ask a running gateway."""

import json


def curl_lines(url: str, model: str, key_variable: str | None) -> str:
    """A question by curl; `key_variable` is the environment variable that holds a client key."""
    key = f'  -H "Authorization: Bearer ${key_variable}" \\\n' if key_variable else ""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Hello!"}]})
    quoted = body.replace("'", "'\\''")
    return f"curl {url}/v1/chat/completions \\\n{key}  -H 'Content-Type: application/json' \\\n  -d '{quoted}'"


def sdk_lines(url: str, model: str, key_variable: str | None) -> str:
    """The same question by the OpenAI SDK for Python."""
    key = f'os.environ["{key_variable}"]' if key_variable else '"unused"'
    imports = "import os\nfrom openai import OpenAI" if key_variable else "from openai import OpenAI"
    return (
        f"{imports}\n"
        f'client = OpenAI(base_url="{url}/v1", api_key={key})\n'
        "answer = client.chat.completions.create(\n"
        f"    model={json.dumps(model)},\n"
        '    messages=[{"role": "user", "content": "Hello!"}],\n'
        ")\n"
        "print(answer.choices[0].message.content)"
    )
