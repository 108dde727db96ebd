"""Ask a running gateway by the OpenAI SDK: `pip install openai`."""

import sys

from openai import OpenAI


def main(url: str = "http://127.0.0.1:8080/v1", key: str = "unused") -> None:
    client = OpenAI(base_url=url, api_key=key)
    answer = client.chat.completions.create(
        model="default",
        messages=[{"role": "user", "content": "What is the capital of France?"}],
    )
    print(answer.choices[0].message.content)

    raw = client.chat.completions.with_raw_response.create(
        model="default",
        messages=[{"role": "user", "content": "And of Spain?"}],
    )
    print(raw.headers["x-lockgate-target"], raw.parse().usage)


if __name__ == "__main__":
    main(*sys.argv[1:])
