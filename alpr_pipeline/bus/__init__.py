"""The way between the stages: Kafka, or memory for one process."""
