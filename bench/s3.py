"""Signed requests: for curl, and for what the bench itself asks of a server."""

import base64
import datetime
import hashlib
import hmac
import http.client
import ssl
import urllib.parse

BUCKET = "bench"


def signed_headers(method, url, headers, env):
    """Signature V4 over every header given, the body unsigned (it travels by TLS)."""
    address = urllib.parse.urlsplit(url)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {name.lower(): value for name, value in headers.items()}
    headers |= {"host": address.netloc, "x-amz-date": now, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    names = sorted(headers)
    lines = [method, address.path, address.query]
    lines += [f"{name}:{headers[name]}" for name in names]
    lines += ["", ";".join(names), "UNSIGNED-PAYLOAD"]
    scope = f"{now[:8]}/{env['AWS_REGION']}/s3/aws4_request"
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    secret = f"AWS4{env['AWS_SECRET_ACCESS_KEY']}".encode()
    for part in scope.split("/"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    signature = hmac.new(secret, f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{digest}".encode(), "sha256").hexdigest()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={env['AWS_ACCESS_KEY_ID']}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return headers


def key_headers(key):
    prefix = "x-amz-server-side-encryption-customer-"
    return {
        f"{prefix}algorithm": "AES256",
        f"{prefix}key": base64.b64encode(key).decode(),
        f"{prefix}key-md5": base64.b64encode(hashlib.md5(key).digest()).decode(),
    }


class Bucket:
    """The bucket that everything is put into and got from, under one customer key."""

    def __init__(self, env, key):
        self.env = env
        self.url = f"{env['AWS_ENDPOINT_URL']}/{BUCKET}"
        self.tls = ssl.create_default_context(cafile=env["AWS_CA_BUNDLE"])
        self.key_headers = key_headers(key)

    def signed(self, method, name):
        """URL and headers of a request for an object under the customer key. A signature lives 15 minutes."""
        url = f"{self.url}/{name}"
        return url, signed_headers(method, url, self.key_headers, self.env)

    def make(self):
        self._request("PUT", self.url)

    def size_of(self, name, key=None):
        """Under KEY, by default the one that everything is put under."""
        headers = self.key_headers if key is None else key_headers(key)
        return int(self._request("HEAD", f"{self.url}/{name}", headers)["content-length"])

    def delete(self, names):
        for start in range(0, len(names), 1000):
            keys = "".join(f"<Object><Key>{name}</Key></Object>" for name in names[start : start + 1000])
            body = f"<Delete><Quiet>true</Quiet>{keys}</Delete>".encode()
            md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
            self._request("POST", f"{self.url}?delete=", {"content-md5": md5}, body)

    def _request(self, method, url, headers=None, body=None):
        address = urllib.parse.urlsplit(url)
        connection = http.client.HTTPSConnection(address.netloc, context=self.tls, timeout=120)
        try:
            target = address.path + (f"?{address.query}" if address.query else "")
            connection.request(method, target, body, signed_headers(method, url, headers or {}, self.env))
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 300:
                raise RuntimeError(f"{method} {address.path}: {answer.status} {text.decode(errors='replace')}")
            return {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()
