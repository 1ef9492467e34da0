"""A notice for programs: W3C's Data Privacy Vocabulary and DTPR, as JSON-LD.

Belongs here: which term of either vocabulary stands for what is done. Does not belong here: words
for people (`assets.notice.told`).

Terms are of DPV 2 (https://w3id.org/dpv) and its extension for the GDPR, elements of the device
taxonomy of DTPR 1 (https://dtpr.io). DTPR has no vocabulary of its own for RDF, so its chain of
elements is a JSON literal. No dataset is said to be anonymised: `dpv:AnonymisedData` asks for more
than a release policy of suppression can show.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from assets.notice.kept import COUNTS, ONE_PERSON, PERSONAL, Kept
from assets.notice.told import Told

_CONTEXT: Mapping[str, Any] = {
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "title": "dct:title",
    "description": "dct:description",
    "issued": {"@id": "dct:issued", "@type": "xsd:date"},
    "dtpr": {"@id": "urn:dtpr:datachain", "@type": "@json"},
}
_RIGHTS = {"15": "A15", "17": "A17", "18": "A18", "21": "A21", "77": "A77"}
_DATA = {PERSONAL: "dpv:PersonalData", ONE_PERSON: "dpv:PseudonymisedData", COUNTS: "dpv:Data"}


def linked_data(told: Told) -> dict[str, Any]:
    """The whole notice as one JSON-LD document."""
    notice = told.site.file.notice
    controller = {
        "@type": "dpv:DataController",
        "dpv:hasName": notice.controller,
        "dpv:hasContact": notice.contact,
    }
    return {
        "@context": dict(_CONTEXT),
        "@id": notice.url or f"urn:footfall:{told.site.id}:notice",
        "@type": "dpv:PrivacyNotice",
        "title": f"Camera counting at {told.site.file.name}",
        "issued": told.issued.isoformat(),
        "dpv:hasDataController": controller | _officer(notice.data_protection_officer),
        "dpv:hasProcess": {
            "@type": "dpv:Process",
            "description": "People are found in recordings of cameras, followed within the view of "
            "one camera, and counted.",
            "dpv:hasDataSubject": [{"@id": "dpv:Visitor"}, {"@id": "dpv:Employee"}],
            "dpv:hasPurpose": [
                {"@type": "dpv:InternalResourceOptimisation", "description": purpose}
                for purpose in told.purposes
            ],
            "dpv:hasProcessing": [
                {"@id": f"dpv:{one}"}
                for one in ("Observe", "Derive", "Pseudonymise", "Aggregate", "Store", "Erase")
            ],
            "dpv:hasLegalBasis": _words("dpv:LegalBasis", notice.legal_basis),
            "dpv:hasRecipient": _words("dpv:Recipient", notice.recipients),
            "dpv:hasTechnicalOrganisationalMeasure": [
                {"@id": "dpv:Pseudonymisation"},
                {"@id": "dpv:Deidentification"},
            ],
            "dpv:hasRight": [
                {"@id": f"eu-gdpr:{_RIGHTS[article]}", "description": words}
                for article, words in told.rights
            ],
            "dpv:hasProcess": [_of(one) for one in told.shown_kept],
        },
        "dtpr": list(_datachain(told)),
    }


def _of(kept: Kept) -> dict[str, Any]:
    return {
        "@type": "dpv:Process",
        "title": kept.title,
        "dct:identifier": kept.name,
        "dpv:hasData" if kept.of == COUNTS else "dpv:hasPersonalData": {
            "@type": _DATA[kept.of],
            "description": kept.what,
        },
        "dpv:hasStorageCondition": {"@type": "dpv:StorageDuration", "description": kept.how_long},
    }


def _officer(words: str | None) -> dict[str, Any]:
    if words is None:
        return {}
    officer = {"@type": "dpv:DataProtectionOfficer", "description": words}
    return {"dpv:hasDataProtectionOfficer": officer}


def _words(kind: str, words: str | None) -> list[dict[str, str]]:
    return [] if words is None else [{"@type": kind, "description": words}]


def _datachain(told: Told) -> Iterator[dict[str, Any]]:
    """Elements of DTPR's device taxonomy by category, in the order of its chain."""
    notice = told.site.file.notice
    yield _element("accountable", "organization", notice.controller)
    yield _element("purpose", "planning_decision_making", "; ".join(told.purposes))
    for camera in sorted({camera.id for camera in told.cameras}):
        yield _element("tech", "identifiable_video", camera)
    yield _element("process", "computer_vision", "finds people and follows them in one camera")
    yield _element("process", "aggregated", "adds events up to counts")
    yield _element("data", "pixel_based_image", "recordings, which are only read")
    yield _element("data", "spatial", "where on the floor somebody was")
    yield _element("data", "tabular", "counts")
    yield _element("access", "available_to_the_accountable_organization", notice.controller)
    for one in told.shown_kept:
        yield _element("retention", "data_retained", one.title) | {"duration": one.how_long}


def _element(category: str, element: str, words: str) -> dict[str, Any]:
    return {"category": f"device__{category}", "element": element, "description": words}
