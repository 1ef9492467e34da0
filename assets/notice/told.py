"""What a notice says, in words: who, what, why, how long, what not, and how to say no.

Belongs here: words for what the site file and the asset graph have. Does not belong here: where
they stand on a sign or page (the templates), which fields are stated (`assets.notice.stated`).

Shoppers read these sentences. None may promise more than the code does: trajectories and events are
called personal data, and nothing but what is published is said to be meant to be anonymous.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from assets.graph import Step
from assets.marts.contracts import MARTS
from assets.notice.kept import NOBODY, Kept, kept
from assets.notice.released import released
from vision.site.hours import WEEKDAYS, QuietHours
from vision.site.models import Camera, Gate, Site, Zone

_MEASURED: Mapping[str, str] = MappingProxyType(
    {
        "store": "how many people go into a shop and how long they stay",
        "frontage": "how many people pass a shop front and how many of them go in",
        "corridor": "which ways people take",
        "display": "how many people come to a display and slow down for it",
        "queue": "how long queues are, and how long people wait",
        "seating": "how many people sit down, and for how long",
        "staff": "who works here, so as to leave them out of the figures",
    }
)
"""What a zone of a kind is there to find out; in one of kind `exclude` nobody is followed."""


@dataclass(frozen=True)
class Told:
    """What a notice of a site says.

    Attributes:
        site: Whose it is.
        graph: The site's assets.
        issued: The day from which it is in force, on the site's calendar.
        checkpoints: Names of the detector's weights as we fetch them, the first that can be had.
    """

    site: Site
    graph: Sequence[Step]
    issued: dt.date
    checkpoints: Sequence[str]

    @property
    def cameras(self) -> tuple[Camera, ...]:
        """Every version of every camera, by id and date."""
        return tuple(sorted(self.site.cameras, key=_by_id_and_date))

    @property
    def gates(self) -> tuple[Gate, ...]:
        """Every version of every gate, by id and date."""
        return tuple(sorted(self.site.file.gates, key=_by_id_and_date))

    @property
    def zones(self) -> tuple[Zone, ...]:
        """Every version of every zone, by id and date."""
        return tuple(sorted(self.site.file.zones, key=_by_id_and_date))

    @property
    def purposes(self) -> tuple[str, ...]:
        """What is to be found out, by what is drawn in the site file."""
        kinds = {zone.kind for zone in self.zones}
        ends = {gate.leads_from for gate in self.gates}
        told = []
        if self.gates:
            told.append(
                "how many people come in and go out" if "outside" in ends else "how many pass doors"
            )
        told += [words for kind, words in _MEASURED.items() if kind in kinds]
        return tuple(told)

    @property
    def looks(self) -> tuple[str, ...]:
        """What is looked at of people besides where they are; empty where nothing is."""
        privacy = self.site.file.privacy
        told = []
        if privacy.appearance != "off":
            where = (
                "in an encrypted file whose key is in memory only"
                if privacy.appearance == "vault"
                else "in the computer's memory"
            )
            told.append(
                "The colours of people's clothes are compared, to go on following somebody who was "
                f"hidden for a moment. They are held as figures {where}, and destroyed when the "
                "camera's day has been worked through."
            )
        if asked := privacy.age_gender:
            told.append(
                "A program looks for faces and guesses age and gender from them; it is often "
                "wrong. It recognises nobody. Guesses are destroyed when the camera's day has been "
                "worked through; what stays are counts for a day and a place, of at least "
                f"{asked.k} people and rounded down to tens. Faces smaller than "
                f"{asked.smallest_face_px} pixels are not looked at."
            )
        if privacy.opt_out_tag is not None:
            told.append(
                "Around everybody a program looks for the tag by which people ask to be left out. "
                "That one was read is written down nowhere."
            )
        return tuple(told)

    @property
    def looks_in_short(self) -> tuple[str, ...]:
        """Of these what people may mind, in a line each for the sign."""
        privacy = self.site.file.privacy
        told = []
        if privacy.appearance != "off":
            told.append("The colours of clothes are compared, in one camera and for one day.")
        if asked := privacy.age_gender:
            told.append(
                "A program looks for faces and guesses age and gender, often wrongly. Only counts "
                f"of at least {asked.k} people are kept."
            )
        return tuple(told)

    @property
    def not_done(self) -> tuple[str, ...]:
        """What people may fear and what is not done."""
        privacy = self.site.file.privacy
        if privacy.age_gender is None:
            faces = "No face is recognised, and none is looked for."
        else:
            faces = "No face is recognised, compared with others or kept."
        return (
            faces,
            "Nobody is followed from one camera to the next, or from one day to the next.",
            "Nobody is given a name, and nothing is decided about anybody.",
            "No picture is stored by this system: it reads the recordings and writes positions.",
        )

    @property
    def ways_to_say_no(self) -> tuple[str, ...]:
        """How somebody can keep out of it, as far as the site's configuration has it.

        The one place for such sentences: a way that the site does not have switched on is not
        told of.
        """
        notice = self.site.file.notice
        objections = self.site.file.privacy.objections
        withdrawn = "that week" if objections.withdraw == "week" else "that day"
        told = [
            "Object, for reasons of your own situation, and say when and where you were here, to "
            f"half an hour; nobody asks who you are: {notice.contact}. What was seen there then, "
            "of you and of everybody else, is taken out of all that is stored, and nothing is "
            f"published any more of {withdrawn}. Objections wait for each other, until there are "
            f"{objections.batch} or one has waited {objections.longest_wait_days} days, so that "
            "figures do not tell who objected. It does not reach recordings, backups, copies "
            "that were handed on before, or totals in the program's own log."
        ]
        if tag := self.site.file.privacy.opt_out_tag:
            told.append(
                "Wear the tag of this place on chest and back, or carry it where cameras see it "
                f"(black square {tag.side_m * 100:g} cm wide, marker {tag.id} of ArUco's "
                f"{tag.dictionary}): where a camera can read it, your way through its view is "
                f"dropped before any of it is stored. Ask for one: {notice.contact}. Everybody's "
                "is the same. Where it is too small in the picture, turned away or covered, you "
                "are counted as others are, and cameras record you in any case."
            )
        if quiet := self.quiet_hours:
            told.append(
                f"Come in quiet hours: {'; '.join(quiet)}. What cameras record in them is not "
                "looked at."
            )
        excluded = [zone for zone in self.zones if zone.kind == "exclude"]
        if excluded:
            places = ", ".join(f"{zone.id} ({zone.floor})" for zone in excluded)
            told.append(
                f"There are places in which nobody is counted or measured: {places}; the table of "
                "places says where, and since when. They are painted over in the pictures, up to "
                "the height of a person where cameras are calibrated, before anything looks at "
                "them."
            )
        masked = sorted({camera.id for camera in self.cameras if camera.masks})
        if masked:
            told.append(
                f"Parts of the pictures of {', '.join(masked)} are painted over before anything "
                "looks at them; the table of cameras says which, and since when."
            )
        return tuple(told)

    @property
    def ways_in_short(self) -> tuple[str, ...]:
        """Those that need no asking, in a line each for the sign."""
        told = [f"Quiet hours, in which nobody is counted: {one}." for one in self.quiet_hours]
        if self.site.file.privacy.opt_out_tag is not None:
            told.append("Ask for the tag that leaves you out, wherever a camera can read it.")
        return tuple(told)

    @property
    def quiet_hours(self) -> tuple[str, ...]:
        """When nothing is looked at, an entry each."""
        return tuple(map(_in_words, self.site.file.quiet_hours))

    @property
    def handed_on(self) -> tuple[str, ...]:
        """How figures are released, a sentence for each way that the site has."""
        return tuple(released(self.site.file.privacy))

    @property
    def rights(self) -> tuple[tuple[str, str], ...]:
        """Articles of the GDPR, and what they let people ask for."""
        authority = self.site.file.notice.authority
        return (
            ("15", "You may ask what is kept of you and get a copy of it."),
            ("17", "You may have it deleted."),
            ("18", "You may have its use restricted."),
            ("21", "You may object, for reasons of your own situation."),
            (
                "77",
                "You may complain to the authority for data protection"
                + (
                    f": {authority}." if authority else " of the country in which you live or work."
                ),
            ),
        )

    @property
    def missing(self) -> tuple[tuple[str, str], ...]:
        """What the law asks for and the site file does not say: the field, and what it is."""
        asked = {
            "url": "where this page can be read",
            "legal_basis": "on what legal basis it is done (GDPR, article 13(1)(c))",
            "data_protection_officer": "who the data protection officer is, if there is one "
            "(article 13(1)(b))",
            "recipients": "who else receives figures (article 13(1)(e))",
            "authority": "to which authority people may complain (article 13(2)(d))",
        }
        notice = self.site.file.notice
        return tuple(
            (f"notice.{field}", what)
            for field, what in asked.items()
            if getattr(notice, field) is None
        )

    @property
    def counting_from(self) -> str:
        """From when on a time of keeping runs."""
        file = self.site.file
        return (
            f"Times run from {file.marts_minutes} minutes after the end of a day, which ends at "
            f"{file.trading_day_start:%H:%M} ({file.time_zone}). What is worked through later than "
            "that is kept for a day at most once its time is over."
        )

    @property
    def kept(self) -> tuple[Kept, ...]:
        """Everything that is kept, in the order of the flow."""
        return tuple(kept(self.site, self.graph))

    @property
    def shown_kept(self) -> tuple[Kept, ...]:
        """Of what is kept that in which people are, for the page: marts as one."""
        return tuple(one for one in self.kept if one.of != NOBODY)

    @property
    def figures(self) -> tuple[str, ...]:
        """What the figures tell, a sentence each."""
        names = {step.name for step in self.graph}
        return tuple(mart.description for name, mart in MARTS.items() if name in names)

    @property
    def in_short(self) -> tuple[str, ...]:
        """How long what is kept for, in three lines."""
        rule = self.site.file.privacy.retention.rule
        crossings, stays = rule("gate_events_months"), rule("zone_visits_months")
        return (
            f"Where you walked: {rule('trajectories_days')}",
            f"That somebody crossed a line or stayed in a place: {crossings}"
            + ("" if str(crossings) == str(stays) else f" and {stays}"),
            f"Counts of people: {rule('marts_years')}",
        )


def _by_id_and_date(entry: Camera | Gate | Zone) -> tuple[str, dt.date]:
    return entry.id, entry.valid_from or dt.date.min


def spoken(day: dt.date) -> str:
    """A day, as a person says it."""
    return f"{day.day} {day:%B %Y}"


def _in_words(quiet: QuietHours) -> str:
    """One entry of quiet hours, as a person says it."""
    begins, ends = (f"{time:%H:%M}" for time in (quiet.begins, quiet.ends))
    # 1 January 2024 was a Monday.
    named = [f"{dt.date(2024, 1, 1 + WEEKDAYS.index(day)):%A}" for day in quiet.on]
    days = "each day" if len(set(named)) == len(WEEKDAYS) else ", ".join(named)
    since = f", since {spoken(quiet.valid_from)}" if quiet.valid_from else ""
    until = f", until {spoken(quiet.valid_until)}" if quiet.valid_until else ""
    return f"{days} from {begins} to {ends}{since}{until}"
