"""Reading passages: marking answers, quoting sentences, telling what a sentence asserts, writing supported prose."""
