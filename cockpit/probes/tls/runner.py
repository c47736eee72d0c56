"""Looks at a server's certificate, trusted or not.

Two handshakes: one that accepts anything and gives the certificate, and one that verifies the chain without the name.
The name is judged by itself (RFC 9525), so that a wrong name and a wrong chain are told apart.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import time
from datetime import UTC, datetime

from cryptography import x509

from cockpit.errors import ProbeError
from cockpit.probes.reaching import refusal, resolve
from cockpit.probes.runner import Context, Facts
from cockpit.probes.tls.declaration import TlsSettings
from cockpit.probes.trust import looking, trusting
from cockpit.profile.kinds import Settings
from cockpit.text import shortened


class TlsRunner:
    """One `tls` probe."""

    def __init__(self, settings: TlsSettings, context: Context) -> None:
        self._host, self._port = settings.host, int(settings.port)
        self._name = settings.server_name or settings.host
        self._trusting = trusting(
            str(context.base_dir / settings.ca_file) if settings.ca_file else "", checks_name=False
        )
        self._timeout_s = context.timeout_s

    async def read(self) -> Facts:
        """Shake hands twice and describe the certificate."""
        began = time.perf_counter()
        try:
            tls = await self._shake_hands(looking())
        except OSError as error:
            raise ProbeError(f"tls://{self._host}:{self._port}: {refusal(error)}") from error
        latency_ms = (time.perf_counter() - began) * 1e3
        der = tls.getpeercert(binary_form=True)
        if der is None:
            raise ProbeError(f"tls://{self._host}:{self._port} shows no certificate")
        try:
            certificate = x509.load_der_x509_certificate(der)
            names = _names(certificate)
            issuer, subject = certificate.issuer.rfc4514_string(), certificate.subject.rfc4514_string()
        except ValueError as error:
            raise ProbeError(f"tls://{self._host}:{self._port} shows a certificate that cannot be read") from error
        distrust = await self._distrust()
        is_named = any(_fits(self._name, name) for name in names)
        reason = distrust or ("" if is_named else f"it is for {', '.join(names[:5]) or 'no name'}")
        left = certificate.not_valid_after_utc - datetime.now(UTC)
        return {
            "days_left": left.total_seconds() / 86400,
            "trusted": not distrust,
            "hostname_ok": is_named,
            "reason": shortened(reason, 200),
            "issuer": shortened(issuer, 200),
            "subject": shortened(subject, 200),
            "not_after": certificate.not_valid_after_utc.isoformat(),
            "protocol": tls.version() or "",
            "latency_ms": latency_ms,
        }

    async def _distrust(self) -> str:
        """Why the chain does not verify; empty if it does."""
        try:
            await self._shake_hands(self._trusting)
        except ssl.SSLCertVerificationError as error:
            return error.verify_message or "it does not verify"
        except OSError as error:
            raise ProbeError(
                f"tls://{self._host}:{self._port}: the second handshake failed: {refusal(error)}"
            ) from error
        return ""

    async def _shake_hands(self, context: ssl.SSLContext) -> ssl.SSLObject:
        writer = await self._connected(context)
        tls = writer.get_extra_info("ssl_object")
        assert isinstance(tls, ssl.SSLObject)
        writer.transport.abort()  # nothing was said, so nothing is lost by not saying goodbye
        return tls

    async def _connected(self, context: ssl.SSLContext) -> asyncio.StreamWriter:
        addresses, _ = await resolve(self._host, self._port)
        failure: OSError = OSError("the name has no address")
        for address in addresses:
            try:
                # Half of the time for each of the two handshakes, and time for every address.
                async with asyncio.timeout(self._timeout_s * 0.45 / len(addresses)):
                    _, writer = await asyncio.open_connection(
                        address, self._port, ssl=context, server_hostname=self._name, ssl_shutdown_timeout=1.0
                    )
                    return writer
            except ssl.SSLError:
                raise
            except TimeoutError:
                failure = TimeoutError(f"no answer from {address}")
            except OSError as error:
                failure = error
        raise failure

    async def close(self) -> None:
        """Nothing is held."""


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [
        *names.get_values_for_type(x509.DNSName),
        *(str(address) for address in names.get_values_for_type(x509.IPAddress)),
    ]


def _fits(wanted: str, name: str) -> bool:
    """RFC 9525 §6.3: whole names, or `*` as the whole left-most label; addresses are compared as addresses."""
    try:
        return ipaddress.ip_address(wanted) == ipaddress.ip_address(name)
    except ValueError:
        wanted, name = wanted.rstrip(".").lower(), name.rstrip(".").lower()
    if not name.startswith("*."):
        return wanted == name
    label, _, rest = wanted.partition(".")
    return bool(label) and rest == name[2:] and "." in rest


async def open_runner(settings: Settings, context: Context) -> TlsRunner:
    """Open a `tls` probe."""
    assert isinstance(settings, TlsSettings)
    return TlsRunner(settings, context)
