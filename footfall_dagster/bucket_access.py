"""How DuckDB is let into a bucket: with the keys that every other client finds, or one object long.

Belongs here: what is told of a bucket to whoever reads it without s3fs. Does not belong here: the
paths themselves (`footfall_dagster.store`), what lies there.
"""

from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote, urlsplit

from footfall_dagster.mart_tables import literal

_AMAZONS = "us-east-1"
"""The region where none is set, as other clients have it."""


@dataclass(frozen=True, slots=True)
class BucketAccess:
    """Who asks, and where.

    Attributes:
        endpoint: URL of the store.
        region: Of the bucket.
        credentials: As botocore found them; None where there are none.
    """

    endpoint: str
    region: str
    credentials: Any = field(repr=False)

    @classmethod
    def to(cls, where: Any) -> Self:
        """To the bucket in which a path lies."""
        from botocore.session import Session  # type: ignore[import-untyped]

        session = Session()
        region = session.get_config_variable("region") or _AMAZONS
        endpoint = where.fs.client_kwargs.get("endpoint_url") or where.fs.endpoint_url
        found = session.get_credentials()
        return cls(
            (endpoint or f"https://s3.{region}.amazonaws.com").rstrip("/"),
            region,
            found.get_frozen_credentials() if found else None,
        )

    @property
    def secret(self) -> str:
        """The statement that has DuckDB read and write the bucket."""
        parts = urlsplit(self.endpoint)
        told = {"TYPE": "s3", "REGION": self.region, "ENDPOINT": parts.netloc}
        told |= {"URL_STYLE": "path", "USE_SSL": "true" if parts.scheme == "https" else "false"}
        if self.credentials is not None:
            told |= {"KEY_ID": self.credentials.access_key, "SECRET": self.credentials.secret_key}
            token = self.credentials.token
            told |= {"SESSION_TOKEN": token} if token else {}
        options = ", ".join(f"{name} {literal(str(value))}" for name, value in told.items())
        return f"CREATE SECRET ({options})"

    def signed(self, url: str, seconds: int) -> str:
        """An address at which one object may be read, and nothing else done, for some seconds.

        Args:
            url: Of the object, `s3://bucket/key`.
            seconds: For how long.
        """
        from botocore.auth import S3SigV4QueryAuth  # type: ignore[import-untyped]
        from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]

        address = f"{self.endpoint}/{quote(url.removeprefix('s3://'), safe='/-_.~')}"
        if self.credentials is None:
            return address
        request = AWSRequest("GET", address)
        S3SigV4QueryAuth(self.credentials, "s3", self.region, seconds).add_auth(request)
        return str(request.url)
