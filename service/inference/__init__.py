"""The path of an article through the model: queues, preparation, batches, answers."""
