#!/usr/bin/env python3
"""Upload the file KEY to the bucket with SSE-C, by boto3.

The same job in one line:

    ssec put

Settings stand in ./.env; the file is looked for in the current folder.
"""

import os
import re
import sys
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def read_env_file(path: Path) -> dict[str, str]:
    """Read lines like NAME='value', NAME="value" and NAME=value; skip comments and the rest."""
    settings = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        found = re.match(r"""\s*(?:export\s+)?(\w+)\s*=\s*(?:'([^']*)'|"([^"]*)"|([^\s#]*))""", line)
        if found:
            settings[found[1]] = next((value for value in found.groups()[1:] if value is not None), "")
    return settings


def main() -> None:
    settings = read_env_file(Path(".env"))
    bucket, key = settings["BUCKET_NAME"], settings["KEY"]

    session = boto3.Session(profile_name=settings.get("PROFILE") or None)
    # Older releases of boto3 do not read this variable by themselves.
    client = session.client("s3", endpoint_url=os.environ.get("AWS_ENDPOINT_URL") or None)

    with open(key, "rb") as body:
        answer = client.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            SSECustomerAlgorithm="AES256",
            SSECustomerKey=settings["SSE_CUSTOMER_KEY_BASE64"],
            SSECustomerKeyMD5=settings["SSE_CUSTOMER_KEY_MD5"],
        )
    # A server that ignores the key answers 200 too, but does not repeat the key's digest.
    if answer.get("SSECustomerKeyMD5") != settings["SSE_CUSTOMER_KEY_MD5"]:
        sys.exit("the server did not encrypt with the customer key")
    print(f"s3://{bucket}/{key}")


if __name__ == "__main__":
    try:
        main()
    except KeyError as error:
        sys.exit(f".env lacks {error}")
    except (BotoCoreError, ClientError, OSError) as error:
        sys.exit(str(error))
