"""The settings of the voice channel as the SIP stack wants them, and every mistake in them."""

import ipaddress

from channels.listening import split_address
from channels.voice.settings import Trunk, VoiceSettings
from channels.voice.sip.settings import Phone as SipPhone
from channels.voice.sip.settings import SipSettings, setting_faults
from channels.voice.sip.trunks import Trunk as SipTrunk
from channels.voice.sip.uri import parse_sip_uri
from channels.voice.sip.wire.carrier import Listening
from router.model.errors import InvalidInput

LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")


def listens(settings: VoiceSettings) -> tuple[str, str, str]:
    """The addresses for UDP, TCP and TLS, as they are written."""
    return settings.listen.udp, settings.listen.tcp, settings.listen.tls


def host_of(settings: VoiceSettings) -> str:
    """The address SIP listens on."""
    written = next((text for text in listens(settings) if text), "")
    return split_address(written)[0] if written else "127.0.0.1"


def only_loopback(settings: VoiceSettings) -> bool:
    """Whether only this machine calls: then its own addresses are taken for sound."""
    return host_of(settings) in LOOPBACK_HOSTS


def sip_of(settings: VoiceSettings) -> SipSettings:
    """As the SIP stack wants them. MD5 is what most telephones can do, and nothing else."""
    listen = settings.listen
    ports = [split_address(text)[1] if text else None for text in listens(settings)]
    return SipSettings(
        realm=settings.realm,
        listening=Listening(
            host=host_of(settings),
            udp_port=ports[0],
            tcp_port=ports[1],
            tls_port=ports[2],
            public_host=listen.public,
            authority_file=listen.authority,
        ),
        trunks=tuple(_trunk(name, trunk) for name, trunk in settings.trunks.items()),
        phones=tuple(
            SipPhone(name, phone.password.reveal(), phone.networks)
            for name, phone in settings.phones.items()
            if phone.password is not None
        ),
        algorithms=("MD5",) if settings.allow_md5_phones else ("SHA-256",),
        certificate_file=listen.certificate,
        key_file=listen.private_key_file,
    )


def _trunk(name: str, trunk: Trunk) -> SipTrunk:
    return SipTrunk(
        name,
        trunk.proxy,
        networks=trunk.networks,
        domain=trunk.domain,
        register=trunk.register,
        user=trunk.user,
        password=trunk.password.reveal() if trunk.password is not None else "",
        realm=trunk.realm,
        allow_md5=trunk.allow_md5,
        caller_id=trunk.caller_id,
        trust_identity=trunk.trust_identity,
        calls_a_second=trunk.calls_a_second,
        max_calls=trunk.max_calls,
    )


def flows(settings: VoiceSettings) -> list[tuple[str, str]]:
    """The flows that called numbers lead into, as (dotted field, name)."""
    entries = settings.entries.items()
    return [(f'entries."{number}".flow', entry.flow) for number, entry in entries if entry.flow]


def check(settings: VoiceSettings) -> list[tuple[str, str]]:
    """Every further mistake of the settings as (dotted field, message)."""
    found = _check_listening(settings)
    if not found:
        faults = setting_faults(sip_of(settings))
        found += [(_own_field(settings, field), text) for field, text in faults]
    found += _check_phones(settings)
    for number, entry in settings.entries.items():
        if entry.flow and entry.queue:
            found.append((f'entries."{number}".queue', "it leads to a flow and to a queue"))
    for name, trunk in settings.trunks.items():
        for text in trunk.media_networks:
            if not _is_network(text):
                found.append((f"trunks.{name}.media_networks", f"{text!r} is no network"))
    for place, name in enumerate(settings.dialling.trunks):
        if name not in settings.trunks:
            found.append((f"dialling.trunks.{place}", f'there is no trunk "{name}"'))
    if settings.music is not None and not settings.music.is_file():
        found.append(("music", f"there is no file {settings.music}"))
    return found


def _check_listening(settings: VoiceSettings) -> list[tuple[str, str]]:
    found = []
    hosts = set()
    for name, text in zip(("udp", "tcp", "tls"), listens(settings), strict=True):
        if not text:
            continue
        host, _, port = text.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65_535:
            found.append((f"listen.{name}", 'write an address and a port: "127.0.0.1:5060"'))
        else:
            hosts.add(host)
    if not any(listens(settings)):
        found.append(("listen.udp", "name an address for one transport at least"))
    if len(hosts) > 1:
        found.append(("listen", "all transports listen on one address"))
    return found


def _check_phones(settings: VoiceSettings) -> list[tuple[str, str]]:
    found = []
    agents: set[str] = set()
    for name, phone in settings.phones.items():
        if phone.password is None and not phone.contact:
            found.append((f"phones.{name}.password", "it needs a password, or a fixed contact"))
        if phone.contact:
            try:
                parse_sip_uri(phone.contact, "contact")
            except InvalidInput as error:
                found.append((f"phones.{name}.contact", error.message))
        if phone.agent and phone.agent in agents:
            found.append((f"phones.{name}.agent", f'"{phone.agent}" has two telephones'))
        agents.add(phone.agent)
    return found


def _own_field(settings: VoiceSettings, field: str) -> str:
    """The place in the configuration that a mistake of the stack's settings stands at."""
    words = field.split(".")
    if words[0] == "trunks" and len(words) > 2:
        words[1] = list(settings.trunks)[int(words[1])]
    elif words[0] == "phones" and len(words) > 2:
        known = [name for name, phone in settings.phones.items() if phone.password is not None]
        words[1] = known[int(words[1])]
    elif words[0] == "listening":
        words = ["listen"]
    elif words[0] == "certificate_file":
        words = ["listen", "certificate"]
    return ".".join(words)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
