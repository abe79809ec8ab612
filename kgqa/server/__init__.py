"""Knowledge bases as a service: REST, an OpenAI-compatible chat route, and tools for MCP clients (docs/guides/service.md)."""
