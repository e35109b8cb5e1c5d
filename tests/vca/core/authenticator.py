"""An authenticator that is a few lines of Python: it makes passkeys and answers for them, rightly or as told.

device = Device()
device.create(asked, origin)     the answer of navigator.credentials.create, as js/passkeys.js sends it
device.get(asked, origin)        that of navigator.credentials.get
"""

import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

PRESENT_AND_VERIFIED = 0x01 | 0x04
ATTESTED = 0x40


class Device:
    """One key; ``count`` grows with every use, as a security key's does."""

    def __init__(self, host: str = "testserver", *, flags: int = PRESENT_AND_VERIFIED) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = hashlib.sha256(str(self.key.private_numbers().private_value).encode()).digest()
        self.host, self.flags, self.count = host, flags, 0

    def create(self, asked: dict[str, Any], origin: str) -> str:
        public = ES256.from_cryptography_key(self.key.public_key())
        credential = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        data = AuthenticatorData.create(self._host_hash, self.flags | ATTESTED, self.count, credential)
        attestation = bytes(AttestationObject.create("none", data, {}))
        client = self._client("webauthn.create", asked, origin)
        return self._said({"clientDataJSON": websafe_encode(client), "attestationObject": websafe_encode(attestation)})

    def get(self, asked: dict[str, Any], origin: str) -> str:
        self.count += 1
        data = bytes(AuthenticatorData.create(self._host_hash, self.flags, self.count))
        client = self._client("webauthn.get", asked, origin)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        return self._said({name: websafe_encode(part) for name, part in parts.items()})

    @property
    def _host_hash(self) -> bytes:
        return hashlib.sha256(self.host.encode()).digest()

    def _client(self, kind: str, asked: dict[str, Any], origin: str) -> bytes:
        challenge = asked["publicKey"]["challenge"]
        return bytes(CollectedClientData.create(kind, challenge, origin))

    def _said(self, response: dict[str, str]) -> str:
        name = websafe_encode(self.id)
        said = {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}
        return json.dumps(said)
