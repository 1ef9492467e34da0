"""Write the identities of SeaweedFS: a key for each part, with its policy in bucket/.

    python deploy/roles/seaweedfs.py s3://footfall/centre s3://recordings /etc/seaweedfs/s3.json
    weed server -s3 -s3.config=/etc/seaweedfs/s3.json

Belongs here: what SeaweedFS wants to have in that file. Does not belong here: who may do what,
which the policies say that other stores take as they are.

The keys are made here, and are in that file and nowhere else; only its owner may read it.
"""

import json
import os
import re
import secrets
import sys
from pathlib import Path

_POLICIES = Path(__file__).parent / "bucket"
_BUCKET, _PREFIX, _RECORDINGS = "footfall", "centre", "recordings"
"""Of which the policies speak."""
_PLAIN, _WITH_PREFIX = r"s3://[a-z0-9.-]+", r"s3://[a-z0-9.-]+/[\w./-]*\w"


def policies(store: str, recordings: str) -> dict[str, str]:
    """Each part's policy for a store at `bucket/prefix`, as text."""
    bucket, _, prefix = store.partition("/")
    meant = {
        f":::{_BUCKET}/{_PREFIX}/": f":::{bucket}/{prefix}/",
        f':::{_BUCKET}"': f':::{bucket}"',
        f'"{_PREFIX}/': f'"{prefix}/',
        f":::{_RECORDINGS}": f":::{recordings}",
    }
    told = {}
    for path in sorted(_POLICIES.glob("*.json")):
        text = path.read_text()
        for old, new in meant.items():
            text = text.replace(old, new)
        told[path.stem] = text
    return told


def identities(store: str, recordings: str) -> dict[str, object]:
    """What SeaweedFS wants to have in its file, with new keys."""
    told = policies(store, recordings)
    return {
        "identities": [
            {
                "name": f"footfall_{part}",
                "credentials": [
                    {"accessKey": secrets.token_hex(10), "secretKey": secrets.token_urlsafe(30)}
                ],
                "policyNames": [part],
            }
            for part in told
        ],
        "policies": [{"name": part, "content": text} for part, text in told.items()],
    }


def _named(url: str, form: str, shown: str) -> str:
    if re.fullmatch(form, url) is None:
        raise SystemExit(f"{url} is not of the form {shown}")
    return url.removeprefix("s3://")


def main() -> None:
    """Write the file that is named last."""
    if len(sys.argv) != 4:
        raise SystemExit("usage: seaweedfs.py s3://bucket/prefix s3://recordings FILE")
    store = _named(sys.argv[1], _WITH_PREFIX, "s3://bucket/prefix")
    recordings = _named(sys.argv[2], _PLAIN, "s3://bucket: recordings have a bucket of their own")
    file = Path(sys.argv[3])
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as written:
            json.dump(identities(store, recordings), written, indent=1)
    except FileExistsError:
        raise SystemExit(f"{file} is there already: its keys would be lost") from None


if __name__ == "__main__":
    main()
