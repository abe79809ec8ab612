"""Making models: pre-training, fine-tuning, adapters, compression, and how the built-in ones are made."""
