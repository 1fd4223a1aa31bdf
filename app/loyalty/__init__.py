"""The loyalty engine: rules and events in, entries out; pure."""
