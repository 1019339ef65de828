"""The Temporal client: standard environment configuration, pydantic payloads, encrypted."""

import dataclasses

import temporalio.contrib.pydantic
from temporalio.client import Client
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes
from temporalio.envconfig import ClientConfig

from assembly.codec import AesGcmCodec
from assembly.settings import Settings


def codec_of(settings: Settings) -> AesGcmCodec | None:
    """The configured codec; None where no key is configured (then nothing is encrypted)."""
    active = settings.active_codec_key
    if active is None:
        return None
    keys = {name: key.get_secret_value() for name, key in settings.codec.keys.items()}
    return AesGcmCodec.from_base64(keys, active)


def data_converter(codec: AesGcmCodec | None) -> DataConverter:
    """Pydantic payloads; with a codec everything is encrypted, failures' messages and stacks too."""
    converter = temporalio.contrib.pydantic.pydantic_data_converter
    if codec is None:
        return converter
    return dataclasses.replace(
        converter,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(settings: Settings, *, lazy: bool = False) -> Client:
    """Connects by `TEMPORAL_…` variables or a profile, else by our own settings.

    Raises RuntimeError where the server can't be reached (never for `lazy`, which connects on first use).
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", settings.temporal.address or "127.0.0.1:7233")
    config.setdefault("namespace", settings.temporal.namespace)
    return await Client.connect(**config, data_converter=data_converter(codec_of(settings)), lazy=lazy)
