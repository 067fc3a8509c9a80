"""The run as people see it: pages, a live line, metrics on disk. Plain values in, text and files out; nothing here decides anything."""
