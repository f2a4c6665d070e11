"""The events that apps describe: their JSON Schemas, and what people are shown of these."""
