#!/usr/bin/env python3
"""Download the SSE-C object KEY into tmp/ under a new name, by boto3, and print the path.

The same job in one line:

    ssec get

Settings stand in ./.env; tmp/ is made in the current folder.
"""

import os
import re
import shutil
import sys
import uuid
from pathlib import Path, PurePosixPath

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
    key = settings["KEY"]

    session = boto3.Session(profile_name=settings.get("PROFILE") or None)
    # Older releases of boto3 do not read this variable by themselves.
    client = session.client("s3", endpoint_url=os.environ.get("AWS_ENDPOINT_URL") or None)

    answer = client.get_object(
        Bucket=settings["BUCKET_NAME"],
        Key=key,
        SSECustomerAlgorithm="AES256",
        SSECustomerKey=settings["SSE_CUSTOMER_KEY_BASE64"],
        SSECustomerKeyMD5=settings["SSE_CUSTOMER_KEY_MD5"],
    )

    Path("tmp").mkdir(mode=0o700, exist_ok=True)
    target = Path("tmp", f"{uuid.uuid4()}{PurePosixPath(key).suffix}")
    try:
        with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            shutil.copyfileobj(answer["Body"], file)
        # The stream's end alone does not tell whether all of it came.
        if target.stat().st_size != answer["ContentLength"]:
            raise OSError("the connection closed early")
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    print(target)


if __name__ == "__main__":
    try:
        main()
    except KeyError as error:
        sys.exit(f".env lacks {error}")
    except (BotoCoreError, ClientError, OSError) as error:
        sys.exit(str(error))
