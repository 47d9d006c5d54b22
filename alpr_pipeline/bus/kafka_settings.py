"""How to reach Kafka; apart from the client, so that the settings load without it."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class KafkaSettings(BaseModel):
    """How to reach Kafka."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap: str = Field(
        default="localhost:9092", description="host:port of one or more brokers, with commas between."
    )
    replicas: int = Field(default=1, ge=1, le=7, description="Copies of each topic; 3 in a city.")
    security: str = Field(
        default="PLAINTEXT", pattern="^(PLAINTEXT|SSL|SASL_PLAINTEXT|SASL_SSL)$", description="As Kafka names it."
    )
    ca_file: str | None = Field(default=None, description="Certificate authority of the brokers; None: the system's.")
    username: str | None = Field(default=None, description="For SASL (SCRAM-SHA-512).")
    password: SecretStr | None = Field(default=None, description="For SASL; give it by the environment.")
    ack_timeout_s: float = Field(
        default=30.0, ge=1, le=300, description="How long a publish may take until it has failed."
    )
